-- name: insert
insert into audit_log (actor, action, contest, details) values ($1, $2, $3, $4);

-- name: last_details
select details from audit_log where action = $1 order by id desc limit 1;
