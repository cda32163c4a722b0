-- name: insert
insert into contests (id, uid, document, opens_at, closes_at)
values ($1, $2, $3, $4, $5)
on conflict (id) do nothing
returning id;

-- name: select
select id, uid, document, opens_at, closes_at, paused, revision, clock_timestamp() as now
from contests
where id = $1;

-- name: select_all
select id, uid, document, opens_at, closes_at, paused, revision, clock_timestamp() as now
from contests
order by opens_at desc, id;

-- name: take_turn
-- Ballots hold a share lock on their contest's row, and new ones overtake an update that waits for it: of a busy vote the
-- row could never be changed. The table's lock queues fairly.
lock table contests in exclusive mode;

-- name: set_paused
update contests set paused = $2, revision = revision + 1 where id = $1 returning id;

-- name: revise
update contests set revision = revision + 1 where id = $1;
