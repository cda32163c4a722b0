-- expand: decisions on ballots with their history, groups and what reviewers decide about them, certified results
-- Null for the ballots that nothing was found about, which is nearly all of them.
alter table ballots add column group_id text;
-- Both what is not counted and the members of a group; a counted ballot without a group pays nothing for it.
create index ballots_in_question on ballots (contest, group_id) where group_id is not null or state <> 'count';

-- Every change of a ballot's decision; never updated, never deleted. A ballot without a row is as it was cast.
create table decisions (
    id bigint generated always as identity primary key,
    contest text not null,
    ballot uuid not null,
    decided_at timestamptz not null default clock_timestamp(),
    stage text not null check (stage in ('online', 'nearline', 'certification', 'review')),
    state text not null check (state in ('count', 'hold', 'void')),
    reasons text[] not null,
    group_id text,
    -- null: decided when it was cast, by the policy that its facts name
    policy_version text,
    policy_sha256 text,
    actor text not null,
    -- the ruling of a reviewer that it follows from
    ruling bigint
);
create index decisions_by_ballot on decisions (contest, ballot);

create table groups (
    contest text not null,
    id text not null,
    -- the sweep that found it last
    stage text not null check (stage in ('nearline', 'certification')),
    -- gone: it was open, and no ballot is in it any more
    state text not null default 'open' check (state in ('open', 'released', 'void', 'gone')),
    reasons text[] not null,
    evidence jsonb not null,
    ballots bigint not null,
    -- its picks by entry
    entries jsonb not null,
    policy_version text not null,
    policy_sha256 text not null,
    -- grows with every change: who decides says which one was seen
    version bigint not null default 1,
    -- what a first person proposes and a second confirms: {action, actor, person, reason, at}
    proposal jsonb,
    decided_by text,
    found_at timestamptz not null default clock_timestamp(),
    changed_at timestamptz not null default clock_timestamp(),
    primary key (contest, id)
);

-- What reviewers did about groups; never updated, never deleted.
create table rulings (
    id bigint generated always as identity primary key,
    contest text not null,
    group_id text not null,
    at timestamptz not null default clock_timestamp(),
    -- propose: the first of two persons
    step text not null check (step in ('propose', 'withdraw', 'decide')),
    action text not null check (action in ('release', 'void', 'undo')),
    actor text not null,
    reason text not null,
    ballots bigint not null
);
create index rulings_by_group on rulings (contest, group_id);

-- Its row's lock puts all that changes decisions of a contest in order; casting does not touch it.
create table decision_books (contest text primary key);

create table certifications (
    contest text not null,
    number integer not null,
    certified_at timestamptz not null default clock_timestamp(),
    actor text not null,
    policy_version text not null,
    policy_sha256 text not null,
    -- over every ballot and what was observed of it
    ballots_sha256 text not null,
    document_sha256 text not null,
    -- [entry, raw, held, void, counted], by entry
    tallies jsonb not null,
    -- set when the contest was opened for review again: the result before is kept
    reopened_at timestamptz,
    reopened_by text,
    reopened_reason text,
    primary key (contest, number)
);
create unique index certification_that_stands on certifications (contest) where reopened_at is null;

-- Who does what only one process of all servers may do.
create table leases (
    name text primary key,
    holder uuid not null,
    until timestamptz not null
);
