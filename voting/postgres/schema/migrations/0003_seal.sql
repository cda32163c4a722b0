-- expand: rules are sealed, entries can be withdrawn
alter table contests add column sealed_at timestamptz;
alter table entries add column withdrawn_at timestamptz;
