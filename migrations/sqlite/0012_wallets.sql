-- Wallets: keys that are sealed, who has them, what opens them, and which tokens were spent.

-- A wallet. `key` and `body` are what the vault sealed, for the user in `sealed_for`: the one who had the wallet then.
-- `pending` waits until the person has shown that they hold its recovery secret; nobody has seen its addresses.
create table wallets (
    id blob primary key check (length(id) = 16),
    environment_id blob not null,
    user_id blob not null,
    app_id blob not null,
    custody text not null check (custody in ('server', 'shared')),
    state text not null check (state in ('pending', 'active')),
    sealed_for blob not null,
    key blob not null,
    body blob not null,
    frozen_at integer,
    moved_at integer,
    created_at integer not null,
    updated_at integer not null
) strict, without rowid;
create unique index wallets_user on wallets (user_id);

-- The recovery secrets of a wallet that are good: one, or after a recovery the old one as well until one of them is
-- proven. `mac` and `locator` are keyed hashes (16 bytes say by which key). `key`, `body` and `sealed_for` are what an
-- older secret of a shared wallet opens, if that is not what stands in the wallet.
create table wallet_secrets (
    id blob primary key check (length(id) = 16),
    environment_id blob not null,
    wallet_id blob not null,
    mac blob not null check (length(mac) = 48),
    locator blob not null check (length(locator) = 48),
    sealed_for blob,
    key blob,
    body blob,
    created_at integer not null,
    proven_at integer
) strict, without rowid;
create index wallet_secrets_wallet on wallet_secrets (wallet_id);
create unique index wallet_secrets_locator on wallet_secrets (locator);

-- A recovery file that can be downloaded. `sealed` opens with what stands in the link alone, and in no table.
create table secret_links (
    id blob primary key check (length(id) = 16),
    environment_id blob not null,
    wallet_id blob not null,
    hash blob not null check (length(hash) = 32),
    sealed blob not null,
    expires_at integer not null
) strict, without rowid;
create index secret_links_wallet on secret_links (wallet_id);

-- Wallet tokens that were used. The id is the token's.
create table spent_wallet_tokens (
    id blob primary key check (length(id) = 16),
    environment_id blob not null,
    wallet_id blob not null,
    expires_at integer not null
) strict, without rowid;

-- The person's half of a shared wallet's key, for as long as a token carries what opens it. The id is that token's.
create table riding_halves (
    id blob primary key check (length(id) = 16),
    environment_id blob not null,
    wallet_id blob not null,
    sealed blob not null,
    expires_at integer not null
) strict, without rowid;
create index riding_halves_wallet on riding_halves (wallet_id);

-- What a person lets an app do with a wallet.
create table consents (
    wallet_id blob not null,
    app_id blob not null,
    environment_id blob not null,
    granted_at integer not null,
    expires_at integer,
    withdrawn_at integer,
    primary key (wallet_id, app_id)
) strict, without rowid;
