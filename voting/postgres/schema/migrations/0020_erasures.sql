-- expand: voters whose observations are to be erased once the result is certified
-- Until then fraud control needs them: a script could otherwise erase its traces after each ballot.
create table erasures (
    contest text not null references contests (id),
    voter bytea not null,
    wished_at timestamptz not null default clock_timestamp(),
    primary key (contest, voter)
);
