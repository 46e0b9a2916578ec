-- The other ways to log in, and what follows from a log-in: providers, passwords, refresh tokens.

-- What an app is known as at a provider: its client ids at Google and Apple, its bots at Telegram (`sealed` is the bot's
-- token), its client secret at Rampable (without a name).
create table app_providers (
    id blob primary key check (length(id) = 16),
    environment_id blob not null,
    app_id blob not null,
    provider text not null check (provider in ('google', 'apple', 'telegram', 'rampable')),
    name text not null,
    sealed blob,
    updated_at integer not null
) strict, without rowid;
create unique index app_providers_name on app_providers (app_id, provider, name);

-- What a provider vouched for, and that is worth nothing a second time. The id is a hash.
create table spent_assertions (
    id blob primary key check (length(id) = 32),
    environment_id blob not null,
    expires_at integer not null
) strict, without rowid;
create index spent_assertions_expiry on spent_assertions (expires_at);

-- Passwords of usernames: argon2id, with its parameters, as text.
create table passwords (
    identity_id blob primary key check (length(identity_id) = 16),
    environment_id blob not null,
    user_id blob not null,
    hash text not null,
    updated_at integer not null
) strict, without rowid;
create index passwords_user on passwords (user_id);

-- Tries of passwords. `name` is a hash over app and username, so that one that nobody has counts like any other.
create table password_tries (
    id blob primary key check (length(id) = 16),
    environment_id blob not null,
    name blob not null check (length(name) = 32),
    network text not null,
    was_right integer not null check (was_right in (0, 1)),
    created_at integer not null
) strict, without rowid;
create index password_tries_name on password_tries (name, id);
create index password_tries_age on password_tries (was_right, created_at);

-- Accounts for Rampable, one a user.
create table rampable_accounts (
    user_id blob primary key check (length(user_id) = 16),
    environment_id blob not null,
    username text not null,
    full_name text not null,
    password text not null,
    created_at integer not null
) strict, without rowid;

-- What one log-in may go on with: a family of refresh tokens, of which one at a time is good.
create table token_families (
    id blob primary key check (length(id) = 16),
    environment_id blob not null,
    user_id blob not null,
    app_id blob not null,
    amr text not null,
    provider text not null,
    auth_time integer not null,
    created_at integer not null,
    expires_at integer not null,
    ended_at integer
) strict, without rowid;

-- A spent token stays until its end, so that using it again is noticed. `successor_id` is the newest one that was given
-- for it; one that is spent without a successor was never to be used.
create table refresh_tokens (
    id blob primary key check (length(id) = 16),
    environment_id blob not null,
    family_id blob not null,
    hash blob not null check (length(hash) = 32),
    successor_id blob,
    created_at integer not null,
    expires_at integer not null,
    used_at integer
) strict, without rowid;
