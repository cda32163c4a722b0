-- name: insert
insert into contests (id, uid, document, opens_at, closes_at)
values ($1, $2, $3, $4, $5)
on conflict (id) do nothing
returning id;

-- name: select
select id, uid, document, opens_at, closes_at, paused, revision, sealed_at,
    exists (select from certifications where contest = contests.id and reopened_at is null) as certified,
    clock_timestamp() as now
from contests
where id = $1;

-- name: select_all
select id, uid, document, opens_at, closes_at, paused, revision, sealed_at,
    exists (select from certifications where contest = contests.id and reopened_at is null) as certified,
    clock_timestamp() as now
from contests
order by opens_at desc, id;

-- name: take_turn
-- Ballots hold a share lock on their contest's row, and new ones overtake an update that waits for it: of a busy vote the
-- row could never be changed. The table's lock queues fairly.
lock table contests in exclusive mode;

-- name: set_paused
update contests set paused = $2, revision = revision + 1 where id = $1;

-- name: replace
update contests set document = $2, opens_at = $3, closes_at = $4, revision = revision + 1 where id = $1;

-- name: seal
update contests set sealed_at = coalesce(sealed_at, clock_timestamp()) where id = $1;

-- name: extend
update contests set closes_at = $2, revision = revision + 1 where id = $1;

-- name: revise
update contests set revision = revision + 1 where id = $1;

-- name: hold
select 1 from contests where id = $1 for update;
