-- expand: the pinyin initials of entries, by which voters find them
-- Of title and author; empty until the roster is imported again. Not part of the roster that a certification binds.
alter table entries add column initials text not null default '';
