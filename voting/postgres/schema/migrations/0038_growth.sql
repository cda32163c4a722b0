-- expand: people's grounds for growth that nothing explains, voters who say that a ballot is not theirs, and one message
-- to those who wish to be told on WeChat when they must confirm
create table growth_decisions (
    contest text not null references contests,
    -- '' for the whole contest
    entry text not null,
    -- night, fresh, or the day as day-2026-05-03
    sign text not null,
    -- the upper bound of what was explained: more of it needs another decision
    most integer not null,
    reason text not null,
    actor text not null,
    account text,
    is_decided boolean not null,
    at timestamptz not null default clock_timestamp(),
    primary key (contest, entry, sign)
);

alter table confirmations add column denied_at timestamptz;
-- Where WeChat delivers the message, encrypted; deleted when it is sent, the voter has answered or the contest is over.
alter table confirmations add column openid bytea;
