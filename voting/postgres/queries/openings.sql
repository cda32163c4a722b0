-- name: leaves
-- One pass over the decisions: no index has their leaves.
select l.number, l.salt, coalesce(json_agg(json_build_array(
    d.ballot, d.state, d.reasons, d.stage, coalesce(d.policy_sha256, ''), coalesce(d.group_id, ''), coalesce(d.ruling, 0),
    encode(d.salt, 'hex')
)) filter (where d.ballot is not null), '[]')::text as lines
from decision_leaves l left join decisions d on d.contest = l.contest and d.leaf = l.number
where l.contest = $1 group by l.contest, l.number order by l.number;

-- name: policies
select details -> 'policy' ->> 'sha256' as sha256 from audit_log
where action = 'service.begin' group by 1 order by max(at) desc;

-- name: ballots
-- As they were cast: what was held then has a decision of that moment.
select l.first + b.place as leaf, b.id, b.recorded_at, b.picks, b.salt, coalesce(d.state, 'count') as state,
    coalesce(d.reasons, '{}') as reasons, substr(batches.parts, b.place * 64 + 1, 64) as parts, b.apart
from log_batches l
join batches on batches.contest = l.contest and batches.id = l.batch
join ballots b on b.contest = l.contest and b.batch = l.batch
left join decisions d on d.contest = b.contest and d.ballot = b.id and d.stage = 'online'
where l.contest = $1
order by l.first, b.place;

-- name: unlogged
-- Ballots from before the log, with the state that they had when it began: later decisions have leaves.
select b.id, b.picks, coalesce(d.state, 'count') as state, b.apart
from batches
join ballots b on b.contest = batches.contest and b.batch = batches.id
left join lateral (
    select state from decisions
    where contest = b.contest and ballot = b.id and leaf is null
    order by id desc limit 1
) as d on true
where batches.contest = $1 and batches.parts is null
order by batches.id, b.place;
