-- expand: objections to a published result, and marks that judges give online
create table objections (
    number bigint generated always as identity primary key,
    contest text not null references contests,
    -- the certified result that it is about
    certification integer not null,
    matter text not null check (matter in ('eligibility', 'tally', 'marks', 'other')),
    -- as written; only staff read it
    body text not null,
    received_at timestamptz not null default clock_timestamp(),
    -- published
    answer text,
    answered_at timestamptz,
    answered_by text
);
create index objections_by_contest on objections (contest, number);

-- What a judge, who is an account, has marked so far; it does not count before it is submitted.
create table mark_drafts (
    contest text not null references contests,
    round text not null,
    judge text not null references staff_accounts,
    entry text not null,
    criterion text not null,
    mark numeric not null,
    saved_at timestamptz not null default clock_timestamp(),
    primary key (contest, round, judge, entry, criterion)
);

-- Entries that a judge does not mark, and why.
create table recusals (
    contest text not null references contests,
    round text not null,
    judge text not null references staff_accounts,
    entry text not null,
    reason text not null,
    recused_at timestamptz not null default clock_timestamp(),
    primary key (contest, round, judge, entry)
);

-- Judges whose drafts were taken as the round's marks: they can change nothing any more.
create table submissions (
    contest text not null references contests,
    round text not null,
    judge text not null references staff_accounts,
    submitted_at timestamptz not null default clock_timestamp(),
    primary key (contest, round, judge)
);
