-- name: last
select max(minute) from ballot_minutes where contest = $1;

-- name: next
-- The first ballot of [$2, $3).
select min(recorded_at) from ballots where contest = $1 and recorded_at >= $2 and recorded_at < $3;

-- name: store
-- The ballots of [$2, $3), whole minutes that are settled, by minute, channel, app and device; and a row for each minute
-- since $4 without ballots. The facts of a ballot hold its channel as their first value, unless its credential was issued
-- (tier 5), and the hash of its User-Agent as their ninth.
with recent as materialized (
    select recorded_at, batch, place, ordinal, tier from ballots where contest = $1 and recorded_at >= $2 and recorded_at < $3
), seen as materialized (
    select id, fact, place - 1 as place
    from batches cross join lateral json_array_elements(facts) with ordinality as observed (fact, place)
    where contest = $1 and id between (select min(batch) from recent) and (select max(batch) from recent)
)
insert into ballot_minutes (contest, minute, channel, app, device, ballots, voters)
select $1, date_trunc('minute', recorded_at), coalesce(fact ->> 0, case tier when 5 then 'issued' else '' end), coalesce(c.app, ''), coalesce(c.device, ''),
    count(*), count(*) filter (where ordinal = 1)
from recent
left join seen on seen.id = recent.batch and seen.place = recent.place
left join clients c on c.contest = $1 and c.agent = (fact ->> 8)::bigint
group by 2, 3, 4, 5
union all
select $1, minute, '', '', '', 0, 0
from generate_series($4::timestamptz, $3::timestamptz - interval '1 minute', interval '1 minute') as minute
where not exists (select from recent where date_trunc('minute', recorded_at) = minute)
on conflict do nothing;

-- name: store_refused
-- A statement whose outcome is unknown may come again, or arrive after the next one: a sum never falls.
insert into refusals (contest, minute, code, worker, refused)
select contest, minute, code, $5, refused
from unnest($1::text[], $2::timestamptz[], $3::text[], $4::int[]) as given (contest, minute, code, refused)
on conflict (contest, minute, code, worker) do update set refused = greatest(refusals.refused, excluded.refused);

-- name: forget_refused
delete from refusals where contest = $1 and minute < $2;

-- name: since
select minute, channel, app, device, ballots, voters from ballot_minutes where contest = $1 and minute >= $2 order by minute;

-- name: in_question
-- The ballots since $2 that are held or void, by minute.
select date_trunc('minute', recorded_at) as minute, state, count(*) as ballots
from ballots
where contest = $1 and recorded_at >= $2 and state <> 'count'
group by 1, 2;

-- name: refused
select minute, code, sum(refused)::int as refused from refusals where contest = $1 and minute >= $2
group by minute, code order by minute, code;

-- name: present
-- Ballots of the last minute, and voters: the $3 of the stored minutes to $2, those of later ones, and those who came after,
-- at most an hour: where the minutes of a running contest are stored for the first time, they are soon complete. That hour
-- is a condition of its own: a plan cannot tell how many ballots are later than a moment that another query finds.
with later as (
    select coalesce(max(minute), $2) as until, coalesce(sum(voters), 0) as voters
    from ballot_minutes where contest = $1 and minute > $2
)
select
    (select count(*) from ballots where contest = $1 and recorded_at > statement_timestamp() - interval '1 minute') as ballots,
    (
        select count(*) from ballots
        where contest = $1 and ordinal = 1
            and recorded_at >= statement_timestamp() - interval '1 hour' and recorded_at >= later.until + interval '1 minute'
    ) as unstored,
    later.until as until,
    $3::bigint + later.voters as stored,
    (select swept_at from decision_books where contest = $1) as swept_at,
    (select count(*) from leases where name like 'worker %' and until > statement_timestamp()) as workers
from later;

-- name: snapshot_before
-- The latest stored tally of $2 or before, not older than $3.
select as_of, tallies from shown_tallies
where contest = $1 and as_of <= $2 and as_of >= $3
order by as_of desc
limit 1;

-- name: snapshots
select as_of, tallies from shown_tallies where contest = $1 and as_of = any ($2);

-- name: forget_workers
delete from leases where name like 'worker %' and until < clock_timestamp() - interval '1 hour';
