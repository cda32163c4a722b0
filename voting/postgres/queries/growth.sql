-- name: select
select entry, sign, most, reason, actor, account, is_decided, at from growth_decisions where contest = $1;

-- name: put
insert into growth_decisions (contest, entry, sign, most, reason, actor, account, is_decided)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (contest, entry, sign) do update set most = excluded.most, reason = excluded.reason,
    actor = excluded.actor, account = excluded.account, is_decided = excluded.is_decided, at = clock_timestamp();

-- name: remove
delete from growth_decisions where contest = $1 and entry = $2 and sign = $3;
