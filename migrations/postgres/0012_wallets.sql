-- Wallets: keys that are sealed, who has them, what opens them, and which tokens were spent.

-- A wallet. `key` and `body` are what the vault sealed, for the user in `sealed_for`: the one who had the wallet then.
-- `pending` waits until the person has shown that they hold its recovery secret; nobody has seen its addresses.
create table wallets (
    id uuid primary key,
    environment_id uuid not null,
    user_id uuid not null,
    app_id uuid not null,
    custody text not null check (custody in ('server', 'shared')),
    state text not null check (state in ('pending', 'active')),
    sealed_for uuid not null,
    key bytea not null,
    body bytea not null,
    frozen_at timestamptz,
    moved_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create unique index wallets_user on wallets (user_id);

-- The recovery secrets of a wallet that are good: one, or after a recovery the old one as well until one of them is
-- proven. `mac` and `locator` are keyed hashes (16 bytes say by which key). `key`, `body` and `sealed_for` are what an
-- older secret of a shared wallet opens, if that is not what stands in the wallet.
create table wallet_secrets (
    id uuid primary key,
    environment_id uuid not null,
    wallet_id uuid not null,
    mac bytea not null check (length(mac) = 48),
    locator bytea not null check (length(locator) = 48),
    sealed_for uuid,
    key bytea,
    body bytea,
    created_at timestamptz not null,
    proven_at timestamptz
);
create index wallet_secrets_wallet on wallet_secrets (wallet_id);
create unique index wallet_secrets_locator on wallet_secrets (locator);

-- A recovery file that can be downloaded. `sealed` opens with what stands in the link alone, and in no table.
create table secret_links (
    id uuid primary key,
    environment_id uuid not null,
    wallet_id uuid not null,
    hash bytea not null check (length(hash) = 32),
    sealed bytea not null,
    expires_at timestamptz not null
);
create index secret_links_wallet on secret_links (wallet_id);

-- Wallet tokens that were used. The id is the token's.
create table spent_wallet_tokens (
    id uuid primary key,
    environment_id uuid not null,
    wallet_id uuid not null,
    expires_at timestamptz not null
);

-- The person's half of a shared wallet's key, for as long as a token carries what opens it. The id is that token's.
create table riding_halves (
    id uuid primary key,
    environment_id uuid not null,
    wallet_id uuid not null,
    sealed bytea not null,
    expires_at timestamptz not null
);
create index riding_halves_wallet on riding_halves (wallet_id);

-- What a person lets an app do with a wallet.
create table consents (
    wallet_id uuid not null,
    app_id uuid not null,
    environment_id uuid not null,
    granted_at timestamptz not null,
    expires_at timestamptz,
    withdrawn_at timestamptz,
    primary key (wallet_id, app_id)
);
