-- The foundation: instance, organizations, credentials, users, log-in, events, jobs.
-- The same tables as on SQLite, in native types.

create table instance (
    one smallint primary key check (one = 1),
    revision bigint not null,
    epoch bigint not null,
    kek_id text not null,
    canary bytea not null,
    created_at timestamptz not null
);

create table root_keys (
    id uuid primary key,
    purpose text not null,
    wrapped bytea not null,
    created_at timestamptz not null
);

create table organizations (
    id uuid primary key,
    name text not null,
    created_at timestamptz not null
);

create table environments (
    id uuid primary key,
    organization_id uuid not null references organizations (id),
    kind text not null check (kind in ('sandbox', 'production')),
    created_at timestamptz not null,
    unique (organization_id, kind)
);

create table settings (
    environment_id uuid not null references environments (id),
    name text not null,
    value text not null,
    updated_at timestamptz not null,
    primary key (environment_id, name)
);

create table signing_keys (
    id uuid primary key,
    environment_id uuid not null references environments (id),
    purpose text not null check (purpose in ('published', 'private')),
    algorithm text not null check (algorithm in ('EdDSA', 'ES256', 'RS256')),
    public_key bytea not null,
    sealed bytea not null,
    created_at timestamptz not null,
    retired_at timestamptz
);

create table partners (
    id uuid primary key,
    environment_id uuid not null references environments (id),
    name text not null,
    trusted boolean not null,
    created_at timestamptz not null
);

create table apps (
    id uuid primary key,
    environment_id uuid not null references environments (id),
    name text not null,
    origins text not null,
    created_at timestamptz not null
);

-- Keys of partners, of the back end (server keys) and of apps (client secrets).
create table api_keys (
    id uuid primary key,
    environment_id uuid not null references environments (id),
    kind text not null check (kind in ('partner', 'server', 'client')),
    owner_id uuid not null,
    name text not null,
    hash bytea not null check (length(hash) = 32),
    hint text not null,
    scopes text not null,
    per_minute bigint,
    created_at timestamptz not null,
    last_used_at timestamptz,
    expires_at timestamptz,
    revoked_at timestamptz
);

create table webhook_secrets (
    id uuid primary key,
    environment_id uuid not null references environments (id),
    owner_id uuid not null,
    sealed bytea not null,
    created_at timestamptz not null,
    expires_at timestamptz
);

create table users (
    id uuid primary key,
    environment_id uuid not null,
    status text not null check (status in ('linked', 'verified', 'suspended', 'erased')),
    name text,
    metadata text not null,
    valid_after timestamptz not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);

-- Who a user is known as. `source_id` is the partner, the app, the environment (its own back end)
-- or sixteen zero bytes for the person's own proof.
create table identities (
    user_id uuid not null,
    kind text not null check (kind in ('partner_user', 'email', 'phone', 'custody', 'username', 'google', 'apple', 'telegram')),
    source_id uuid not null,
    id uuid not null,
    environment_id uuid not null,
    source text not null check (source in ('person', 'partner', 'app', 'organization')),
    key text collate "C" not null,
    shown text not null,
    state text not null check (state in ('claimed', 'verified')),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    verified_at timestamptz,
    primary key (user_id, kind, source_id, id)
);

-- A verified e-mail or phone has one owner per environment.
create unique index identities_owner on identities (environment_id, kind, key)
    where state = 'verified' and kind in ('email', 'phone');
-- Ids that a source gives out are unique within that source.
create unique index identities_source on identities (source_id, kind, key)
    where kind not in ('email', 'phone');

-- Ids that a join retired, and where they live on.
create table user_aliases (
    id uuid primary key,
    environment_id uuid not null,
    user_id uuid not null,
    joined_at timestamptz not null,
    undo_until timestamptz not null
);

create table user_keys (
    id uuid primary key,
    environment_id uuid not null,
    user_id uuid not null,
    partner_id uuid not null,
    hash bytea not null check (length(hash) = 32),
    hint text not null,
    created_at timestamptz not null,
    revoked_at timestamptz
);

create table subscriptions (
    user_id uuid primary key,
    environment_id uuid not null,
    plan_name text not null,
    status text not null check (status in ('active', 'trialing', 'past_due', 'canceled')),
    period_end timestamptz not null,
    next_payment_amount text,
    updated_at timestamptz not null
);

create table login_links (
    id uuid primary key,
    environment_id uuid not null,
    partner_id uuid not null,
    user_id uuid not null,
    hash bytea not null check (length(hash) = 32),
    state text,
    code_challenge text,
    return_url text,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    session_id uuid,
    code_hash bytea,
    code_expires_at timestamptz,
    code_used_at timestamptz
);

create table sessions (
    id uuid primary key,
    environment_id uuid not null,
    user_id uuid not null,
    hash bytea not null check (length(hash) = 32),
    amr text not null check (amr in ('partner', 'user_key', 'org', 'otp', 'passkey', 'federated')),
    partner_id uuid,
    auth_time timestamptz not null,
    seen_at timestamptz not null,
    expires_at timestamptz not null,
    ended_at timestamptz
);

create index sessions_ended on sessions (ended_at) where ended_at is not null;

-- What happened. The commit order is (`tx`, `seq`), read below the oldest open transaction; `body` is the final raw body.
create table events (
    seq bigint generated always as identity primary key,
    tx xid8 not null default pg_current_xact_id(),
    id uuid not null,
    environment_id uuid not null,
    type text not null,
    user_id uuid,
    body bytea not null,
    created_at timestamptz not null
);
create index events_environment on events (environment_id, tx, seq);

-- One attempt series to one address. `sealed_body` is there while the body holds a secret.
create table deliveries (
    id uuid primary key,
    environment_id uuid not null,
    event_id uuid not null,
    event_type text not null,
    url text not null,
    header_set text not null check (header_set in ('partner', 'standard')),
    secret_id uuid not null,
    user_key_id uuid,
    sealed_body bytea,
    body bytea,
    state text not null check (state in ('pending', 'delivered', 'given_up')),
    attempts bigint not null,
    last_status bigint,
    last_error text,
    created_at timestamptz not null,
    finished_at timestamptz
);

-- Work to be done, under the id of what it is done to; a claim moves `due_at` to the end of the lease, so a dead worker's jobs come back by themselves.
create table jobs (
    id uuid primary key,
    environment_id uuid,
    kind text not null,
    due_at timestamptz not null,
    attempts bigint not null,
    lease_owner uuid,
    created_at timestamptz not null
);
create index jobs_due on jobs (kind, due_at);

create table idempotency_keys (
    id bytea primary key check (length(id) = 32),
    environment_id uuid not null,
    request_hash bytea not null check (length(request_hash) = 32),
    status bigint not null,
    body bytea,
    resource_id uuid,
    expires_at timestamptz not null
);
create index idempotency_keys_expiry on idempotency_keys (expires_at);
