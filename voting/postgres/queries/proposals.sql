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

-- name: was_unconfirmed
-- Whether the account proposed this act less than $4 ago, and nobody confirmed it.
select exists (
    select from audit_log as proposal
    where contest = $1 and action = 'second_person.propose' and details ->> 'act' = $2 and details ->> 'account' = $3
        and at > statement_timestamp() - $4::interval
        and not exists (
            select from audit_log as done
            where contest = $1 and action = $2 and seq > proposal.seq and details ->> 'proposed_by' = $3
        )
);

-- name: select_all
select contest, action, account, details, proposed_at from proposals where contest = any ($1) order by proposed_at;
