-- name: put
update confirmations set openid = $3
where contest = $1 and voter = $2 and confirmed_at is null and denied_at is null and due_at is null;

-- name: due
-- Voters whom WeChat is to tell: those who must confirm, and those whose time is over within $1; not of the contests $3.
select c.contest, c.voter, c.openid, c.due_at
from confirmations c
join contests k on k.id = c.contest
where c.openid is not null and (c.due_at is not null or k.closes_at <= statement_timestamp() + $1)
    and c.contest <> all ($3)
order by c.due_at nulls last, c.contest, c.voter
limit $2;

-- name: forget
update confirmations set openid = null where contest = $1 and voter = $2;

-- name: forget_over
update confirmations c set openid = null
from contests k
where k.id = c.contest and c.openid is not null and greatest(k.closes_at, c.due_at) <= statement_timestamp();
