-- name: show_notice
insert into notices (contest, version, zh, en) values ($1, $2, $3, $4) on conflict do nothing;

-- name: notice_at
-- The notice that was in force at $2, or the first one.
select version from notices where contest = $1 order by shown_from > $2, abs(extract(epoch from shown_from - $2)) limit 1;

-- name: give_consent
-- Given again it keeps its first moment.
with given as (
    insert into consents (contest, voter, version, language) values ($1, $2, $3, $4) on conflict do nothing
    returning version, language, given_at
)
select * from given
union all
select version, language, given_at from consents where contest = $1 and voter = $2 and version = $3;

-- name: consents
select version, language, given_at from consents where contest = $1 and voter = any ($2) order by given_at;

-- name: delete_consents
delete from consents where contest = $1;

-- name: ballots
select b.id, b.recorded_at, b.state, coalesce(json_typeof(facts -> b.place) = 'array', false) as has_facts
from ballots b
join batches on batches.contest = b.contest and batches.id = b.batch
where b.contest = $1 and b.voter = any ($2)
order by b.recorded_at, b.ordinal;

-- name: identities
select (select count(*) from persons where contest = $1 and person = $2 and erased_at is null)
    + (select count(subject) from confirmations where contest = $1 and voter = any ($3));

-- name: into_person
select into_person from joined_voters where contest = $1 and voter = $2;

-- name: wish_erasure
insert into erasures (contest, voter) select $1, voter from unnest($2::bytea[]) as voter on conflict do nothing;

-- name: delete_openids
update confirmations set openid = null where contest = $1 and voter = any ($2) and openid is not null;

-- name: take_erasures
delete from erasures where contest = $1 returning voter;

-- name: has_wished
select count(*) = cardinality($2::bytea[]) from erasures where contest = $1 and voter = any ($2);

-- name: erase_facts
-- What was observed of the ballots of the voters $2 is replaced by its hash, which a certified result is verified with.
select erase_facts($1, $2);

-- name: count_erased
insert into erased_days (contest, day, voters) values ($1, (statement_timestamp() at time zone 'UTC')::date, $2)
on conflict (contest, day) do update set voters = erased_days.voters + excluded.voters;

-- name: erase_person
update persons set erased_at = coalesce(erased_at, clock_timestamp()) where contest = $1 and person = $2;

-- name: due
-- Every contest, or the one that is $1, with the time of the certification in force; null where there is none.
select id, closes_at, (
    select max(certified_at) from certifications where contest = contests.id and reopened_at is null
) as certified_at, clock_timestamp() as now
from contests
where $1::text is null or id = $1
order by id;

-- name: delete_erased
-- Persons who wished to be erased, once the window has closed.
delete from persons using contests
where contests.id = persons.contest and contests.id = $1 and erased_at is not null and closes_at <= statement_timestamp();

-- name: erase_all_facts
-- A portion of the contest's batches, after the id $2: the last id, and how many ballots had facts.
select last, ballots from erase_all_facts($1, $2);

-- name: delete_persons
delete from persons where contest = $1;

-- name: delete_hash_key
-- An empty key says that there was one.
update contests set hash_key = '', revision = revision + 1 where id = $1 and hash_key <> '';

-- name: delete_joined
delete from joined_voters where contest = $1;

-- name: delete_clients
delete from clients where contest = $1;
