-- expand: the contests that workers look at every few seconds are found without reading the past ones
create index contests_by_end on contests (closes_at);
