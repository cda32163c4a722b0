-- expand: a log whose key was changed
-- The vkeys of before, oldest first: what they have signed stays checkable.
alter table logs add column old_vkeys text[] not null default '{}';
