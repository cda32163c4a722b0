-- name: select
select account, details from proposals where contest = $1 and action = $2;

-- name: put
insert into proposals (contest, action, details, account)
values ($1, $2, $3, $4)
on conflict (contest, action) do update set
    details = excluded.details, account = excluded.account, proposed_at = clock_timestamp();

-- name: remove
delete from proposals where contest = $1 and action = $2;

-- name: select_lapsed
select contest from proposals where action = $1 and proposed_at < clock_timestamp() - $2::interval order by contest;

-- name: select_all
select contest, action, account, details, proposed_at from proposals where contest = any ($1) order by proposed_at;
