-- expand: cells are channels and networks of an entry, and how many were asked in them before plays no part; the columns
-- asked, and client of confirmations, are no longer written
alter table suspect_cells alter column asked set default 0;
delete from suspect_cells where kind not in ('channel', 'network') and state = 'suspected' and proposal is null;
