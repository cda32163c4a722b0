-- name: by_hash
-- Whole tables are compared: in 64 MB in half the time of 4 MB, and never row by row, as a plan might that was made while
-- they seemed small.
set local work_mem = '64MB'; set local enable_nestloop = off;

-- name: contradictions
-- Ballots that other rows contradict: for each kind how many, and the first few.
with last_decisions as materialized (
    select distinct on (ballot) ballot, state, reasons, group_id
    from decisions
    where contest = $1
    -- The decision at casting is the first, whatever its number.
    order by ballot, stage = 'online', id desc
), numbered as materialized (
    select id, voter, state, reasons, group_id, batch, place as in_batch, ordinal,
        row_number() over (partition by voter order by ordinal) as place
    from ballots
    where contest = $1
), contradicted as (
    select 'missing' as kind, d.ballot
    from last_decisions d
    where not exists (select from numbered where id = d.ballot)
    union all
    select 'ordinal', id from numbered where ordinal <> place
    union all
    select 'voter', b.id
    from numbered b
    left join batches on batches.contest = $1 and batches.id = b.batch
    where batches.voters[b.in_batch + 1] is distinct from b.voter
    union all
    select 'state', b.id
    from numbered b
    left join last_decisions d on d.ballot = b.id
    -- A ballot without a decision is counted as it was cast.
    where (b.state, b.reasons, b.group_id)
        is distinct from (coalesce(d.state, 'count'), coalesce(d.reasons, '{}'), d.group_id)
)
select kind, count(*) as ballots, (array_agg(ballot order by ballot))[:10] as sample
from contradicted
group by kind
order by kind;
