-- expand: boards read what is held or void of the last hour, not of all days; building it reads every ballot once
create index concurrently ballots_in_question_by_moment on ballots (contest, recorded_at) where state <> 'count';
