-- name: set_excesses
update decision_books set excesses = $2 where contest = $1;

-- name: set_swept
insert into decision_books (contest, swept_at) values ($1, clock_timestamp())
on conflict (contest) do update set swept_at = excluded.swept_at;

-- name: excesses
select excesses from decision_books where contest = $1;

-- name: by_key
-- Rows are found by their keys: a plan that was made while the tables were small would read them whole for ever.
set local enable_seqscan = off; set local enable_hashjoin = off; set local enable_mergejoin = off;

-- name: in_question
-- Every ballot that is not counted or is in a group. `frozen`: a reviewer has decided about its group, or is about to;
-- what certification alone decided is not.
select b.sequence, b.voter, b.state, b.reasons, b.group_id,
    coalesce(g.state in ('released', 'void') and g.decided_by <> $2 or g.proposal is not null, false) as frozen
from ballots b
left join groups g on g.contest = b.contest and g.id = b.group_id
where b.contest = $1 and (b.group_id is not null or b.state <> 'count')
order by b.sequence;

-- name: count_ungrouped
select count(*) from ballots where contest = $1 and group_id is null and state = 'hold';

-- name: members
select sequence, voter, reasons from ballots where contest = $1 and group_id = $2 order by voter, sequence;

-- name: sample
select id, recorded_at, state, reasons, picks
from ballots
where contest = $1 and group_id = $2
order by recorded_at, id
limit $3;

-- name: change
-- Puts ballots into the states of $5 with the reasons of $6 and the groups of $7, moves the tally and writes the history.
-- A ballot is found by its number among those of the voters in [$3, $4): a range of the primary key. What is so already
-- is left as it is; so is, unless $8, what is in a group about which a reviewer has decided or is about to. $15: salts of
-- the lines in the log. The result is locked, so no other decision takes the next leaf's number.
with wanted as materialized (
    select sequence, low, high, state, reasons::text[] as reasons, group_id, salt
    from unnest($2::bigint[], $3::bytea[], $4::bytea[], $5::text[], $6::text[], $7::text[], $15::bytea[])
        as given (sequence, low, high, state, reasons, group_id, salt)
), found as materialized (
    select b.*, w.state, w.reasons, w.group_id, w.salt
    from wanted w
    cross join lateral (
        select voter, ordinal, id, recorded_at, picks, tier, apart, state as was, reasons as were, group_id as former
        from ballots
        where contest = $1 and voter >= w.low and voter < w.high and sequence = w.sequence offset 0
    ) as b
    left join groups g on g.contest = $1 and g.id = b.former
    where (b.was, b.were, b.former) is distinct from (w.state, w.reasons, w.group_id)
        and ($8 or (g.state in ('released', 'void') or g.proposal is not null) is not true)
), changed as (
    update ballots set state = found.state, reasons = found.reasons, group_id = found.group_id
    from found
    where ballots.contest = $1 and ballots.voter = found.voter
        and ballots.ordinal = found.ordinal
), written as (
    insert into decisions (
        contest, ballot, stage, state, reasons, group_id, policy_version, policy_sha256, actor, ruling, leaf, salt)
    select $1, id, $9, state, reasons, group_id, $10, $11, $12, $13,
        (select coalesce(max(number), 0) + 1 from decision_leaves where contest = $1), salt
    from found
), moved as (
    select entry,
        coalesce(sum((state = 'hold')::int - (was = 'hold')::int) filter (where not apart), 0)::bigint as held,
        coalesce(sum(gain) filter (where not apart), 0)::bigint as counted,
        coalesce(sum(gain) filter (where tier = 5), 0)::bigint as issued,
        coalesce(sum(gain) filter (where tier = 4), 0)::bigint as rated,
        coalesce(sum(gain) filter (where tier = 3), 0)::bigint as wechat,
        coalesce(sum(gain) filter (where tier = 2), 0)::bigint as verified,
        coalesce(sum(gain) filter (where tier = 1), 0)::bigint as web
    from found, unnest(picks) as picked (entry), lateral (select (state = 'count')::int - (was = 'count')::int as gain) as each
    where state <> was
    group by entry
    order by entry
), counted as (
    insert into tallies (contest, entry, shard, raw, held, counted, issued, rated, wechat, verified, web, version)
    select $1, entry, $14, 0, held, counted, issued, rated, wechat, verified, web, 1 from moved
    on conflict (contest, entry, shard) do update set
        held = tallies.held + excluded.held,
        counted = tallies.counted + excluded.counted,
        issued = tallies.issued + excluded.issued,
        rated = tallies.rated + excluded.rated,
        wechat = tallies.wechat + excluded.wechat,
        verified = tallies.verified + excluded.verified,
        web = tallies.web + excluded.web,
        version = tallies.version + 1
)
select count(*) as changed,
    count(*) filter (where state = 'hold' and was = 'count') as held,
    count(*) filter (where state = 'count' and was <> 'count') as released,
    count(*) filter (where state = 'void' and was <> 'void') as voided,
    coalesce((select array_agg(entry) from moved), '{}') as entries,
    coalesce(json_agg(json_build_array(id, state, reasons, coalesce(group_id, ''), encode(salt, 'hex'))), '[]') as lines
from found;

-- name: insert_leaf
-- Decisions of people name no policy: then the last one that decided, or the one that judges ballots.
insert into decision_leaves (contest, number, policy_sha256, salt)
select $1, coalesce(max(number), 0) + 1, coalesce(
    $2,
    (select policy_sha256 from decision_leaves where contest = $1 order by number desc limit 1),
    (
        select details -> 'policy' ->> 'sha256' from audit_log where action = 'service.begin' order by at desc limit 1
    ),
    repeat('0', 64)
), $3
from decision_leaves where contest = $1
returning number, policy_sha256;

-- name: history
-- By which policy a ballot was judged when it was cast is what the service noted last before that.
select decided_at, stage, state, reasons, group_id,
    coalesce(policy_version, begun.details -> 'policy' ->> 'version') as policy_version,
    coalesce(policy_sha256, begun.details -> 'policy' ->> 'sha256') as policy_sha256,
    actor, ruling
from decisions d
left join lateral (
    select details
    from audit_log
    where d.stage = 'online' and action = 'service.begin' and at <= d.decided_at
    order by at desc
    limit 1
) as begun on true
where d.contest = $1 and d.ballot = $2
order by d.decided_at, d.id;

-- name: rulings_in_force
-- The last decision of a reviewer about each ballot, without those that were undone. What a first of two persons proposes
-- has changed no ballot, and what certification voids by itself follows from no ruling.
with last as (
    select distinct on (d.ballot) d.ballot, d.ruling, r.action, r.group_id
    from decisions d
    join rulings r on r.id = d.ruling
    where d.contest = $1 and d.stage = 'review'
    order by d.ballot, d.id desc
)
select ballot, ruling, action, group_id from last where action <> 'undo';
