-- name: insert
insert into announcements (contest, text_zh, text_en, starts_at, ends_at, published_by)
values ($1, $2, $3, $4, $5, $6)
returning number;

-- name: select_lasting
select number, text_zh, text_en, starts_at, ends_at
from announcements
where contest = $1 and ended_at is null and ends_at > clock_timestamp()
order by starts_at, number;

-- name: end
update announcements set ended_at = clock_timestamp()
where contest = $1 and number = $2 and ended_at is null and ends_at > clock_timestamp()
returning number;
