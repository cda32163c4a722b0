-- name: select
select subject, person from persons where contest = $1 and subject = any ($2);

-- name: insert
-- In the order of the keys; a subject that was taken since raises a unique violation.
insert into persons (contest, subject, person, channel) select $1, subject, $2, $3 from unnest($4::bytea[]) as subject;

-- name: by_age
select person from persons where contest = $1 and person = any ($2) group by person order by min(joined_at), person;

-- name: move
update persons set person = $3 where contest = $1 and person = any ($2);

-- name: move_joined
-- Those that were joined to one of the voters $2.
update joined_voters set into_voter = $3, into_person = $4 where contest = $1 and into_voter = any ($2);

-- name: join
insert into joined_voters (contest, voter, into_voter, into_person) select $1, voter, $3, $4 from unnest($2::bytea[]) as voter;

-- name: overlap
-- The ballots of the voters $2, if the voter $3 has ballots, too.
select count(*) from ballots
where contest = $1 and voter = any ($2) and exists (select from ballots where contest = $1 and voter = $3);

-- name: joined
-- All voters that are joined to one person with any of the voters $2, and the voter into which they are joined.
select voter, into_voter from joined_voters
where contest = $1 and into_voter in (
    select coalesce(j.into_voter, given.voter)
    from unnest($2::bytea[]) as given (voter)
    left join joined_voters j on j.contest = $1 and j.voter = given.voter
);

-- name: overlaps
-- Of the contest's persons who were found to be two voters: how many, how many of them voted as both, and with how many
-- ballots as the voter that was given up.
select count(*) as persons, count(*) filter (where ballots > 0 and has_both) as both,
    coalesce(sum(ballots) filter (where has_both), 0)::bigint as ballots
from (
    select exists (select from ballots b where b.contest = j.contest and b.voter = j.into_voter) as has_both,
        (select count(*) from ballots b where b.contest = j.contest and b.voter = j.voter) as ballots
    from joined_voters j
    where j.contest = $1
) as each;
