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

-- Codes a day by country and by prefix, and how many of them were typed in.
create table code_counts (
    environment_id uuid not null,
    day bigint not null,
    scope text collate "C" not null,
    sent bigint not null,
    proven bigint not null,
    primary key (environment_id, day, scope)
);

-- Messages on their way, under the id of their job. `sealed` holds destination, code and texts; it is erased once sent.
create table messages (
    id uuid primary key,
    environment_id uuid not null,
    challenge_id uuid not null,
    channel text not null check (channel in ('whatsapp', 'sms', 'email', 'http')),
    sealed bytea,
    state text not null check (state in ('pending', 'sent', 'delivered', 'failed')),
    attempts bigint not null,
    provider_id text,
    last_error text,
    expires_at timestamptz not null,
    created_at timestamptz not null,
    finished_at timestamptz
);
create index messages_provider on messages (provider_id) where provider_id is not null;

-- What a sandbox would have sent. It never leaves.
create table inbox (
    environment_id uuid not null,
    id uuid not null,
    channel text not null,
    recipient text collate "C" not null,
    sealed bytea not null,
    created_at timestamptz not null,
    primary key (environment_id, id)
);
create index inbox_recipient on inbox (environment_id, recipient, id);

-- Credentials of an environment's channels, sealed.
create table channel_credentials (
    environment_id uuid not null references environments (id),
    channel text not null check (channel in ('whatsapp', 'sms', 'email', 'http')),
    sealed bytea not null,
    updated_at timestamptz not null,
    primary key (environment_id, channel)
);
