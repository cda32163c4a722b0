-- name: make_book
insert into decision_books (contest) values ($1) on conflict do nothing;

-- name: lock_book
select 1 from decision_books where contest = $1 for update;

-- name: insert
-- After the certificates that the log has, too, if the database has lost some.
insert into certifications (
    contest, number, actor, policy_version, policy_sha256, ballots_sha256, document_sha256, roster_sha256, marks_sha256,
    metrics_sha256, revocations_sha256, window_sha256, public_only, tallies, proposed_by, tiers, without_witnesses)
select $1, coalesce(greatest(max(number), (select certified from logs where contest = $1)), 0) + 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16
from certifications
where contest = $1
returning number, certified_at;

-- name: select
-- The one that stands, or the one of this number.
select number, certified_at, actor, policy_version, policy_sha256, ballots_sha256, document_sha256, roster_sha256,
    marks_sha256, metrics_sha256, revocations_sha256, window_sha256, public_only, tallies, proposed_by, tiers,
    without_witnesses
from certifications
where contest = $1 and case when $2::integer is null then reopened_at is null else number = $2 end;

-- name: reopen
update certifications set reopened_at = clock_timestamp(), reopened_by = $2, reopened_reason = $3
where contest = $1 and reopened_at is null
returning number;
