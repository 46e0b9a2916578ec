-- One-time codes: what was asked for, what was sent, and who is familiar to whom.

-- One attempt budget, bound to one destination and one purpose. `code_mac` is a MAC under a root key: a code is never
-- stored. `user_id` is who was signed in when it was asked for; a log-in has none.
create table challenges (
    id uuid primary key,
    environment_id uuid not null,
    app_id uuid,
    user_id uuid,
    purpose text not null check (purpose in ('log_in', 'confirm_contact', 'export_wallet', 'give_consent', 'change_identity', 'join_accounts')),
    kind text not null check (kind in ('email', 'phone')),
    key text collate "C" not null,
    shown text not null,
    code_mac bytea not null check (length(code_mac) = 48),
    tries bigint not null,
    wrong bigint not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz
);

-- Every send, for the budgets: by destination and by network.
create table code_sends (
    id uuid primary key,
    environment_id uuid not null,
    app_id uuid,
    challenge_id uuid not null,
    kind text not null check (kind in ('email', 'phone')),
    key text collate "C" not null,
    network text collate "C" not null,
    familiar boolean not null,
    created_at timestamptz not null
);
create index code_sends_destination on code_sends (environment_id, kind, key, id);
create index code_sends_network on code_sends (environment_id, network, id);

-- Networks from which a destination was proven: half of its budget is theirs.
create table familiar_networks (
    environment_id uuid not null,
    kind text not null check (kind in ('email', 'phone')),
    key text collate "C" not null,
    network text collate "C" not null,
    proven_at timestamptz not null,
    primary key (environment_id, kind, key, network)
);
create index familiar_networks_age on familiar_networks (proven_at);

-- Messages on their way, under the id of their job. `sealed` holds destination, code and texts; it is erased once sent.
create table messages (
    id uuid primary key,
    environment_id uuid not null,
    challenge_id uuid not null,
    channel text not null check (channel in ('whatsapp', 'sms', 'email', 'http')),
    sealed bytea,
    state text not null check (state in ('pending', 'sent', 'unknown', 'delivered', 'failed')),
    attempts bigint not null,
    -- Attempts over the channel that it is on now, and the channels that it was on before.
    channel_attempts bigint not null,
    tried text not null,
    provider_id text,
    last_error text,
    expires_at timestamptz not null,
    created_at timestamptz not null,
    finished_at timestamptz
);
create index messages_provider on messages (provider_id) where provider_id is not null;

-- What a sandbox would have sent. It never leaves.
create table inbox (
    id uuid primary key,
    environment_id uuid not null,
    channel text not null,
    recipient text collate "C" not null,
    sealed bytea not null,
    created_at timestamptz not null
);
create index inbox_environment on inbox (environment_id, id);
create index inbox_recipient on inbox (environment_id, recipient, id);

-- Credentials of an environment's channels, sealed. One that is out of order is stopped until somebody sets it again.
create table channel_credentials (
    environment_id uuid not null references environments (id),
    channel text not null check (channel in ('whatsapp', 'sms', 'email', 'http')),
    sealed bytea not null,
    updated_at timestamptz not null,
    stopped_at timestamptz,
    stopped_why text,
    primary key (environment_id, channel)
);

-- Destinations that a channel does not reach.
create table destination_marks (
    environment_id uuid not null,
    kind text not null check (kind in ('email', 'phone')),
    key text collate "C" not null,
    channel text collate "C" not null,
    mark text not null check (mark in ('not_on_this_channel', 'does_not_exist', 'opted_out')),
    expires_at timestamptz not null,
    primary key (environment_id, kind, key, channel)
);
create index destination_marks_expiry on destination_marks (expires_at);

-- An app that has ended, and whether one in production is served version 1 of the wallet surface.
alter table apps add column revoked_at timestamptz;
alter table apps add column serves_v1 boolean not null default false;
