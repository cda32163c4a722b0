-- expand: the kinds of clients that ballots came from
-- `agent`: the keyed hash of a User-Agent, as in the facts of ballots. The User-Agent itself is not stored.
create table clients (
    contest text not null references contests (id),
    agent bigint not null,
    app text not null,
    device text not null,
    browser text not null,
    system text not null,
    primary key (contest, agent)
);
