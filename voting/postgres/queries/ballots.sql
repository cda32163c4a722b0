-- name: context
-- What bears on a batch that is to be recorded, in one snapshot: the contest, whether its log is frozen, the clock (read
-- after the snapshot was taken: nothing that it misses was committed before), the voters' ballots, and the challenges of
-- $5 that were spent.
-- Of each voter the ballots since $4, those under one of the keys $3, and the latest, whose ordinal the next one follows.
-- `offset 0` keeps each search within its loop: joined freely, a plan that was made for empty tables reads them whole.
select null::bytea as voter, null::int as ordinal, null::text as key, null::uuid as id, null::text[] as picks,
    clock_timestamp() as recorded_at, null::bytea as salt, null::bigint as batch, null::smallint as place,
    paused, revision, null::bytea as challenge,
    exists (select from logs where contest = $1 and frozen is not null) as frozen
from contests
where id = $1
union all
select asked.voter, b.ordinal, b.idempotency_key, b.id, b.picks, b.recorded_at, b.salt, b.batch, b.place, null, null, null, null
from unnest($2::bytea[]) as asked (voter)
cross join lateral (
    select * from ballots
    where contest = $1 and voter = asked.voter
        and (
            recorded_at >= $4 or idempotency_key = any ($3)
            or ordinal = (
                select ordinal from ballots where contest = $1 and voter = asked.voter order by ordinal desc limit 1
            )
        )
    order by ordinal offset 0
) as b
union all
select null, null, null, null, null, null, null, null, null, null, null, c.challenge, null
from unnest($5::bytea[]) as asked (challenge)
cross join lateral (
    select challenge from spent_challenges where contest = $1 and challenge = asked.challenge offset 0
) as c;

-- name: batches
-- What the answers to earlier ballots are made of.
select id, recorded_at, remaining, leaves, signature, parts from batches where contest = $1 and id = any ($2);

-- name: flush
-- Makes this transaction's end wait, as a write's does, until all that was committed before it is as durable as that: an
-- earlier attempt may have given up waiting for a standby.
select pg_logical_emit_message(true, 'voting', 'replay');

-- name: insert
-- A batch: its ballots, a decision for each that is not counted, what they share, the challenges they spend, the voters who
-- are asked to confirm, what they add to the tally, and their leaves, which wait for the log. Nothing is written, and no id
-- answered, if the contest is at another revision than $2 or the window ended at $5. The gate $3 is locked till the end, so
-- that who changes the contest waits for this batch. Rows come in the order of their keys: every transaction takes its locks
-- in the same order.
with gate as materialized (
    select 1 from gates
    where contest = $1 and number = $3 and revision = $2 and clock_timestamp() < $5
    for no key update
), batch as (
    insert into batches (contest, recorded_at, voters, facts, remaining, leaves, signature, parts, person_salts)
    select $1, $4, $10, $6, $7, $8, $9, $37, $38 from gate
    returning id
), queued as (
    insert into log_queue (contest, batch, entries) select $1, id, $39 from batch
), stored as (
    insert into ballots (contest, voter, ordinal, idempotency_key, id, picks, state, reasons, recorded_at, salt, batch,
        place, tier, apart)
    select $1, voter, ordinal, key, given.id, picks::text[], state, reasons::text[], $4, salt, batch.id, place - 1, tier,
        apart
    from batch, unnest($10::bytea[], $11::int[], $12::text[], $13::uuid[], $14::text[], $15::text[], $16::text[],
        $17::bytea[], $18::smallint[], $19::boolean[])
        with ordinality as given (voter, ordinal, key, id, picks, state, reasons, salt, tier, apart, place)
), decided as (
    insert into decisions (contest, ballot, decided_at, stage, state, reasons, actor)
    select $1, id, $4, 'online', state, reasons::text[], 'policy'
    from gate, unnest($13::uuid[], $15::text[], $16::text[]) as given (id, state, reasons)
    where state <> 'count'
), spent as (
    insert into spent_challenges (contest, challenge, expires_at)
    select $1, challenge, expires_at from gate, unnest($20::bytea[], $21::timestamptz[]) as solved (challenge, expires_at)
), asked as (
    insert into confirmations (contest, voter, ballot, asked_at, channel, share, network, code)
    select $1, voter, ballot, $4, channel, share, network, code
    from gate, unnest($22::bytea[], $23::uuid[], $24::text[], $25::float8[], $26::text[], $27::text[])
        as chosen (voter, ballot, channel, share, network, code)
    -- Who was asked before is not asked again.
    on conflict do nothing
), tallied as (
    insert into tallies (contest, entry, shard, raw, held, counted, issued, rated, wechat, verified, web, version)
    select $1, entry, $3, raw, held, counted, issued, rated, wechat, verified, web, 1
    from gate, unnest($28::text[], $29::bigint[], $30::bigint[], $31::bigint[], $32::bigint[], $33::bigint[],
        $34::bigint[], $35::bigint[], $36::bigint[])
        as added (entry, raw, held, counted, issued, rated, wechat, verified, web)
    on conflict (contest, entry, shard) do update set
        raw = tallies.raw + excluded.raw,
        held = tallies.held + excluded.held,
        counted = tallies.counted + excluded.counted,
        issued = tallies.issued + excluded.issued,
        rated = tallies.rated + excluded.rated,
        wechat = tallies.wechat + excluded.wechat,
        verified = tallies.verified + excluded.verified,
        web = tallies.web + excluded.web,
        version = tallies.version + 1
)
select id from batch;

-- name: of_voters
-- The ballots of one person, oldest first.
select id, recorded_at, state, picks from ballots
where contest = $1 and voter = any ($2)
order by recorded_at, ordinal;

-- name: receipted
-- The latest ballots of one person, newest first, with what their receipts are made of.
select ordinal, idempotency_key, id, picks, recorded_at, salt, batch, place, state
from ballots
where contest = $1 and voter = any ($2)
order by recorded_at desc, ordinal desc
limit $3;

-- name: is_recorded
-- Found by its moment: ballots have no index on their ids.
select 1 from ballots
where contest = $1 and recorded_at >= $2 and recorded_at < $2::timestamptz + interval '1 second' and id = $3;

-- name: recorded
-- Ballots of [$2, $3) in the order in which they were recorded.
select sequence, id, voter, recorded_at, picks, batch, place
from ballots
where contest = $1 and ($2::timestamptz is null or recorded_at >= $2) and ($3::timestamptz is null or recorded_at < $3)
order by recorded_at, sequence;

-- name: by_batch
select batch, place, id, recorded_at, picks, salt from ballots where contest = $1 order by batch, place, id;

-- name: signed_batches
select id, leaves, signature, parts from batches where contest = $1 order by id;

-- name: first_batches
select contests.id, first.leaves, first.signature
from contests cross join lateral (select leaves, signature from batches where contest = contests.id order by id limit 1) first
where now() < closes_at order by contests.id;

-- name: facts
select id, facts from batches where contest = $1 and id = any ($2);
