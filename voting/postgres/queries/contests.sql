-- name: insert
insert into contests (id, uid, document, opens_at, closes_at, hash_key)
values ($1, $2, $3, $4, $5, $6)
on conflict (id) do nothing
returning id;

-- name: select
select id, uid, document, opens_at, closes_at, paused, pause_reason, display, revision, sealed_at, hash_key,
    exists (select from certifications where contest = contests.id and reopened_at is null) as certified,
    exists (select from joined_voters where contest = contests.id) as has_joined_voters,
    (select json_agg(json_build_array(number, text_zh, text_en, starts_at, ends_at))::text
     from announcements
     where contest = contests.id and ended_at is null and ends_at > clock_timestamp()) as announcements,
    clock_timestamp() as now
from contests
where id = $1;

-- name: select_all
select id, uid, document, opens_at, closes_at, paused, pause_reason, display, revision, sealed_at, hash_key,
    exists (select from certifications where contest = contests.id and reopened_at is null) as certified,
    exists (select from joined_voters where contest = contests.id) as has_joined_voters,
    (select json_agg(json_build_array(number, text_zh, text_en, starts_at, ends_at))::text
     from announcements
     where contest = contests.id and ended_at is null and ends_at > clock_timestamp()) as announcements,
    clock_timestamp() as now
from contests
order by opens_at desc, id;

-- name: select_ids
select id from contests;

-- name: select_current
-- By an index: past contests, however many, are not read.
select id, uid, document, opens_at, closes_at, paused, pause_reason, display, revision, sealed_at, hash_key,
    exists (select from certifications where contest = contests.id and reopened_at is null) as certified,
    exists (select from joined_voters where contest = contests.id) as has_joined_voters,
    (select json_agg(json_build_array(number, text_zh, text_en, starts_at, ends_at))::text
     from announcements
     where contest = contests.id and ended_at is null and ends_at > clock_timestamp()) as announcements,
    clock_timestamp() as now
from contests
where closes_at > statement_timestamp() - interval '1 day' and opens_at < statement_timestamp() + interval '1 hour'
order by opens_at desc, id;

-- name: make_gates
insert into gates (contest, number, revision) select $1, number, 1 from generate_series(0, $2::int - 1) as number;

-- name: lock_gates
select number from gates where contest = $1 order by number for update;

-- name: set_paused
update contests set paused = $2, pause_reason = $3, revision = revision + 1 where id = $1;

-- name: set_display
update contests set display = $2, revision = revision + 1 where id = $1;

-- name: replace
update contests set document = $2, opens_at = $3, closes_at = $4, display = null, revision = revision + 1 where id = $1;

-- name: seal
update contests set sealed_at = coalesce(sealed_at, clock_timestamp()) where id = $1;

-- name: extend
update contests set closes_at = $2, revision = revision + 1 where id = $1;

-- name: revise
update contests set revision = revision + 1 where id = $1;
