-- name: insert
insert into staff_keys (id, name, role, contest, key_hash) values ($1, $2, $3, $4, $5);

-- name: select
select id, name, role, contest, key_hash, created_at, revoked_at from staff_keys where id = $1;

-- name: select_all
select id, name, role, contest, key_hash, created_at, revoked_at from staff_keys order by created_at, id;

-- name: revoke
update staff_keys set revoked_at = now() where id = $1 and revoked_at is null returning id;

-- name: select_names
select id, null::bytea as session_hash from staff_keys where revoked_at is null
union all
select null, session_hash from staff_sessions where expires_at > clock_timestamp();

-- name: end_sessions
-- Of a key's sessions all but the $2 newest.
delete from staff_sessions
where session_hash in (select session_hash from staff_sessions where key = $1 order by expires_at desc offset $2);

-- name: sweep_sessions
delete from staff_sessions where expires_at < clock_timestamp();

-- name: open_session
insert into staff_sessions (session_hash, key, expires_at)
values ($1, $2, clock_timestamp() + make_interval(secs => $3));

-- name: by_session
select k.id, k.name, k.role, k.contest, k.key_hash, k.created_at, k.revoked_at
from staff_sessions s join staff_keys k on k.id = s.key
where s.session_hash = $1 and s.expires_at > clock_timestamp();

-- name: close_session
delete from staff_sessions where session_hash = $1 or expires_at < clock_timestamp();
