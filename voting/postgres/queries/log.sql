-- name: waiting
-- Contests with something for the log, and since when the oldest waits.
select contest, count(*) as rows, extract(epoch from clock_timestamp() - min(queued_at))::float8 as seconds
from log_queue group by contest order by contest;

-- name: health
-- How long the oldest row of all queues has waited, found by each contest's first, and how many logs are frozen.
select
    coalesce(extract(epoch from clock_timestamp() - min(oldest.queued_at)), 0)::float8 as oldest_seconds,
    (select count(*) from logs where frozen is not null) as frozen
from contests cross join lateral (
    select queued_at from log_queue where contest = contests.id order by number limit 1
) as oldest;

-- name: lock
-- The end of a log; nobody else appends to it before the transaction has ended.
select * from logs where contest = $1 for update;

-- name: head
select * from logs where contest = $1;

-- name: take
-- The oldest rows that are there.
with oldest as (
    select number from log_queue where contest = $1 order by number limit $2
)
delete from log_queue using oldest
where log_queue.contest = $1 and log_queue.number = oldest.number
returning log_queue.number, log_queue.batch, log_queue.entries;

-- name: put_back
insert into log_queue (contest, batch, entries) values ($1, $2, $3);

-- name: append
with batches as (
    insert into log_batches (contest, batch, first, leaves)
    select $1, batch, first, leaves from unnest($7::bigint[], $8::bigint[], $9::int[]) as put (batch, first, leaves)
), tiles as (
    insert into log_tiles (contest, level, number, root, body)
    select $1, level, number, root, body
    from unnest($10::smallint[], $11::bigint[], $12::bytea[], $13::bytea[]) as full_ones (level, number, root, body)
)
insert into logs (contest, origin, vkey, size, root, checkpoint, edge, ballots, picks)
values ($1, $14, $2, $3, $4, $5, $6, $15, $16)
on conflict (contest) do update set
    old_vkeys = case when logs.vkey = excluded.vkey then logs.old_vkeys else logs.old_vkeys || logs.vkey end,
    vkey = excluded.vkey, size = excluded.size, root = excluded.root, checkpoint = excluded.checkpoint,
    edge = excluded.edge, signed_at = excluded.signed_at, ballots = logs.ballots + excluded.ballots,
    picks = logs.picks + excluded.picks;

-- name: growing
select contest from logs where frozen is null;

-- name: growth
-- Those of contests that end last come first.
select contest, size, revision from logs join contests on id = contest where frozen is null order by closes_at desc, contest;

-- name: due
-- Logs for which the window has ended, a result was certified, or voters were erased on a day before, and the log does
-- not have it yet; and those of which a day may have ended, with the last one that was sealed. A certificate follows the
-- leaf that enough witnesses have cosigned, after everything that was queued before it.
with logged as (
    select logs.contest, opens_at, closes_at, clock_timestamp() as now, sealed_on,
        closes_at <= clock_timestamp() and closed_for is distinct from closes_at as closes,
        closed_for is not distinct from closes_at and exists (
            select from certifications
            where contest = logs.contest and number > logs.certified
                and (without_witnesses or logs.cosigned_at = logs.signed_at)
        ) and not exists (select from log_queue where contest = logs.contest) as certifies,
        exists (
            select from erased_days
            where contest = logs.contest and day < (statement_timestamp() at time zone 'UTC')::date
        ) as erases
    from logs join contests on contests.id = logs.contest
    where frozen is null
)
select * from logged
where closes or certifies or erases or (opens_at <= now and now < closes_at + interval '3 days');

-- name: due_certificate
-- The number of the oldest that the log does not have, and whether it stands.
select number, reopened_at is null as stands from certifications
where contest = $1 and number > (select certified from logs where contest = $1) order by number limit 1;

-- name: is_close_cosigned
-- Whether enough witnesses have cosigned the log with the end of the window in it. A log that was closed before the place
-- of its close was stored must be cosigned as a whole.
select exists (
    select from logs join contests on contests.id = logs.contest
    where logs.contest = $1 and closed_for = closes_at
        and split_part(cosigned, E'\n', 2)::bigint >= coalesce(closed_size, size)
);

-- name: take_erased_days
delete from erased_days where contest = $1 and day < (statement_timestamp() at time zone 'UTC')::date returning day, voters;

-- name: mark
update logs set closed_for = coalesce($2, closed_for), certified = greatest($3, certified),
    sealed_on = coalesce($4, sealed_on), closed_size = coalesce($5, closed_size)
where contest = $1;

-- name: insert_seal
insert into log_seals (contest, day, salt, raw) values ($1, $2, $3, $4);

-- name: restore_decisions
-- Leaves whose decisions the database has lost, with their salts.
insert into decision_leaves (contest, number, policy_sha256, salt)
select $1, number, policy_sha256, '' from unnest($2::integer[], $3::text[]) as said (number, policy_sha256)
on conflict do nothing
returning number;

-- name: renumber_decisions
select renumber_decisions($1, $2, $3);

-- name: restore_seals
-- Days whose seals the database has lost, with their salts.
insert into log_seals (contest, day, salt, raw) select $1, day, '', '{}' from unnest($2::date[]) as said (day)
on conflict do nothing
returning day;

-- name: restore_marks
-- $4: the second of the last close that stands, and $5 the leaves up to it. A window that ends later was not closed by it.
update logs set certified = greatest(certified, $2), sealed_on = greatest(sealed_on, $3),
    closed_for = case when date_trunc('second', closes_at) <= $4 then closes_at else closed_for end,
    closed_size = case when date_trunc('second', closes_at) <= $4 then $5 else closed_size end,
    vkey = $6, old_vkeys = old_vkeys || $7::text[]
from contests where logs.contest = $1 and contests.id = $1;

-- name: vkeys
select contest, origin, vkey from logs order by contest;

-- name: freeze
-- Also a log that the database has lost.
insert into logs (contest, origin, vkey, size, root, checkpoint, edge, frozen)
values ($1, $3, $4, 0, sha256(''), '', '', $2)
on conflict (contest) do update set frozen = excluded.frozen where logs.frozen is null;

-- name: unfreeze
update logs set frozen = null where contest = $1;

-- name: roots
-- The hashes of the last tile of level $2 if it is not full: the roots of full tiles of the level below.
select root from log_tiles where contest = $1 and level = $2 - 1 and number >= $3 * 256 order by number;

-- name: tile
-- A full tile of level $2, or what there is of it: the roots of the full tiles below.
select coalesce(
    (select body from log_tiles where contest = $1 and level = $2 and number = $3),
    (
        select string_agg(root, ''::bytea order by number) from log_tiles
        where $2 > 0 and contest = $1 and level = $2 - 1 and number >= $3 * 256 and number < ($3 + 1) * 256
    )
);

-- name: bundle
-- A full bundle of entries, or the last one as far as it has come.
select body from log_tiles where contest = $1 and level = -1 and number = $2
union all
select edge from logs where contest = $1 and size / 256 = $2;

-- name: batch
select first, leaves from log_batches where contest = $1 and batch = $2;

-- name: is_queued
-- Whether a batch with leaves is recorded.
select exists (select from batches where contest = $1 and id = $2 and parts is not null);

-- name: unlogged
-- Ballots recorded with a leaf, and leaves of ballots in the log or before it.
select
    (select coalesce(sum(cardinality(voters)), 0) from batches where contest = $1 and parts is not null) as ballots,
    (select coalesce(sum(leaves), 0) from log_batches where contest = $1) as logged,
    (select count(*) from log_queue where contest = $1) as queued;

-- name: lost
-- Batches recorded with leaves that are neither in the log nor before it.
select id from batches
where contest = $1 and parts is not null
    and not exists (select from log_batches where contest = $1 and batch = batches.id)
    and not exists (select from log_queue where contest = $1 and batch = batches.id)
order by id limit 10;

-- name: bundles
-- Every full bundle of entries.
select number, body from log_tiles where contest = $1 and level = -1 order by number;

-- name: full_tile
select root, body from log_tiles where contest = $1 and level = $2 and number = $3;

-- name: batches
-- The batches in the log, in its order, with the hashes of their leaves as recorded; null where the batch is gone.
select log_batches.batch, first, log_batches.leaves as count, batches.leaves as hashes
from log_batches left join batches on batches.contest = log_batches.contest and batches.id = log_batches.batch
where log_batches.contest = $1 order by first;

-- name: cosignatures
select witness, size, line, at from log_witnesses where contest = $1;

-- name: store_cosignature
insert into log_witnesses (contest, witness, size, line) values ($1, $2, $3, $4)
on conflict (contest, witness) do update set size = excluded.size, line = excluded.line, at = excluded.at
where log_witnesses.size <= excluded.size;

-- name: store_cosigned
update logs set cosigned = $2, cosigned_at = $3 where contest = $1 and (cosigned_at is null or cosigned_at <= $3);
