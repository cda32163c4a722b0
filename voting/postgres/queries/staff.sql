-- name: insert
insert into staff_keys (id, name, role, contest, key_hash, account, scopes, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, clock_timestamp() + make_interval(days => $8));

-- name: select
-- If it is live. A key of an account is no stronger than the account.
select id, name, role, contest, key_hash, created_at, revoked_at, account, scopes, expires_at
from staff_keys k
where id = $1 and revoked_at is null and (expires_at is null or expires_at > clock_timestamp()) and (
    account is null or exists (
        select from staff_grants g
        where g.account = k.account and (g.role = k.role or g.role = 'owner')
            and (g.contest is null or g.contest = k.contest)
    )
);

-- name: select_all
select id, name, role, contest, key_hash, created_at, revoked_at, account, scopes, expires_at
from staff_keys
order by created_at, id;

-- name: revoke
update staff_keys set revoked_at = now() where id = $1 and revoked_at is null returning id;

-- name: select_names
select id, null::bytea as session_hash from staff_keys where revoked_at is null
union all
select null, session_hash from staff_sessions where expires_at > clock_timestamp();

-- name: end_oldest_sessions
-- Of a key's or an account's sessions all but the $3 newest.
delete from staff_sessions
where session_hash in (
    select session_hash from staff_sessions where key = $1 or account = $2 order by expires_at desc offset $3
);

-- name: sweep_sessions
delete from staff_sessions where expires_at < clock_timestamp();

-- name: open_session
insert into staff_sessions (session_hash, key, account, expires_at)
values ($1, $2, $3, clock_timestamp() + make_interval(secs => $4));

-- name: by_session
-- Of a key, or of an account that has used it within $2 seconds.
select key, account, seen_at < clock_timestamp() - interval '1 minute' as is_stale
from staff_sessions
where session_hash = $1 and expires_at > clock_timestamp()
    and (key is not null or seen_at > clock_timestamp() - make_interval(secs => $2));

-- name: see_session
update staff_sessions set seen_at = clock_timestamp() where session_hash = $1;

-- name: close_session
delete from staff_sessions where session_hash = $1 or expires_at < clock_timestamp();

-- name: sessions_of
select id, opened_at, seen_at, expires_at
from staff_sessions
where account = $1 and expires_at > clock_timestamp() and seen_at > clock_timestamp() - make_interval(secs => $2)
order by opened_at;

-- name: end_session
delete from staff_sessions where account = $1 and id = $2 returning id;

-- name: end_sessions
delete from staff_sessions where account = $1 and ($2::bytea is null or session_hash <> $2);
