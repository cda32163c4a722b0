-- name: insert
-- Nothing where $6 wait for an answer.
insert into complaints (contest, about, entry, ballot, body)
select $1, $2, $3, $4, $5
where (select count(*) from complaints where contest = $1 and answered_at is null and closed_at is null) < $6
returning number;

-- name: set_contact
update complaints set contact = $2 where number = $1;

-- name: select_all
-- Those that wait, the oldest first; then the others, the newest first.
select number, about, entry, ballot, body, contact, received_at, answer, answered_at, answered_by, closed_at, closed_by
from complaints
where contest = $1
order by closed_at is not null, answered_at is not null,
    case when answered_at is null and closed_at is null then number else -number end
limit $2;

-- name: select
select number, about, entry, ballot, body, contact, received_at, answer, answered_at, answered_by, closed_at, closed_by
from complaints
where contest = $1 and number = $2;

-- name: answer
-- What is erased stays empty: nothing would erase an answer written later.
update complaints set answer = $3, answered_at = clock_timestamp(), answered_by = $4
where contest = $1 and number = $2 and closed_at is null and body is not null
returning number;

-- name: close
update complaints set closed_at = clock_timestamp(), closed_by = $3
where contest = $1 and number = $2 and closed_at is null
returning number;

-- name: erase
-- What may name a person: the text, the contact, the ballot, the answer. That there was a complaint stays.
update complaints set body = null, contact = null, ballot = null, answer = null where contest = $1 and body is not null;
