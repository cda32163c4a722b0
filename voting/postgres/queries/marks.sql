-- name: clear
with cleared as (delete from marks where contest = $1 and round = $2 returning 1)
select count(*) from cleared;

-- name: insert
insert into marks (contest, round, judge, entry, criterion, mark)
select $1, $2, judge, entry, criterion, mark
from unnest($3::text[], $4::text[], $5::text[], $6::numeric[]) as given (judge, entry, criterion, mark);

-- name: select
select round, judge, entry, criterion, mark
from marks
where contest = $1
order by round, judge, entry, criterion;

-- name: clear_metric
with cleared as (delete from metrics where contest = $1 and metric = $2 returning 1)
select count(*) from cleared;

-- name: insert_metric
insert into metrics (contest, metric, entry, value)
select $1, $2, entry, value
from unnest($3::text[], $4::bigint[]) as given (entry, value);

-- name: select_metrics
select metric, entry, value from metrics where contest = $1 order by metric, entry;

-- name: revoke
insert into revocations (contest, award, entry, reason)
values ($1, $2, $3, $4)
on conflict do nothing
returning 1;

-- name: select_revocations
select award, entry, reason from revocations where contest = $1 order by award, entry;
