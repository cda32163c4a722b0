-- expand: the tier of a ballot's credential, and tallies of counted picks by tier
-- The number of voting/domain/identity/tier.py; null in ballots recorded before.
alter table ballots
    add column tier smallint,
    -- of a tier with a tally of its own: it adds to the columns by tier below, and to no other figure
    add column apart boolean not null default false;
alter table tallies
    add column issued bigint not null default 0,
    add column rated bigint not null default 0,
    add column wechat bigint not null default 0,
    add column verified bigint not null default 0,
    add column web bigint not null default 0;
-- [entry, counted picks by tier in the order above]; null in certifications of before.
alter table certifications add column tiers jsonb;
