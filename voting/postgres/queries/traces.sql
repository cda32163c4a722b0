-- name: by_hash
-- Whole tables are compared: in 64 MB in half the time of 4 MB, and never row by row, as a plan might that was made while
-- they seemed small.
set local work_mem = '64MB'; set local enable_nestloop = off;

-- name: contradictions
-- Ballots that the rows written with them, or about them, contradict: for each kind how many, and the first few. Quotas
-- of ballots ($2) take one slot of a ballot each, quotas of picks ($3) one of each pick.
with cast_ballots as materialized (
    select id, voter, state, reasons, group_id, cardinality(picks) as picks from ballots where contest = $1
), slots as materialized (
    select ballot, voter, count(*) as taken from quota_slots where contest = $1 group by ballot, voter
), last_decisions as materialized (
    select distinct on (ballot) ballot, state, reasons, group_id
    from decisions
    where contest = $1
    -- The decision at casting is the first, whatever its number.
    order by ballot, stage = 'online', id desc
), named as (
    select ballot, voter from slots
    union all
    select ballot, voter from ballot_facts where contest = $1
    union all
    select ballot, null from last_decisions
), contradicted as (
    select case when b.id is null then 'missing' else 'voter' end as kind, n.ballot
    from named n
    left join cast_ballots b on b.id = n.ballot
    where b.id is null or b.voter <> n.voter
    union
    select 'voter', b.id
    from cast_ballots b
    where not exists (select from voters v where v.contest = $1 and v.voter = b.voter)
    union
    select 'slots', b.id
    from cast_ballots b
    left join slots s on s.ballot = b.id
    where coalesce(s.taken, 0) <> $2 + $3 * b.picks
    union
    select 'state', b.id
    from cast_ballots b
    left join last_decisions d on d.ballot = b.id
    -- A ballot without a decision is counted as it was cast.
    where (b.state, b.reasons, b.group_id)
        is distinct from (coalesce(d.state, 'count'), coalesce(d.reasons, '{}'), d.group_id)
)
select kind, count(*) as ballots, (array_agg(ballot order by ballot))[:10] as sample
from contradicted
group by kind
order by kind;
