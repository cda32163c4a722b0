-- name: put
-- Cells as the latest estimate has them: open if people must decide. What people decided stays.
insert into suspect_cells (contest, id, kind, entry, value, state, share, material_since)
select $1, id, kind, entry, value, case when is_named then 'open' else 'suspected' end, share, material_since
from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::boolean[], $7::float8[], $8::timestamptz[])
    as given (id, kind, entry, value, is_named, share, material_since)
order by id
on conflict (contest, id) do update set
    state = excluded.state, share = excluded.share, material_since = excluded.material_since,
    version = suspect_cells.version + 1, changed_at = clock_timestamp()
where suspect_cells.state in ('suspected', 'open')
    and (suspect_cells.state, suspect_cells.share, suspect_cells.material_since)
    is distinct from (excluded.state, excluded.share, excluded.material_since);

-- name: select_all
select kind, entry, value, state, share, proposal, hours, rate, decided_by, reason, version,
    material_since, found_at, changed_at
from suspect_cells
where contest = $1
order by id;

-- name: store
update suspect_cells set state = $3, share = $4, proposal = $5, hours = $6, rate = $7, decided_by = $8, reason = $9,
    version = version + 1, changed_at = clock_timestamp()
where contest = $1 and id = $2;
