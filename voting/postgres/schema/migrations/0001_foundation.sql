-- expand: the first schema
create table contests (
    id text primary key,
    -- names the contest's keys in Redis: a contest made anew never meets an older one's view
    uid uuid not null,
    document text not null,
    opens_at timestamptz not null,
    closes_at timestamptz not null,
    paused boolean not null default false,
    -- grows with every change; processes read the contest again when it moves
    revision bigint not null default 1,
    created_at timestamptz not null default now(),
    check (closes_at > opens_at)
);

create table covers (
    contest text not null references contests,
    name text not null,
    media_type text not null,
    body bytea not null,
    primary key (contest, name)
);

create table entries (
    contest text not null references contests,
    code text not null,
    position integer not null,
    title text not null,
    author text not null,
    category text not null,
    summary text not null,
    cover text not null,
    video text not null,
    primary key (contest, code)
);

-- One row for each voter who has tried to cast: its lock puts a voter's ballots in order.
create table voters (
    contest text not null,
    voter bytea not null,
    channel text,
    first_seen timestamptz not null,
    primary key (contest, voter)
);

create table ballots (
    contest text not null,
    voter bytea not null,
    idempotency_key text not null,
    id uuid not null,
    -- the order of the commitments, for the log to come
    sequence bigint generated always as identity,
    body_digest bytea not null,
    picks text[] not null,
    state text not null check (state in ('count', 'hold', 'void')),
    reasons text[] not null default '{}',
    recorded_at timestamptz not null,
    salt bytea not null,
    -- byte for byte what the voter was answered, so that a retry gets the same
    answer text not null,
    primary key (contest, voter, idempotency_key)
);
create index ballots_by_id on ballots (id);
create index ballots_by_time on ballots (contest, recorded_at);

-- A quota of N is N slots: unique here, so no race can hand out more.
create table quota_slots (
    contest text not null,
    voter bytea not null,
    quota smallint not null,
    scope text not null,
    period timestamptz not null,
    slot smallint not null,
    ballot uuid not null,
    primary key (contest, voter, quota, scope, period, slot)
);

-- What was observed of a ballot's client, apart from the ballot so that it can be deleted.
create table ballot_facts (
    contest text not null,
    voter bytea not null,
    ballot uuid not null,
    facts jsonb not null,
    primary key (contest, voter, ballot)
);

-- Sharded by voter, so that a popular entry's row is not a queue.
create table tallies (
    contest text not null,
    entry text not null,
    shard smallint not null,
    raw bigint not null,
    held bigint not null,
    counted bigint not null,
    version bigint not null,
    primary key (contest, entry, shard)
);

-- The tally as of a moment that voters were shown: [code, raw, held, counted] for each entry.
create table shown_tallies (
    contest text not null,
    as_of timestamptz not null,
    tallies jsonb not null,
    primary key (contest, as_of)
);

create table spent_challenges (
    contest text not null,
    challenge bytea not null,
    expires_at timestamptz not null,
    primary key (contest, challenge)
);
create index spent_challenges_by_expiry on spent_challenges (expires_at);

create table staff_keys (
    id text primary key,
    name text not null,
    role text not null check (role in ('organiser', 'judge', 'auditor')),
    contest text references contests,
    key_hash bytea not null,
    created_at timestamptz not null default now(),
    revoked_at timestamptz
);

create table staff_sessions (
    session_hash bytea primary key,
    key text not null references staff_keys,
    expires_at timestamptz not null
);

create table audit_log (
    id bigint generated always as identity primary key,
    at timestamptz not null default now(),
    actor text not null,
    action text not null,
    contest text,
    details jsonb not null
);
