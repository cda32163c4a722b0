-- name: put
-- An entry's marks as they are written now; a criterion that is not among them has none.
with gone as (
    delete from mark_drafts
    where contest = $1 and round = $2 and judge = $3 and entry = $4 and criterion <> all ($5::text[])
)
insert into mark_drafts (contest, round, judge, entry, criterion, mark)
select $1, $2, $3, $4, criterion, mark from unnest($5::text[], $6::numeric[]) as given (criterion, mark)
on conflict (contest, round, judge, entry, criterion) do update set mark = excluded.mark, saved_at = clock_timestamp();

-- name: select
select entry, criterion, mark from mark_drafts where contest = $1 and round = $2 and judge = $3 order by entry, criterion;

-- name: clear
delete from mark_drafts where contest = $1 and round = $2 and judge = $3;

-- name: recuse
insert into recusals (contest, round, judge, entry, reason) values ($1, $2, $3, $4, $5)
on conflict (contest, round, judge, entry) do nothing;

-- name: unrecuse
delete from recusals where contest = $1 and round = $2 and judge = $3 and entry = $4;

-- name: recusals
select entry, reason from recusals where contest = $1 and round = $2 and judge = $3 order by entry;

-- name: submitted_at
select submitted_at from submissions where contest = $1 and round = $2 and judge = $3;

-- name: submit
insert into submissions (contest, round, judge) values ($1, $2, $3);

-- name: submissions
select round, judge, submitted_at from submissions where contest = $1 order by round, judge;

-- name: reopen
-- The marks become drafts again.
with removed as (
    delete from submissions where contest = $1 and round = $2 and judge = $3 returning contest, round, judge
), taken as (
    delete from marks using removed
    where marks.contest = removed.contest and marks.round = removed.round and marks.judge = removed.judge
    returning marks.*
), drafted as (
    insert into mark_drafts (contest, round, judge, entry, criterion, mark)
    select contest, round, judge, entry, criterion, mark from taken
)
select 1 from removed;

-- name: imported
-- Marks without a submission came from a file.
select round, judge, count(distinct entry) as entries
from marks
where contest = $1 and not exists (
    select from submissions
    where submissions.contest = $1 and submissions.round = marks.round and submissions.judge = marks.judge
)
group by round, judge
order by round, judge;

-- name: progress
select round, judge, count(distinct entry) as entries, max(saved_at) as saved_at
from mark_drafts
where contest = $1
group by round, judge
order by round, judge;
