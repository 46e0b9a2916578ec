-- One-time codes: what was asked for, what was sent, and who is familiar to whom.

-- One attempt budget, bound to one destination and one purpose. `code_mac` is a MAC under a root key: a code is never
-- stored. `user_id` is who was signed in when it was asked for; a log-in has none.
create table challenges (
    id blob primary key check (length(id) = 16),
    environment_id blob not null,
    app_id blob,
    user_id blob,
    purpose text not null check (purpose in ('log_in', 'confirm_contact', 'export_wallet', 'give_consent', 'change_identity', 'join_accounts')),
    kind text not null check (kind in ('email', 'phone')),
    key text not null,
    shown text not null,
    code_mac blob not null check (length(code_mac) = 48),
    tries integer not null,
    wrong integer not null,
    created_at integer not null,
    expires_at integer not null,
    used_at integer
) strict, without rowid;

-- Every send, for the budgets: by destination and by network.
create table code_sends (
    id blob primary key check (length(id) = 16),
    environment_id blob not null,
    app_id blob,
    challenge_id blob not null,
    kind text not null check (kind in ('email', 'phone')),
    key text not null,
    network text not null,
    familiar integer not null check (familiar in (0, 1)),
    created_at integer not null
) strict, without rowid;
create index code_sends_destination on code_sends (environment_id, kind, key, id);
create index code_sends_network on code_sends (environment_id, network, id);

-- Networks from which a destination was proven: half of its budget is theirs.
create table familiar_networks (
    environment_id blob not null,
    kind text not null check (kind in ('email', 'phone')),
    key text not null,
    network text not null,
    proven_at integer not null,
    primary key (environment_id, kind, key, network)
) strict, without rowid;
create index familiar_networks_age on familiar_networks (proven_at);

-- Messages on their way, under the id of their job. `sealed` holds destination, code and texts; it is erased once sent.
create table messages (
    id blob primary key check (length(id) = 16),
    environment_id blob not null,
    challenge_id blob not null,
    channel text not null check (channel in ('whatsapp', 'sms', 'email', 'http')),
    sealed blob,
    state text not null check (state in ('pending', 'sent', 'unknown', 'delivered', 'failed')),
    attempts integer not null,
    -- Attempts over the channel that it is on now, and the channels that it was on before.
    channel_attempts integer not null,
    tried text not null,
    provider_id text,
    last_error text,
    expires_at integer not null,
    created_at integer not null,
    finished_at integer
) strict, without rowid;
create index messages_provider on messages (provider_id) where provider_id is not null;

-- What a sandbox would have sent. It never leaves.
create table inbox (
    id blob primary key check (length(id) = 16),
    environment_id blob not null,
    channel text not null,
    recipient text not null,
    sealed blob not null,
    created_at integer not null
) strict, without rowid;
create index inbox_environment on inbox (environment_id, id);
create index inbox_recipient on inbox (environment_id, recipient, id);

-- Credentials of an environment's channels, sealed. One that is out of order is stopped until somebody sets it again.
create table channel_credentials (
    environment_id blob not null references environments (id),
    channel text not null check (channel in ('whatsapp', 'sms', 'email', 'http')),
    sealed blob not null,
    updated_at integer not null,
    stopped_at integer,
    stopped_why text,
    primary key (environment_id, channel)
) strict, without rowid;

-- Destinations that a channel does not reach.
create table destination_marks (
    environment_id blob not null,
    kind text not null check (kind in ('email', 'phone')),
    key text not null,
    channel text not null,
    mark text not null check (mark in ('not_on_this_channel', 'does_not_exist', 'opted_out')),
    expires_at integer not null,
    primary key (environment_id, kind, key, channel)
) strict, without rowid;
create index destination_marks_expiry on destination_marks (expires_at);

-- An app that has ended, and whether one in production is served version 1 of the wallet surface.
alter table apps add column revoked_at integer;
alter table apps add column serves_v1 integer not null default 0 check (serves_v1 in (0, 1));
