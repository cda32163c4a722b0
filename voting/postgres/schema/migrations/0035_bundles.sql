-- expand: certified bundles, the persons who sign them, and time stamps
-- Files that a log or a bundle names by their SHA-256, in hex.
create table log_files (
    sha256 text primary key,
    body bytea not null
);

-- What is published of a certified result. Its files are in `log_files`, those of the log in `log_tiles`.
create table bundles (
    contest text not null,
    number integer not null,
    -- leaves before the certificate's, with the log's checkpoint of that size, and its cosignatures if there was a quorum
    size bigint not null,
    checkpoint text not null,
    cosigned text,
    manifest text not null,
    -- the leaf
    certificate text not null,
    primary key (contest, number),
    foreign key (contest, number) references certifications (contest, number)
);

-- Signatures of the certificate by persons whom the log's first leaf names: a line of a signed note each.
create table certificate_signatures (
    contest text not null,
    number integer not null,
    name text not null,
    line text not null,
    received_at timestamptz not null default clock_timestamp(),
    primary key (contest, number, name),
    foreign key (contest, number) references bundles (contest, number)
);

-- RFC 3161 time stamps: what is stamped, and the authority's answer once there is one.
create table time_stamps (
    contest text not null references contests (id),
    name text not null,
    body text not null,
    wanted_at timestamptz not null default clock_timestamp(),
    authority text,
    answer bytea,
    stamped_at timestamptz,
    primary key (contest, name)
);

-- The leaves up to the last close, with it.
alter table logs add column closed_size bigint;

-- Whether it was certified though too few witnesses had cosigned the log.
alter table certifications add column without_witnesses boolean not null default false;
