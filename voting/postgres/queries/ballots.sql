-- name: open_batch
-- The contest's row under a share lock, which keeps a close waiting until these ballots are committed; and the rows of
-- their voters, made or locked in order, so that one voter's ballots come one after another. The clock is read when all
-- locks are held: nothing that another transaction committed for these voters is later than it.
with contest as materialized (
    select paused, revision, clock_timestamp() as since
    from contests
    where id = $1
    for share
), locked as (
    insert into voters (contest, voter, channel, first_seen)
    select $1, voter, channel, since
    from contest, unnest($2::bytea[], $3::text[]) as casting (voter, channel)
    order by voter
    on conflict (contest, voter) do update set channel = excluded.channel
    -- Where it is false the row is locked all the same, and no new version of it is written.
    where voters.channel is null and excluded.channel is not null
    returning 1
)
select paused, revision, clock_timestamp() as now
from contest, (select count(*) from locked) as held;

-- name: standings
-- Three kinds of rows: ballots cast before under these keys; slots that the voters have used of each quota since its
-- moment in $5; challenges of $6 that were spent. To be read under the voters' locks, in a snapshot of its own.
-- `offset 0` keeps each search within its loop: joined freely, a plan that was made for empty tables reads them whole.
select asked.voter, asked.key, b.body_digest, b.answer,
    null::smallint as quota, null::text as scope, null::bigint as count, b.recorded_at as oldest,
    null::bytea as challenge
from unnest($2::bytea[], $3::text[]) as asked (voter, key)
cross join lateral (
    select body_digest, answer, recorded_at from ballots
    where contest = $1 and voter = asked.voter and idempotency_key = asked.key offset 0
) as b
union all
select asked.voter, null, null, null, s.quota, s.scope, s.count, s.oldest, null
from unnest($4::bytea[]) as asked (voter)
cross join lateral (
    select quota, scope, count(*) as count, min(period) as oldest from quota_slots
    where contest = $1 and voter = asked.voter
        -- $5: by quota, the first moment whose slots count
        and period >= ($5::timestamptz[])[quota + 1]
    group by quota, scope offset 0
) as s
union all
select null, null, null, null, null, null, null, null, c.challenge
from unnest($6::bytea[]) as asked (challenge)
cross join lateral (
    select challenge from spent_challenges where contest = $1 and challenge = asked.challenge offset 0
) as c;

-- name: used_slots
-- Of each quota in $3 the slots since its moment in $4.
select s.quota, s.scope, count(*) as count, min(s.period) as oldest
from quota_slots s
join unnest($3::smallint[], $4::timestamptz[]) as asked (quota, since) on s.quota = asked.quota and s.period >= asked.since
where s.contest = $1 and s.voter = $2
group by s.quota, s.scope;

-- name: insert
-- Ballots with their facts, quota slots, spent challenges and the tally, and a decision for each that is not counted, in
-- one statement. The rows come in the order of
-- their keys: every transaction takes its locks in the same order.
with cast_now as materialized (
    select voter, key, id, body_digest, picks::text[] as picks, state, reasons::text[] as reasons, salt, answer,
        facts
    from unnest($3::bytea[], $4::text[], $5::uuid[], $6::bytea[], $7::text[], $8::text[], $9::text[], $10::bytea[],
        $11::text[], $12::text[]) as given (voter, key, id, body_digest, picks, state, reasons, salt, answer, facts)
), stored as (
    insert into ballots (contest, voter, idempotency_key, id, body_digest, picks, state, reasons, recorded_at, salt, answer)
    select $1, voter, key, id, body_digest, picks, state, reasons, $2, salt, answer from cast_now
), observed as (
    insert into ballot_facts (contest, voter, ballot, facts)
    select $1, voter, id, facts::jsonb from cast_now
), decided as (
    insert into decisions (contest, ballot, decided_at, stage, state, reasons, actor)
    select $1, id, $2, 'online', state, reasons, 'policy' from cast_now where state <> 'count'
), taken as (
    -- $18: by quota, the name of a slot that is taken now
    insert into quota_slots (contest, voter, quota, scope, period, slot, ballot)
    select $1, voter, quota, scope, ($18::timestamptz[])[quota + 1], slot, ballot
    from unnest($13::bytea[], $14::smallint[], $15::text[], $16::smallint[], $17::uuid[])
        as slots (voter, quota, scope, slot, ballot)
), spent as (
    insert into spent_challenges (contest, challenge, expires_at)
    select $1, challenge, expires_at from unnest($19::bytea[], $20::timestamptz[]) as solved (challenge, expires_at)
)
insert into tallies (contest, entry, shard, raw, held, counted, version)
select $1, entry, $21, raw, held, counted, 1
from unnest($22::text[], $23::bigint[], $24::bigint[], $25::bigint[]) as added (entry, raw, held, counted)
on conflict (contest, entry, shard) do update set
    raw = tallies.raw + excluded.raw,
    held = tallies.held + excluded.held,
    counted = tallies.counted + excluded.counted,
    version = tallies.version + 1;

-- name: of_voter
select id, recorded_at, state
from ballots
where contest = $1 and voter = $2
order by recorded_at desc
limit 200;

-- name: recorded
-- Ballots of [$2, $3) with what was observed of them, in the order in which they were recorded.
select b.sequence, b.id, b.voter, b.recorded_at, b.picks, f.facts
from ballots b
left join ballot_facts f on f.contest = b.contest and f.voter = b.voter and f.ballot = b.id
where b.contest = $1 and ($2::timestamptz is null or b.recorded_at >= $2)
    and ($3::timestamptz is null or b.recorded_at < $3)
order by b.recorded_at, b.sequence;

-- name: receipts
-- Every ballot with what its voter was answered, those of one batch together.
select id, recorded_at, picks, salt, answer
from ballots
where contest = $1
order by recorded_at, sequence;
