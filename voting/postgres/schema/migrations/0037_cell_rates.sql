-- expand: the rate at which people elsewhere confirm, as the two persons saw it who had all voters of a cell asked; null:
-- it was not asked, or before there was this column, when every unconfirmed ballot became void
alter table suspect_cells add column rate double precision;
