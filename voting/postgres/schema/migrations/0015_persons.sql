-- expand: persons who sign in, by identities from outside of which only keyed hashes are stored
create table persons (
    contest text not null references contests (id),
    -- the keyed hash of an identity such as an openid, a unionid or a phone number
    subject bytea not null,
    -- random: the identity in the person's credentials
    person bytea not null,
    channel text not null,
    joined_at timestamptz not null default clock_timestamp(),
    primary key (contest, subject)
);
create index persons_by_person on persons (contest, person);

-- Two persons that turned out to be one, by their voters: the one that stays is in no other row as `voter`. Ballots keep the
-- voter under whom they were cast. A row is written in the transaction that gives the contest a new revision.
create table joined_voters (
    contest text not null references contests (id),
    voter bytea not null,
    into_voter bytea not null,
    joined_at timestamptz not null default clock_timestamp(),
    primary key (contest, voter)
);
create index joined_voters_by_person on joined_voters (contest, into_voter);
