-- expand: staff accounts with roles, passwords and second factors; keys with scopes and an end
-- Never deleted, so that a name in the audit log stands for one person. Without grants it can do nothing.
create table staff_accounts (
    name text primary key,
    -- argon2id
    password_hash text not null,
    -- encrypted with a key made from VOTING_SECRET; null: this account's roles need no code
    totp_secret bytea,
    -- the step of the last code that was accepted: none is accepted twice
    totp_step bigint not null default 0,
    created_at timestamptz not null default now()
);

create table staff_grants (
    account text not null references staff_accounts,
    role text not null check (role in ('owner', 'organiser', 'reviewer', 'judge', 'auditor')),
    -- null: every contest
    contest text references contests,
    granted_at timestamptz not null default now(),
    unique nulls not distinct (account, role, contest)
);

create table staff_recovery_codes (
    account text not null references staff_accounts,
    code_hash bytea not null,
    primary key (account, code_hash)
);

-- Failed sign-ins by a keyed hash of whom they concern: an account and an address, an account, or a known browser.
create table staff_attempts (
    subject bytea primary key,
    failed integer not null,
    tried_at timestamptz not null,
    -- no attempt is made before
    next_at timestamptz not null
);

alter table staff_keys drop constraint staff_keys_role_check;
alter table staff_keys
    add constraint staff_keys_role_check check (role in ('organiser', 'reviewer', 'judge', 'auditor')),
    -- the person whom the key stands for; it is dead while the account has not the key's role
    add column account text references staff_accounts,
    add column scopes text[] not null default '{read,write}',
    add column expires_at timestamptz;

alter table staff_sessions
    alter column key drop not null,
    add column account text references staff_accounts,
    -- by which its owner names it, to end it
    add column id uuid not null default gen_random_uuid() unique,
    add column opened_at timestamptz not null default clock_timestamp(),
    add column seen_at timestamptz not null default clock_timestamp(),
    add check (num_nonnulls(key, account) = 1);

-- What a first of two accounts wants to be done about a contest; when a second one wants the same, it is done.
create table proposals (
    contest text not null references contests,
    action text not null,
    details json not null,
    account text not null references staff_accounts,
    proposed_at timestamptz not null default clock_timestamp(),
    primary key (contest, action)
);
-- Null: one person certified it.
alter table certifications add column proposed_by text;
