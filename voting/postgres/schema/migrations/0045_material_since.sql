-- expand: since when every estimate found invented voters in a cell, which is named once they did so for a day; null: the
-- last did not
alter table suspect_cells add column material_since timestamptz;
