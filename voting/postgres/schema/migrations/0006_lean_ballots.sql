-- expand: an index that no statement reads, and every ballot pays for
drop index ballots_by_id;
