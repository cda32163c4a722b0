-- name: insert
-- Nothing where $5 are waiting for an answer.
insert into objections (contest, certification, matter, body)
select $1, $2, $3, $4
where (select count(*) from objections where contest = $1 and answered_at is null) < $5
returning number;

-- name: select_all
select number, certification, matter, body, received_at, answer, answered_at, answered_by
from objections
where contest = $1
order by number;

-- name: lock
select 1 from objections where contest = $1 and number = $2 and answered_at is null for update;

-- name: answer
update objections set answer = $3, answered_at = clock_timestamp(), answered_by = $4 where contest = $1 and number = $2;
