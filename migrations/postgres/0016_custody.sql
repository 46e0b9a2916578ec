-- What apps may have wallets sign, what was spent of it, and what persons do with their own wallets.

-- The policy of an app as its file has it.
alter table apps add column policy text;

-- What a wallet spent through an app within a time, in smallest units: `high` × 10^18 + `low`.
create table value_windows (
    wallet_id uuid not null,
    app_id uuid not null,
    asset text collate "C" not null,
    seconds bigint not null,
    starts_at timestamptz not null,
    environment_id uuid not null,
    high bigint not null,
    low bigint not null,
    ends_at timestamptz not null,
    primary key (wallet_id, app_id, asset, seconds, starts_at)
);
create index value_windows_end on value_windows (ends_at);

-- Calls whose value was counted: one that is made again with its `Idempotency-Key` is not counted again. The id is that
-- of the call in `idempotency_keys`.
create table counted_calls (
    id bytea primary key check (length(id) = 32),
    environment_id uuid not null,
    expires_at timestamptz not null
);
create index counted_calls_end on counted_calls (expires_at);

-- What a consent is good for: `read`, `sign`, `send`.
alter table consents add column scopes text not null default 'read sign send';

-- What a copy with a PIN opens with besides the PIN, sealed; and how often a PIN was tried since `tried_at`.
alter table wallet_secrets add column pepper bytea;
alter table wallet_secrets add column pin_tries bigint not null default 0;
alter table wallet_secrets add column pin_tried_at timestamptz;

-- When the keys of a wallet go whose user was erased.
alter table wallets add column ends_at timestamptz;
create index wallets_end on wallets (ends_at) where ends_at is not null;

-- A phrase that its person wants to have. `client_key` is what it will be sealed to.
create table wallet_exports (
    id uuid primary key,
    environment_id uuid not null,
    wallet_id uuid not null,
    user_id uuid not null,
    app_id uuid not null,
    client_key bytea not null check (length(client_key) = 32),
    state text not null check (state in ('asked', 'proven', 'done', 'stopped')),
    created_at timestamptz not null,
    ready_at timestamptz,
    expires_at timestamptz not null
);
create index wallet_exports_wallet on wallet_exports (wallet_id);
create index wallet_exports_end on wallet_exports (expires_at);
