-- expand: notices to voters, erasure and retention
-- A notice and from when on it was shown: a voter's first ballot is cast under the one in force then.
create table notices (
    contest text not null references contests (id),
    version text not null,
    zh text not null,
    en text not null,
    shown_from timestamptz not null default clock_timestamp(),
    primary key (contest, version)
);

-- Erased at the person's wish. Until the window closes the row stays, so that a new sign-in finds the quota used.
alter table persons add column erased_at timestamptz;
-- The person that stays, to find what else is stored of it.
alter table joined_voters add column into_person bytea;
