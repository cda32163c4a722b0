-- expand: decisions made between a restored backup and the log's recovery get numbers that the log has not used
-- They keep their lines and salts: the application, which may run this, can change no decision otherwise. That the log must
-- be frozen guards against a mistake, not against the application, which freezes logs; other numbers than the public log's
-- are found by whoever checks it.
create function renumber_decisions(of_contest text, since integer, higher integer) returns void language plpgsql
security definer set search_path = public, pg_temp as $$
begin
    if higher < 1 or not exists (select from logs where contest = of_contest and frozen is not null) then
        raise exception 'decisions of % are numbered again only when its frozen log is recovered', of_contest;
    end if;
    -- In two steps: a number may be another's until that has moved, too.
    update decision_leaves set number = -number where contest = of_contest and number >= since;
    update decision_leaves set number = higher - number where contest = of_contest and number < 0;
    update decisions set leaf = leaf + higher where contest = of_contest and leaf >= since;
end $$;
revoke execute on function renumber_decisions from public;
