-- name: insert
insert into clients (contest, agent, app, device, browser, system)
select * from unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[])
on conflict do nothing;

-- name: select_all
select contest, agent, app, device, browser, system from clients where contest = $1;

-- name: of_group
-- The facts of a ballot hold the hash of its User-Agent as their ninth value.
select coalesce(c.app, ''), coalesce(c.device, ''), coalesce(c.browser, ''), coalesce(c.system, ''), count(*)
from ballots b
join batches on batches.contest = b.contest and batches.id = b.batch
left join clients c on c.contest = b.contest and c.agent = (facts -> b.place ->> 8)::bigint
where b.contest = $1 and b.group_id = $2
group by 1, 2, 3, 4
order by 5 desc, 1, 2, 3, 4;
