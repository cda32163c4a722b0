-- expand: refusals by worker process, whose sums can be stored again after a time-out; refused_minutes is not written any more
create table refusals (
    contest text not null,
    minute timestamptz not null,
    code text not null,
    worker uuid not null,
    -- of this worker in this minute, so far
    refused integer not null,
    primary key (contest, minute, code, worker)
);
