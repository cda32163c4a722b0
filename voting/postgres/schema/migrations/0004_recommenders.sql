-- expand: who recommended an entry, by which way of nomination, and its further themes
alter table entries
    add column recommender text not null default '',
    add column nomination text not null default '',
    add column tags text[] not null default '{}';
