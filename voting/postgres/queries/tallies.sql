-- name: select
-- Every entry's tally, or those of $2, in one snapshot.
select entry, sum(raw)::bigint as raw, sum(held)::bigint as held, sum(counted)::bigint as counted,
    sum(version)::bigint as version, sum(issued)::bigint as issued, sum(rated)::bigint as rated,
    sum(wechat)::bigint as wechat, sum(verified)::bigint as verified, sum(web)::bigint as web
from tallies
where contest = $1 and ($2::text[] is null or entry = any ($2))
group by entry;

-- name: picks
-- The contest's picks by its tally, or all contests' ballots by the table's statistics, whichever are more.
select greatest(
    (select sum(raw) from tallies where contest = $1), (select reltuples from pg_class where oid = 'ballots'::regclass), 0
)::bigint;

-- name: recount
-- The tally that the ballots themselves give, of those recorded in [$2, $3) (null: without that bound).
select picked.entry, count(*) filter (where not apart) as raw, count(*) filter (where state = 'hold' and not apart) as held,
    count(*) filter (where state = 'count' and not apart) as counted,
    count(*) filter (where state = 'count' and tier = 5) as issued, count(*) filter (where state = 'count' and tier = 4) as rated,
    count(*) filter (where state = 'count' and tier = 3) as wechat, count(*) filter (where state = 'count' and tier = 2) as verified,
    count(*) filter (where state = 'count' and tier = 1) as web
from ballots, unnest(picks) as picked (entry)
where contest = $1 and ($2::timestamptz is null or recorded_at >= $2) and ($3::timestamptz is null or recorded_at < $3)
group by picked.entry;

-- name: shown
select tallies from shown_tallies where contest = $1 and as_of = $2;

-- name: as_of
-- The tally without the ballots recorded since $2: one statement, so one snapshot of both.
with since as (
    select picked.entry, count(*) as raw, count(*) filter (where state = 'hold') as held,
        count(*) filter (where state = 'count') as counted
    from ballots, unnest(picks) as picked (entry)
    where contest = $1 and recorded_at >= $2 and not apart
    group by picked.entry
), standing as (
    select entry, sum(raw)::bigint as raw, sum(held)::bigint as held, sum(counted)::bigint as counted
    from tallies
    where contest = $1
    group by entry
)
select entry, standing.raw - coalesce(since.raw, 0) as raw, standing.held - coalesce(since.held, 0) as held,
    standing.counted - coalesce(since.counted, 0) as counted
from standing left join since using (entry)
where standing.raw > coalesce(since.raw, 0);

-- name: save_snapshot
insert into shown_tallies (contest, as_of, tallies)
values ($1, $2, $3)
on conflict do nothing;

-- name: forget_snapshots
delete from shown_tallies where contest = $1 and as_of < $2;

-- name: replace
-- One shard for each entry, its version higher than the sum of all that it had.
with given as (
    select * from unnest($2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
        $9::bigint[], $10::bigint[]) as given (entry, raw, held, counted, issued, rated, wechat, verified, web)
), gone as (
    delete from tallies where contest = $1 and shard <> 0 and entry = any ($2::text[]) returning entry, version
)
insert into tallies (contest, entry, shard, raw, held, counted, issued, rated, wechat, verified, web, version)
select $1, entry, 0, raw, held, counted, issued, rated, wechat, verified, web,
    1 + coalesce((select sum(version) from gone where gone.entry = given.entry), 0)
from given
on conflict (contest, entry, shard) do update set raw = excluded.raw, held = excluded.held, counted = excluded.counted,
    issued = excluded.issued, rated = excluded.rated, wechat = excluded.wechat, verified = excluded.verified,
    web = excluded.web, version = tallies.version + excluded.version;
