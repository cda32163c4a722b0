-- expand: which notice a voter agreed to, in which language and when; and a random part of each contest's keys
create table consents (
    contest text not null references contests (id),
    voter bytea not null,
    version text not null,
    language text not null,
    given_at timestamptz not null default clock_timestamp(),
    primary key (contest, voter, version)
);

-- Keyed hashes of voters and of their identities and addresses depend on it. Deleting it at the end of retention makes
-- the hashes meaningless, also to whoever knows the service's secret. Contests from before have none.
alter table contests add column hash_key bytea;
