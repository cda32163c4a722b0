-- name: insert
-- Nothing where $6 are not closed.
insert into complaints (contest, about, entry, ballot, body)
select $1, $2, $3, $4, $5
where (select count(*) from complaints where contest = $1 and closed_at is null) < $6
returning number;

-- name: set_contact
update complaints set contact = $2 where number = $1;

-- name: select_all
-- Those that wait first, then the newest.
select number, about, entry, ballot, body, contact, received_at, answer, answered_at, answered_by, closed_at, closed_by
from complaints
where contest = $1
order by closed_at is not null, answered_at is not null, number desc
limit $2;

-- name: select
select number, about, entry, ballot, body, contact, received_at, answer, answered_at, answered_by, closed_at, closed_by
from complaints
where contest = $1 and number = $2;

-- name: answer
update complaints set answer = $3, answered_at = clock_timestamp(), answered_by = $4
where contest = $1 and number = $2 and closed_at is null
returning number;

-- name: close
update complaints set closed_at = clock_timestamp(), closed_by = $3
where contest = $1 and number = $2 and closed_at is null
returning number;

-- name: erase
-- What may name a person: the text, the contact, the ballot, the answer. That there was a complaint stays.
update complaints set body = null, contact = null, ballot = null, answer = null where contest = $1 and body is not null;
