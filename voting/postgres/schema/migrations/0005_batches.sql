-- expand: what a batch of ballots needs to stay fast
-- An index that begins with the contest can be chosen for a voter's ballots too, as long as the table is small, and a
-- prepared statement keeps that choice: then every batch read all ballots of the contest.
drop index ballots_by_time;
create index ballots_by_moment on ballots (recorded_at);
-- Room in each page for new versions of its rows: every batch writes them.
alter table tallies set (fillfactor = 50);
