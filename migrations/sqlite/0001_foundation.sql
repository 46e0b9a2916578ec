-- The foundation: instance, organizations, credentials, users, log-in, events, jobs.
-- Ids are 16 bytes (UUIDv7), times are integer microseconds since 1970-01-01 UTC.
-- Hot tables are clustered by a time-ordered id ("without rowid"), so that an insert is an append.
-- Words are checked one by one: for `in` with more than two SQLite builds a table, anew for every row that is written.

create table instance (
    one integer primary key check (one = 1),
    revision integer not null,
    epoch integer not null,
    kek_id text not null,
    canary blob not null,
    created_at integer not null
) strict;

create table root_keys (
    id blob primary key check (length(id) = 16),
    purpose text not null,
    wrapped blob not null,
    created_at integer not null
) strict, without rowid;

create table organizations (
    id blob primary key check (length(id) = 16),
    name text not null,
    created_at integer not null
) strict, without rowid;

create table environments (
    id blob primary key check (length(id) = 16),
    organization_id blob not null references organizations (id),
    kind text not null check (kind in ('sandbox', 'production')),
    created_at integer not null,
    unique (organization_id, kind)
) strict, without rowid;

create table settings (
    environment_id blob not null references environments (id),
    name text not null,
    value text not null,
    updated_at integer not null,
    primary key (environment_id, name)
) strict, without rowid;

create table signing_keys (
    id blob primary key check (length(id) = 16),
    environment_id blob not null references environments (id),
    purpose text not null check (purpose in ('published', 'private')),
    algorithm text not null check (algorithm = 'EdDSA' or algorithm = 'ES256' or algorithm = 'RS256'),
    public_key blob not null,
    sealed blob not null,
    created_at integer not null,
    retired_at integer
) strict, without rowid;

create table partners (
    id blob primary key check (length(id) = 16),
    environment_id blob not null references environments (id),
    name text not null,
    trusted integer not null check (trusted in (0, 1)),
    created_at integer not null
) strict, without rowid;

create table apps (
    id blob primary key check (length(id) = 16),
    environment_id blob not null references environments (id),
    name text not null,
    origins text not null,
    created_at integer not null
) strict, without rowid;

-- Keys of partners, of the back end (server keys) and of apps (client secrets).
create table api_keys (
    id blob primary key check (length(id) = 16),
    environment_id blob not null references environments (id),
    kind text not null check (kind = 'partner' or kind = 'server' or kind = 'client'),
    owner_id blob not null,
    name text not null,
    hash blob not null check (length(hash) = 32),
    hint text not null,
    scopes text not null,
    per_minute integer,
    created_at integer not null,
    last_used_at integer,
    expires_at integer,
    revoked_at integer
) strict, without rowid;

create table webhook_secrets (
    id blob primary key check (length(id) = 16),
    environment_id blob not null references environments (id),
    owner_id blob not null,
    sealed blob not null,
    created_at integer not null,
    expires_at integer
) strict, without rowid;

create table users (
    id blob primary key check (length(id) = 16),
    environment_id blob not null,
    status text not null check (status = 'linked' or status = 'verified' or status = 'suspended' or status = 'erased'),
    name text,
    metadata text not null,
    valid_after integer not null,
    created_at integer not null,
    updated_at integer not null
) strict, without rowid;

-- Who a user is known as. `source_id` is the partner, the app, the environment (its own back end)
-- or sixteen zero bytes for the person's own proof.
create table identities (
    user_id blob not null,
    kind text not null check (kind = 'partner_user' or kind = 'email' or kind = 'phone' or kind = 'custody'
        or kind = 'username' or kind = 'google' or kind = 'apple' or kind = 'telegram'),
    source_id blob not null,
    id blob not null check (length(id) = 16),
    environment_id blob not null,
    source text not null check (source = 'person' or source = 'partner' or source = 'app' or source = 'organization'),
    key text not null,
    shown text not null,
    state text not null check (state in ('claimed', 'verified')),
    created_at integer not null,
    updated_at integer not null,
    verified_at integer,
    primary key (user_id, kind, source_id, id)
) strict, without rowid;

-- A verified e-mail or phone has one owner per environment.
create unique index identities_owner on identities (environment_id, kind, key)
    where state = 'verified' and kind in ('email', 'phone');
-- Ids that a source gives out are unique within that source.
create unique index identities_source on identities (source_id, kind, key)
    where kind not in ('email', 'phone');

-- Ids that a join retired, and where they live on.
create table user_aliases (
    id blob primary key check (length(id) = 16),
    environment_id blob not null,
    user_id blob not null,
    joined_at integer not null,
    undo_until integer not null
) strict, without rowid;

create table user_keys (
    id blob primary key check (length(id) = 16),
    environment_id blob not null,
    user_id blob not null,
    partner_id blob not null,
    hash blob not null check (length(hash) = 32),
    hint text not null,
    created_at integer not null,
    revoked_at integer
) strict, without rowid;

create table subscriptions (
    user_id blob primary key check (length(user_id) = 16),
    environment_id blob not null,
    plan_name text not null,
    status text not null check (status = 'active' or status = 'trialing' or status = 'past_due' or status = 'canceled'),
    period_end integer not null,
    next_payment_amount text,
    updated_at integer not null
) strict, without rowid;

create table login_links (
    id blob primary key check (length(id) = 16),
    environment_id blob not null,
    partner_id blob not null,
    user_id blob not null,
    hash blob not null check (length(hash) = 32),
    state text,
    code_challenge text,
    return_url text,
    created_at integer not null,
    expires_at integer not null,
    used_at integer,
    session_id blob,
    code_hash blob,
    code_expires_at integer,
    code_used_at integer
) strict, without rowid;

create table sessions (
    id blob primary key check (length(id) = 16),
    environment_id blob not null,
    user_id blob not null,
    hash blob not null check (length(hash) = 32),
    amr text not null check (amr = 'partner' or amr = 'user_key' or amr = 'org' or amr = 'otp' or amr = 'passkey' or amr = 'federated'),
    partner_id blob,
    auth_time integer not null,
    seen_at integer not null,
    expires_at integer not null,
    ended_at integer
) strict, without rowid;

create index sessions_ended on sessions (ended_at) where ended_at is not null;

-- What happened. `seq` is the commit order; `body` is the final raw body.
create table events (
    seq integer primary key autoincrement,
    id blob not null check (length(id) = 16),
    environment_id blob not null,
    type text not null,
    user_id blob,
    body blob not null,
    created_at integer not null
) strict;
create index events_environment on events (environment_id, seq);

-- One attempt series to one address. `sealed_body` is there while the body holds a secret.
create table deliveries (
    id blob primary key check (length(id) = 16),
    environment_id blob not null,
    event_id blob not null,
    event_type text not null,
    url text not null,
    header_set text not null check (header_set in ('partner', 'standard')),
    secret_id blob not null,
    user_key_id blob,
    sealed_body blob,
    body blob,
    state text not null check (state = 'pending' or state = 'delivered' or state = 'given_up'),
    attempts integer not null,
    last_status integer,
    last_error text,
    created_at integer not null,
    finished_at integer
) strict, without rowid;

-- Work to be done, under the id of what it is done to; a claim moves `due_at` to the end of the lease, so a dead worker's jobs come back by themselves.
create table jobs (
    id blob primary key check (length(id) = 16),
    environment_id blob,
    kind text not null,
    due_at integer not null,
    attempts integer not null,
    lease_owner blob,
    created_at integer not null
) strict, without rowid;
create index jobs_due on jobs (kind, due_at);

create table idempotency_keys (
    id blob primary key check (length(id) = 32),
    environment_id blob not null,
    request_hash blob not null check (length(request_hash) = 32),
    status integer not null,
    body blob,
    resource_id blob,
    expires_at integer not null
) strict, without rowid;
create index idempotency_keys_expiry on idempotency_keys (expires_at);
