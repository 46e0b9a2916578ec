-- The other ways to log in, and what follows from a log-in: providers, passwords, refresh tokens.

-- What an app is known as at a provider: its client ids at Google and Apple, its bots at Telegram (`sealed` is the bot's
-- token), its client secret at Rampable (without a name).
create table app_providers (
    id uuid primary key,
    environment_id uuid not null,
    app_id uuid not null,
    provider text not null check (provider in ('google', 'apple', 'telegram', 'rampable')),
    name text collate "C" not null,
    sealed bytea,
    updated_at timestamptz not null
);
create unique index app_providers_name on app_providers (app_id, provider, name);

-- What a provider vouched for, and that is worth nothing a second time. The id is a hash.
create table spent_assertions (
    id bytea primary key check (length(id) = 32),
    environment_id uuid not null,
    expires_at timestamptz not null
);
create index spent_assertions_expiry on spent_assertions (expires_at);

-- Passwords of usernames: argon2id, with its parameters, as text.
create table passwords (
    identity_id uuid primary key,
    environment_id uuid not null,
    user_id uuid not null,
    hash text not null,
    updated_at timestamptz not null
);
create index passwords_user on passwords (user_id);

-- Tries of passwords. `name` is a hash over app and username, so that one that nobody has counts like any other.
create table password_tries (
    id uuid primary key,
    environment_id uuid not null,
    name bytea not null check (length(name) = 32),
    network text collate "C" not null,
    was_right boolean not null,
    created_at timestamptz not null
);
create index password_tries_name on password_tries (name, id);
create index password_tries_age on password_tries (was_right, created_at);

-- Accounts for Rampable, one a user.
create table rampable_accounts (
    user_id uuid primary key,
    environment_id uuid not null,
    username text not null,
    full_name text not null,
    password text not null,
    created_at timestamptz not null
);

-- What one log-in may go on with: a family of refresh tokens, of which one at a time is good.
create table token_families (
    id uuid primary key,
    environment_id uuid not null,
    user_id uuid not null,
    app_id uuid not null,
    amr text not null,
    provider text not null,
    auth_time timestamptz not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    ended_at timestamptz
);

-- A spent token stays until its end, so that using it again is noticed. `successor_id` is the newest one that was given
-- for it; one that is spent without a successor was never to be used.
create table refresh_tokens (
    id uuid primary key,
    environment_id uuid not null,
    family_id uuid not null,
    hash bytea not null check (length(hash) = 32),
    successor_id uuid,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz
);
