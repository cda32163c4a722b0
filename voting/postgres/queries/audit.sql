-- name: insert
-- A trigger chains the record to the last one, whose lock is kept until the transaction ends. $6: what the contest's log
-- says of the details; null: nothing of the act.
with recorded as (
    insert into audit_log (actor, action, contest, details, salt) values ($1, $2, $3, $4, $5) returning at, action, contest
), said as (
    select contest, convert_to(concat(
        'voting/act/v1', E'\n', contest, E'\n',
        to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), E'\n',
        'action ', action, E'\n',
        'details ', $6::text, E'\n',
        'document ', encode(sha256(convert_to(document, 'UTF8')), 'hex'), E'\n',
        'opens ', to_char(opens_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), E'\n',
        'closes ', to_char(closes_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), E'\n'
    ), 'UTF8') as leaf
    from recorded join contests on contests.id = recorded.contest
    where $6::text is not null
)
insert into log_queue (contest, entries) select contest, int2send(length(leaf)::int2) || leaf from said;

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

-- name: select_acts
select seq, at, actor, action, contest, details, hash
from audit_log
where contest = $1 and action = any ($2)
order by seq desc
limit $3;

-- name: select_after
-- Of all contests, or of one. By seq, then id: a forger may have removed the unique index.
select seq, at, actor, action, contest, details, hash
from audit_log
where seq > $1 and ($2::text is null or contest = $2)
order by seq, id
limit $3;
