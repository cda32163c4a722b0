-- expand: a public log of the ballots, and commitments in three parts
-- Of batches from before there was a log these are null. `parts`: by place the parts of the state and of the person, 32
-- bytes each. `person_salts`: by place; null once what was observed is erased.
alter table batches add column parts bytea, add column person_salts bytea[];

create or replace function erase_facts(of_contest text, of_voters bytea[]) returns void language sql security definer
set search_path = public, pg_temp as $$
    update batches set facts = (
        select json_agg(case when place - 1 = any (mine.places) then erased(fact) else fact end order by place)
        from json_array_elements(batches.facts) with ordinality as observed (fact, place)
    ), person_salts = (
        select array_agg(case when place - 1 = any (mine.places) then null else salt end order by place)
        from unnest(batches.person_salts) with ordinality as salted (salt, place)
    )
    from (
        select batch, array_agg(place) as places from ballots
        where contest = of_contest and voter = any (of_voters)
        group by batch
    ) as mine
    where batches.contest = of_contest and batches.id = mine.batch
$$;

create or replace function erase_all_facts(of_contest text, after bigint, out last bigint, out ballots bigint)
language sql security definer set search_path = public, pg_temp as $$
    with portion as (
        select id, facts from batches where contest = of_contest and id > after order by id limit 100
    ), changed as (
        update batches set facts = (
            select json_agg(erased(fact) order by place)
            from json_array_elements(batches.facts) with ordinality as observed (fact, place)
        ), person_salts = null
        from portion
        where batches.contest = of_contest and batches.id = portion.id
    )
    select max(id), coalesce(sum((
        select count(*) from json_array_elements(facts) as fact where json_typeof(fact) = 'array'
    )), 0)::bigint
    from portion
$$;

-- What waits for the log: a row is written in the transaction of what it is about, and deleted in the one that appends it.
-- What is there is taken, and no position is kept: rows commit in another order than that of their numbers.
create table log_queue (
    contest text not null,
    number bigint generated always as identity,
    -- of ballots; null for other leaves
    batch bigint,
    -- framed as in the log's bundles
    entries bytea not null,
    queued_at timestamptz not null default clock_timestamp(),
    primary key (contest, number)
);

-- The end of each contest's log, with the newest signed checkpoint. `edge`: the entries of the last bundle if it is not full.
create table logs (
    contest text primary key references contests (id),
    origin text not null,
    vkey text not null,
    size bigint not null,
    root bytea not null,
    checkpoint text not null,
    edge bytea not null,
    signed_at timestamptz not null default clock_timestamp(),
    -- why nothing is appended any more
    frozen text
);

-- Full tiles of 256 hashes, which never change; at level -1 the bundles of entries, whose root is that of the tile of level 0.
-- Partial tiles are sliced from these and the edge.
create table log_tiles (
    contest text not null,
    level smallint not null,
    number bigint not null,
    root bytea not null,
    body bytea not null,
    primary key (contest, level, number)
);

-- Where each batch of ballots stands.
create table log_batches (
    contest text not null,
    batch bigint not null,
    first bigint not null,
    leaves integer not null,
    primary key (contest, batch)
);
