-- expand: decisions on ballots are leaves of the public log
-- A leaf commits to the decisions of one transaction. Its last line says nothing, so that a leaf does not show whether
-- there was any; `salt` is that line's.
create table decision_leaves (
    contest text not null references contests (id),
    number integer not null,
    policy_sha256 text not null,
    salt bytea not null,
    primary key (contest, number)
);

-- The leaf that a decision is in, and the salt of its line there. Null: it is older, or the ballot's own leaf has it.
alter table decisions add column leaf integer, add column salt bytea;
