-- name: put
-- Groups as a sweep found them. Those that a reviewer has decided about, or is about to, stay as they were seen.
insert into groups (
    contest, id, stage, reasons, evidence, ballots, entries, policy_version, policy_sha256)
select $1, id, $7, reasons::text[], evidence::jsonb, ballots, entries::jsonb, $8, $9
from unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[]) as given (id, reasons, evidence, ballots, entries)
order by id
on conflict (contest, id) do update set
    stage = excluded.stage, state = 'open', reasons = excluded.reasons, evidence = excluded.evidence,
    policy_version = excluded.policy_version, policy_sha256 = excluded.policy_sha256,
    -- Figures move with every round; a reviewer's page is out of date when what it is about has changed.
    version = groups.version
        + ((groups.state, groups.reasons) is distinct from ('open', excluded.reasons))::int
where groups.state in ('open', 'gone') and groups.proposal is null
    and (groups.state, groups.stage, groups.reasons, groups.evidence, groups.policy_sha256)
        is distinct from ('open', excluded.stage, excluded.reasons, excluded.evidence, excluded.policy_sha256);

-- name: count_members
-- What is in each open group now; one in which nothing is left, and that was not found ($2), is gone.
with held as (
    select b.group_id as id, count(distinct b.id) as ballots
    from ballots b
    where b.contest = $1 and b.group_id is not null
    group by b.group_id
), picked as (
    select id, jsonb_object_agg(entry, picks) as entries
    from (
        select b.group_id as id, entry, count(*) as picks
        from ballots b, unnest(b.picks) as picked (entry)
        where b.contest = $1 and b.group_id is not null and not b.apart
        group by b.group_id, entry
    ) as each_entry
    group by id
), now_in as (
    select g.id, coalesce(held.ballots, 0) as ballots, coalesce(picked.entries, '{}') as entries
    from groups g
    left join held on held.id = g.id
    left join picked on picked.id = g.id
    where g.contest = $1 and g.state = 'open' and g.proposal is null
)
update groups g set ballots = n.ballots, entries = case when n.ballots = 0 then g.entries else n.entries end,
    state = case when n.ballots = 0 and g.id <> all ($2::text[]) then 'gone' else 'open' end,
    version = g.version + 1, changed_at = clock_timestamp()
from now_in n
where g.contest = $1 and g.id = n.id
    and ((g.ballots, g.entries) is distinct from (n.ballots, case when n.ballots = 0 then g.entries else n.entries end)
        or (n.ballots = 0 and g.id <> all ($2::text[])));

-- name: select_all
select id, stage, state, reasons, evidence, ballots, entries, policy_version, policy_sha256, version, proposal,
    decided_by, found_at, changed_at
from groups
where contest = $1 and state <> 'gone'
order by id;

-- name: select
select id, stage, state, reasons, evidence, ballots, entries, policy_version, policy_sha256, version, proposal,
    decided_by, found_at, changed_at
from groups
where contest = $1 and id = $2;

-- name: ids
select id, state <> 'gone' and (state <> 'open' or proposal is not null) as frozen from groups where contest = $1;

-- name: propose
update groups set proposal = $3, version = version + 1, changed_at = clock_timestamp() where contest = $1 and id = $2;

-- name: decide
update groups set state = $3, decided_by = $4, proposal = null, version = version + 1, changed_at = clock_timestamp()
where contest = $1 and id = $2;

-- name: void_open
-- At certification what is still open is void.
update groups set state = 'void', decided_by = $2, version = version + 1, changed_at = clock_timestamp()
where contest = $1 and state = 'open' and ballots > 0;

-- name: reopen
-- What certification alone had decided is open again.
update groups set state = 'open', decided_by = null, version = version + 1, changed_at = clock_timestamp()
where contest = $1 and state = 'void' and decided_by = $2;

-- name: rule
insert into rulings (contest, group_id, step, action, actor, reason, ballots)
values ($1, $2, $3, $4, $5, $6, $7)
returning id;

-- name: rulings
select id, at, step, action, actor, reason, ballots from rulings where contest = $1 and group_id = $2 order by id;

-- name: tiers
-- The group's ballots by the tier of their credentials; null: recorded before tiers were.
select tier, count(*) as ballots from ballots where contest = $1 and group_id = $2 group by tier;

-- name: recount
-- What is in the group now.
update groups set
    ballots = (select count(*) from ballots where contest = $1 and group_id = $2),
    entries = (
        select coalesce(jsonb_object_agg(entry, picks), '{}') from (
            select entry, count(*) as picks from ballots, unnest(picks) as picked (entry)
            where contest = $1 and group_id = $2 and not apart
            group by entry
        ) as each
    )
where contest = $1 and id = $2;

-- name: established
-- Of each group's voters, of those in the group $2 or in any: how many they are, and how many have counted ballots beside it.
select id, count(*) as voters, count(*) filter (
    where exists (
        select from ballots b
        where b.contest = $1 and b.voter = members.voter and b.state = 'count' and b.group_id is distinct from members.id
    )
) as established
from (
    select distinct group_id as id, voter from ballots
    where contest = $1 and group_id is not null and ($2::text is null or group_id = $2)
) as members
group by id;

-- name: course
-- Ballots for the entry $3 in $4 equal parts of the time around the group's: in the group, and others.
with span as (
    select extract(epoch from min(recorded_at))::float8 as first, extract(epoch from max(recorded_at))::float8 + 1 as last
    from ballots
    where contest = $1 and group_id = $2
), around as (
    select first - (last - first) as since, last + (last - first) as until from span
)
select to_timestamp(since) as since, to_timestamp(until) as until,
    width_bucket(extract(epoch from b.recorded_at)::float8, since, until, $4) as part,
    count(*) filter (where b.group_id = $2) as grouped,
    count(*) filter (where b.group_id is distinct from $2) as others
from around
join ballots b on b.contest = $1 and b.recorded_at >= to_timestamp(since) and b.recorded_at < to_timestamp(until)
    and b.picks @> array[$3]
group by 1, 2, 3
order by 3;

-- name: readings
-- Ballots for the entry $3 in the group's time by how long the page was read, between the bounds $4 (milliseconds). The
-- facts of a ballot hold that as their fourth value.
with span as (
    select min(recorded_at) as first, max(recorded_at) as last from ballots where contest = $1 and group_id = $2
)
select width_bucket((facts -> b.place ->> 3)::float8, $4::float8[]) as part,
    count(*) filter (where b.group_id = $2) as grouped,
    count(*) filter (where b.group_id is distinct from $2) as others
from span
join ballots b on b.contest = $1 and b.recorded_at between first and last and b.picks @> array[$3]
join batches on batches.contest = b.contest and batches.id = b.batch
where facts -> b.place ->> 3 is not null
group by 1
order by 1;

-- name: links
-- The entries that $3 of the group's voters picked, on any ballot; voters are numbered, in no order of theirs.
with members as (
    select voter, row_number() over (order by voter) as number
    from (select distinct voter from ballots where contest = $1 and group_id = $2) as every
    order by voter
    limit $3
)
select distinct number::int, picked.entry
from members
join ballots on ballots.contest = $1 and ballots.voter = members.voter
cross join unnest(ballots.picks) as picked (entry)
order by 1, 2;
