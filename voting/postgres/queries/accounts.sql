-- name: insert
insert into staff_accounts (name, password_hash) values ($1, $2);

-- name: select
select name, password_hash, totp_secret, created_at, (
    select coalesce(json_agg(json_build_array(role, contest) order by role, contest), '[]')
    from staff_grants where account = name
) as grants
from staff_accounts
where name = $1;

-- name: select_all
select name, password_hash, totp_secret, created_at, (
    select coalesce(json_agg(json_build_array(role, contest) order by role, contest), '[]')
    from staff_grants where account = name
) as grants
from staff_accounts
order by name;

-- name: grant
insert into staff_grants (account, role, contest) values ($1, $2, $3) on conflict do nothing returning account;

-- name: revoke
delete from staff_grants
where account = $1 and ($2::text is null or role = $2 and contest is not distinct from $3)
returning role, contest;

-- name: set_password
update staff_accounts set password_hash = $2 where name = $1;

-- name: set_totp
update staff_accounts set totp_secret = $2, totp_step = 0 where name = $1;

-- name: use_step
update staff_accounts set totp_step = $2 where name = $1 and totp_step < $2 returning name;

-- name: remove_recovery_codes
delete from staff_recovery_codes where account = $1;

-- name: insert_recovery_codes
insert into staff_recovery_codes (account, code_hash) select $1, unnest($2::bytea[]);

-- name: use_recovery_code
delete from staff_recovery_codes where account = $1 and code_hash = $2 returning account;

-- name: deciders
-- The accounts that have one of these roles for a contest.
select distinct account from staff_grants where role = any ($2) and (contest is null or contest = $1);

-- name: try
-- One more attempt, if it is due: after $2 that failed each waits twice as long as the one before, at most $3 seconds.
insert into staff_attempts as a (subject, failed, tried_at, next_at)
values ($1, 1, clock_timestamp(), clock_timestamp())
on conflict (subject) do update set
    failed = case when a.tried_at < clock_timestamp() - interval '1 day' then 1 else a.failed + 1 end,
    tried_at = clock_timestamp(),
    next_at = clock_timestamp() + make_interval(secs =>
        case when a.failed < $2 then 0 else least($3::double precision, power(2, least(a.failed - $2, 20))) end)
where a.next_at <= clock_timestamp()
returning 0::double precision as wait;

-- name: wait
select extract(epoch from next_at - clock_timestamp())::double precision from staff_attempts where subject = $1;

-- name: forgive
-- An attempt that succeeded; what is older than a day no longer counts.
delete from staff_attempts where subject = $1 or tried_at < clock_timestamp() - interval '1 day';

-- name: give_back
update staff_attempts set failed = failed - 1 where subject = any($1) and failed > 0;
