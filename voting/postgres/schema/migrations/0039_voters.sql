-- expand: notices to voters, their complaints, why a vote is paused, and another display of its tally
create table announcements (
    number bigint generated always as identity primary key,
    contest text not null references contests,
    text_zh text not null,
    -- empty: readers of English see the Chinese text
    text_en text not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    published_at timestamptz not null default clock_timestamp(),
    published_by text not null,
    -- taken back before its end
    ended_at timestamptz,
    check (ends_at > starts_at)
);
create index announcements_by_contest on announcements (contest, ends_at);

create table complaints (
    number bigint generated always as identity primary key,
    contest text not null references contests,
    about text not null check (about in ('contest', 'entry', 'ballot')),
    -- the code of the entry, if it is about one
    entry text,
    -- the ballot of the receipt that came with it
    ballot uuid,
    -- as written; only staff read it; null once its retention is over
    body text,
    -- encrypted; null if none was given, or none is kept any more
    contact bytea,
    received_at timestamptz not null default clock_timestamp(),
    -- for whoever has the reference
    answer text,
    answered_at timestamptz,
    answered_by text,
    closed_at timestamptz,
    closed_by text
);
create index complaints_by_contest on complaints (contest, number);

alter table contests add column pause_reason text not null default '';
-- what voters see of the tally, in place of what the rules say; null: as they say
alter table contests add column display text;
