-- expand: what the certification estimates where single ballots cannot be told apart
-- [entry, sign, low, estimate, high]: picks beyond what honest voters explain; nothing is subtracted for them.
alter table decision_books add column excesses jsonb not null default '[]';
