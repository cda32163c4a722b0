-- name: select
select code, title, author, category, summary, cover, video, recommender, nomination, tags
from entries
where contest = $1 and (withdrawn_at is null or $2)
order by position, code;

-- name: initials
select code, initials from entries where contest = $1 and initials <> '';

-- name: withdraw
update entries set withdrawn_at = clock_timestamp()
where contest = $1 and code = $2 and withdrawn_at is null
returning code;

-- name: withdrawn
select code from entries where contest = $1 and withdrawn_at is not null;

-- name: remove
delete from entries where contest = $1 and code = any ($2::text[]);

-- name: upsert
insert into entries (
    contest, code, position, title, author, category, summary, cover, video, recommender, nomination, tags, initials)
select $1, code, position, title, author, category, summary, cover, video, recommender, nomination,
    array(select json_array_elements_text(tags::json)), initials
from unnest(
    $2::text[], $3::integer[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
    $11::text[], $12::text[], $13::text[])
    as given (code, position, title, author, category, summary, cover, video, recommender, nomination, tags, initials)
on conflict (contest, code) do update set
    position = excluded.position, title = excluded.title, author = excluded.author, category = excluded.category,
    summary = excluded.summary, cover = excluded.cover, video = excluded.video, recommender = excluded.recommender,
    nomination = excluded.nomination, tags = excluded.tags,
    initials = excluded.initials;

-- name: set_covers
update entries set cover = given.cover
from unnest($2::text[], $3::text[]) as given (code, cover)
where contest = $1 and entries.code = given.code;

-- name: insert_cover
-- Nothing if there is no such contest.
insert into covers (contest, name, media_type, body)
select id, $2, $3, $4 from contests where id = $1
on conflict do nothing;

-- name: cover
select media_type, body from covers where contest = $1 and name = $2;
