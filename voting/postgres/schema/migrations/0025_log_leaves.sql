-- expand: leaves of acts, days, erasures, the close and certificates; witnesses of the log
-- Of acts whose details the log has as a salted hash.
alter table audit_log add column salt bytea;

alter table logs
    -- leaves of ballots so far, and the picks that they state
    add column ballots bigint not null default 0,
    add column picks bigint not null default 0,
    -- the last day that was sealed, the end of the window that was closed, and the last certificate
    add column sealed_on date,
    add column closed_for timestamptz,
    add column certified integer not null default 0,
    -- the newest checkpoint with enough cosignatures
    add column cosigned text,
    add column cosigned_at timestamptz;
update logs set
    ballots = (select coalesce(sum(leaves), 0) from log_batches where contest = logs.contest),
    picks = (
        select coalesce(sum(cardinality(ballots.picks)), 0)
        from log_batches join ballots on ballots.contest = log_batches.contest and ballots.batch = log_batches.batch
        where log_batches.contest = logs.contest
    );

-- What a day's leaf is opened with: its salt, and the raw picks by entry as the JSON that was hashed.
create table log_seals (
    contest text not null,
    day date not null,
    salt bytea not null,
    raw text not null,
    primary key (contest, day)
);

-- How many voters were erased on a day (UTC), until the log has it.
create table erased_days (
    contest text not null,
    day date not null,
    voters integer not null,
    primary key (contest, day)
);

-- The newest cosignature of each witness.
create table log_witnesses (
    contest text not null,
    witness text not null,
    size bigint not null,
    line text not null,
    at timestamptz not null default clock_timestamp(),
    primary key (contest, witness)
);
