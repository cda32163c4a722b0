-- name: window
-- The contest's window and the database's clock. The share lock keeps a close waiting until this ballot is committed.
select opens_at, closes_at, paused, revision, clock_timestamp() as now
from contests
where id = $1
for share;

-- name: lock_voter
-- Puts one voter's ballots in order.
insert into voters (contest, voter, channel, first_seen)
values ($1, $2, $3, $4)
on conflict (contest, voter) do update set channel = coalesce(voters.channel, excluded.channel);

-- name: by_key
select body_digest, answer
from ballots
where contest = $1 and voter = $2 and idempotency_key = $3;

-- name: used_slots
select quota, scope, period, count(*) as used
from quota_slots
where contest = $1 and voter = $2 and period = any ($3::timestamptz[])
group by quota, scope, period;

-- name: insert
-- The ballot, its quota slots, its facts and the tally, in one statement.
with slots as (
    insert into quota_slots (contest, voter, quota, scope, period, slot, ballot)
    select $1, $2, quota, scope, period, slot, $4
    from unnest($11::smallint[], $12::text[], $13::timestamptz[], $14::smallint[]) as taken (quota, scope, period, slot)
), tally as (
    insert into tallies (contest, entry, shard, raw, held, counted, version)
    select $1, entry, $15, count(*),
        count(*) filter (where $7 = 'hold'), count(*) filter (where $7 = 'count'), 1
    from unnest($6::text[]) as picked (entry)
    group by entry
    order by entry
    on conflict (contest, entry, shard) do update set
        raw = tallies.raw + excluded.raw,
        held = tallies.held + excluded.held,
        counted = tallies.counted + excluded.counted,
        version = tallies.version + 1
), facts as (
    insert into ballot_facts (contest, voter, ballot, facts) values ($1, $2, $4, $16)
)
insert into ballots
    (contest, voter, idempotency_key, id, body_digest, picks, state, recorded_at, salt, answer)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: of_voter
select id, recorded_at, state
from ballots
where contest = $1 and voter = $2
order by recorded_at desc
limit 200;
