-- expand: what each minute of a vote brought, for the live boards
create table ballot_minutes (
    contest text not null,
    minute timestamptz not null,
    -- empty where the facts of the ballots are unknown; a minute without ballots has one row, with 0
    channel text not null,
    app text not null,
    device text not null,
    ballots integer not null,
    -- of these, the first ballots of their voters
    voters integer not null,
    primary key (contest, minute, channel, app, device)
);

-- Attempts that were refused, by the code of the refusal: they leave no other trace.
create table refused_minutes (
    contest text not null,
    minute timestamptz not null,
    code text not null,
    refused integer not null,
    primary key (contest, minute, code)
);

-- When the last near-line sweep of the contest ended.
alter table decision_books add column swept_at timestamptz;
