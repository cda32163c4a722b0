-- expand: voters asked to confirm that they are people, their answers, and decisions about cells of ballots
create table confirmations (
    contest text not null,
    voter bytea not null,
    -- the ballot with which chance chose the voter; null: all voters of a cell were asked
    ballot uuid,
    asked_at timestamptz not null,
    channel text not null,
    -- the chance with which the voter was asked
    share double precision not null,
    -- keyed hashes of what was observed with that ballot, deleted with the other observations
    network text,
    client text,
    -- what a voter without another channel tells the organiser
    code text not null,
    codes_sent smallint not null default 0,
    -- the cell whose voters must confirm, and until when; null: nothing depends on the answer
    cell text,
    due_at timestamptz,
    confirmed_at timestamptz,
    -- a channel, or `host`: the organiser knows the person
    confirmed_by text,
    -- the keyed hash of the identity that confirmed: it confirms one voter
    subject bytea,
    primary key (contest, voter),
    unique (contest, code),
    unique (contest, subject)
);

create table suspect_cells (
    contest text not null,
    id text not null,
    kind text not null check (kind in ('entry', 'day', 'channel', 'network', 'client')),
    entry text not null,
    value text not null,
    -- suspected: more of its voters are asked; open: people must decide; asked: all its voters must confirm; accepted
    state text not null check (state in ('suspected', 'open', 'asked', 'accepted')),
    -- the share of its voters who are asked when they vote, and how many had been when it was last raised
    share double precision not null,
    asked integer not null,
    -- what a first person proposes and a second confirms: {action, hours, actor, person, reason}
    proposal jsonb,
    hours integer,
    decided_by text,
    reason text,
    version bigint not null default 1,
    found_at timestamptz not null default clock_timestamp(),
    changed_at timestamptz not null default clock_timestamp(),
    primary key (contest, id)
);
