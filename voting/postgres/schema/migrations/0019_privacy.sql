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

-- The application may not change what was observed of ballots. It may replace it by its hash, with these functions, which
-- run as the owner of the tables.
create function erased(fact json) returns json language sql immutable as $$
    select case when json_typeof(fact) = 'array'
        then to_json(encode(sha256(convert_to(fact::text, 'UTF8')), 'hex')) else fact end
$$;

create function erase_facts(of_contest text, of_voters bytea[]) returns void language sql security definer
set search_path = public, pg_temp as $$
    update batches set facts = (
        select json_agg(case when place - 1 = any (mine.places) then erased(fact) else fact end order by place)
        from json_array_elements(batches.facts) with ordinality as observed (fact, place)
    )
    from (
        select batch, array_agg(place) as places from ballots
        where contest = of_contest and voter = any (of_voters)
        group by batch
    ) as mine
    where batches.contest = of_contest and batches.id = mine.batch
$$;

-- A portion of a contest's batches, after the id `after`: the last id, and how many ballots had facts.
create function erase_all_facts(of_contest text, after bigint, out last bigint, out ballots bigint) language sql
security definer set search_path = public, pg_temp as $$
    with portion as (
        select id, facts from batches where contest = of_contest and id > after order by id limit 100
    ), changed as (
        update batches set facts = (
            select json_agg(erased(fact) order by place)
            from json_array_elements(batches.facts) with ordinality as observed (fact, place)
        )
        from portion
        where batches.contest = of_contest and batches.id = portion.id
    )
    select max(id), coalesce(sum((
        select count(*) from json_array_elements(facts) as fact where json_typeof(fact) = 'array'
    )), 0)::bigint
    from portion
$$;
revoke execute on function erase_facts, erase_all_facts from public;
