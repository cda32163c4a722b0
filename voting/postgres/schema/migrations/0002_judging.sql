-- expand: experts' marks, outside figures, awards taken back
create table marks (
    contest text not null references contests,
    round text not null,
    judge text not null,
    entry text not null,
    criterion text not null,
    -- as written: an exact decimal
    mark numeric not null,
    primary key (contest, round, judge, entry, criterion)
);

create table metrics (
    contest text not null references contests,
    metric text not null,
    entry text not null,
    value bigint not null,
    primary key (contest, metric, entry)
);

create table revocations (
    contest text not null references contests,
    award text not null,
    entry text not null,
    reason text not null,
    at timestamptz not null default now(),
    primary key (contest, award, entry)
);
