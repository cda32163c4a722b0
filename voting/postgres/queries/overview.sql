-- name: select
-- Groups whose ballots wait: those that nobody has decided about, and those with a proposal.
select contests.id,
    (select coalesce(sum(raw), 0) from tallies where contest = contests.id)::bigint as picks,
    (select count(*) from groups where contest = contests.id and (state = 'open' or proposal is not null)) as groups,
    (select count(*) from suspect_cells where contest = contests.id and state = 'open') as cells,
    coalesce((select jsonb_array_length(excesses) from decision_books where contest = contests.id), 0) as growth,
    (select count(*) from objections where contest = contests.id and answered_at is null) as objections,
    (select count(*) from complaints
     where contest = contests.id and answered_at is null and closed_at is null) as complaints,
    (select certified_at from certifications where contest = contests.id and reopened_at is null) as certified_at
from contests
where contests.id = any ($1);

-- name: hours
-- The stored ballots of each of the last 24 hours, by how many hours ago; hours without any are left out.
select contest, floor(extract(epoch from statement_timestamp() - minute) / 3600)::int as ago, sum(ballots)::bigint as ballots
from ballot_minutes
where contest = any ($1) and minute > statement_timestamp() - interval '24 hours'
group by contest, ago;
