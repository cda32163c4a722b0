-- name: insert
-- A trigger chains the record to the last one, whose lock is kept until the transaction ends.
insert into audit_log (actor, action, contest, details) values ($1, $2, $3, $4);

-- name: last_details
select details from audit_log where action = $1 order by seq desc limit 1;

-- name: head
select seq, hash from audit_head;

-- name: select_before
select seq, at, actor, action, contest, details, hash
from audit_log
where seq < $1 and ($2::text is null or contest = $2)
order by seq desc
limit $3;

-- name: select_after
-- Of all contests, or of one. By seq, then id: a forger may have removed the unique index.
select seq, at, actor, action, contest, details, hash
from audit_log
where seq > $1 and ($2::text is null or contest = $2)
order by seq, id
limit $3;
