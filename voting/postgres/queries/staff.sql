-- name: insert
insert into staff_keys (id, name, role, contest, key_hash) values ($1, $2, $3, $4, $5);

-- name: select
select id, name, role, contest, key_hash, created_at, revoked_at from staff_keys where id = $1;

-- name: select_all
select id, name, role, contest, key_hash, created_at, revoked_at from staff_keys order by created_at, id;

-- name: revoke
update staff_keys set revoked_at = now() where id = $1 and revoked_at is null returning id;

-- name: log
insert into audit_log (actor, action, contest, details) values ($1, $2, $3, $4);
