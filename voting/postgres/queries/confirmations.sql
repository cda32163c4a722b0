-- name: select
-- Whether any of the voters $2, who are one person, was asked; the one that must confirm first. `cast_at`: the last ballot
-- that it is about; `all_count`: none of these is held or void.
select c.voter, c.channel, c.code, c.cell, c.ballot, s.entry, c.due_at, c.confirmed_at, c.denied_at, b.cast_at, b.all_count
from confirmations c
left join suspect_cells s on s.contest = c.contest and s.id = c.cell
cross join lateral (
    select max(recorded_at) as cast_at, coalesce(bool_and(state = 'count'), false) as all_count from ballots
    where contest = c.contest and voter = c.voter and (id = c.ballot or s.entry = any (picks))
) as b
where c.contest = $1 and c.voter = any ($2)
order by c.due_at nulls last, c.asked_at
limit 1;

-- name: deny
update confirmations set denied_at = clock_timestamp(), openid = null
where contest = $1 and voter = $2 and confirmed_at is null and denied_at is null
returning voter;

-- name: disowned
-- The ballots that a request is about and that no group has: of the voter $2, the ballot $3 and those for the entry $4.
select sequence, picks from ballots
where contest = $1 and voter = $2 and (id = $3 or $4 = any (picks)) and state in ('count', 'hold') and group_id is null;

-- name: confirm
-- An identity confirms one voter.
update confirmations set confirmed_at = clock_timestamp(), confirmed_by = $3, subject = $4, openid = null
where contest = $1 and voter = $2 and confirmed_at is null and denied_at is null
    and not exists (select from confirmations where contest = $1 and subject = $4)
returning voter;

-- name: confirm_by_code
-- The voter may have said that a ballot is another's: that was a mistake, then.
update confirmations set confirmed_at = clock_timestamp(), confirmed_by = 'host', denied_at = null, openid = null
where contest = $1 and code = $2 and confirmed_at is null
returning voter;

-- name: void_by_denial
select sequence, group_id from ballots
where contest = $1 and voter = $2 and state = 'void' and reasons = array[$3];

-- name: count_code
-- Counts a code that is to be sent to a phone, if fewer than $3 were sent for the voter and fewer than $4 for the contest.
update confirmations set codes_sent = codes_sent + 1
where contest = $1 and voter = $2 and confirmed_at is null and denied_at is null and codes_sent < $3
    and (select coalesce(sum(codes_sent), 0) from confirmations where contest = $1) < $4
returning codes_sent;

-- name: sample
-- Voters whom chance chose until $2, with each pick of the ballot that the coin fell for, if it counts, or if the voter
-- has said that it is another's: that ballot is void by it, and says as much of its cells as one without an answer.
select c.voter, c.channel, c.share, c.network, c.confirmed_at is not null as confirmed, picked.entry
from confirmations c
join ballots b on b.contest = c.contest and b.voter = c.voter and b.id = c.ballot and not b.apart
    and (b.state = 'count' or c.denied_at is not null)
cross join unnest(b.picks) as picked (entry)
where c.contest = $1 and c.ballot is not null and c.asked_at <= $2
order by c.voter;

-- name: numbers
-- How many voters the contest has, and how many of each channel chance chose with which share.
select (select count(*) from ballots where contest = $1 and ordinal = 1) as voters, channel, share, count(*) as asked
from confirmations
where contest = $1 and ballot is not null
group by channel, share;

-- name: ask_all
-- Asks the voters $3, of the channels $4, to confirm within $5 hours; those who were asked before have that time, too.
insert into confirmations (contest, voter, asked_at, channel, share, code, cell, due_at)
select $1, voter, clock_timestamp(), channel, 1, code, $2, clock_timestamp() + make_interval(hours => $5)
from unnest($3::bytea[], $4::text[], $6::text[]) as given (voter, channel, code)
order by voter
on conflict (contest, voter) do update set cell = excluded.cell, due_at = excluded.due_at
where confirmations.due_at is null and confirmations.confirmed_at is null and confirmations.denied_at is null;

-- name: outcomes
-- Those of the voters $2 who confirmed, and those who had to, and did not in time or said that a ballot is another's.
select voter, confirmed_at is not null as confirmed from confirmations
where contest = $1 and voter = any ($2)
    and (confirmed_at is not null or denied_at is not null or due_at <= statement_timestamp());

-- name: labels
select ballot, share, confirmed_at is not null as confirmed from confirmations
where contest = $1 and ballot is not null;

-- name: forget
-- What was observed of these voters (null: all) and what they confirmed with; the answers stay.
update confirmations set network = null, client = null, subject = null, openid = null
where contest = $1 and ($2::bytea[] is null or voter = any ($2)) and num_nonnulls(network, client, subject, openid) > 0;

-- name: waiting_until
-- When the last voter of the cell $2 who has not confirmed must have; null if nobody has time left.
select max(due_at) from confirmations
where contest = $1 and cell = $2 and confirmed_at is null and denied_at is null and due_at > statement_timestamp();
