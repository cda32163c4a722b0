-- expand: a certification binds the window, and says whether it is of the public vote alone
alter table certifications
    -- null in certifications of before
    add column window_sha256 text,
    add column public_only boolean not null default false;
