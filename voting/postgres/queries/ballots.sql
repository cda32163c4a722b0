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
-- Of each quota in $3 the slots since its moment in $4.
select s.quota, s.scope, count(*) as count, min(s.period) as oldest
from quota_slots s
join unnest($3::smallint[], $4::timestamptz[]) as asked (quota, since) on s.quota = asked.quota and s.period >= asked.since
where s.contest = $1 and s.voter = $2
group by s.quota, s.scope;

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
