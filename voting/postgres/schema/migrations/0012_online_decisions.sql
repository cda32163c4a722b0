-- expand: what is held when it is cast has a decision on record, as every later change has
-- So a state that no decision explains was set past the service.
insert into decisions (contest, ballot, decided_at, stage, state, reasons, actor)
select contest, id, recorded_at, 'online', state, reasons, 'policy'
from ballots b
where state = 'hold' and not exists (select from decisions d where d.contest = b.contest and d.ballot = b.id);
