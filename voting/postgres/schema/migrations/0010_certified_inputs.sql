-- expand: a certification binds what the result follows from besides the ballots
-- Null in certifications of before: they bind none of it.
alter table certifications
    add column roster_sha256 text,
    add column marks_sha256 text,
    add column metrics_sha256 text,
    add column revocations_sha256 text;
