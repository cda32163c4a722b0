-- name: recorded
-- Every ballot in the order in which they were recorded, with what was observed of it: null where that was deleted, or
-- is of a former version's shape.
select b.id, b.recorded_at, b.voter, b.picks, case when jsonb_typeof(f.facts) = 'array' then f.facts end as facts
from ballots b
left join ballot_facts f on f.contest = b.contest and f.voter = b.voter and f.ballot = b.id
where b.contest = $1
order by b.recorded_at, b.sequence;
