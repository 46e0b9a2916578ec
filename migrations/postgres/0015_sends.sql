-- Sends: transactions that were signed here, stored before any node saw them, and what became of them.

-- The order of what one address sends on one network. `next_sequence` is the nonce that comes next, and only moves up.
-- Whoever signs holds the lane until what was signed is stored; who dies meanwhile loses it at `held_until`, and nothing
-- was used up. Rows stay: a nonce is never forgotten.
create table send_lanes (
    environment_id uuid not null,
    network text not null,
    address text not null,
    next_sequence bigint not null check (next_sequence >= 0),
    holder_id uuid,
    held_until timestamptz,
    primary key (environment_id, network, address)
);

-- A signed transaction. `raw` is what nodes are given, again and again the same bytes. `sequence` is its nonce, where the
-- family has one. `digest` is of what it does, without nonce and fees: equal ones are the same wish. A dropped one was
-- refused before it could be mined: its nonce is free again. `superseded_by` is what was sent in its place.
create table sends (
    id uuid primary key,
    environment_id uuid not null,
    wallet_id uuid not null,
    app_id uuid not null,
    kind text not null,
    family text not null check (family in ('evm', 'solana', 'bitcoin')),
    network text not null,
    address text not null,
    sequence bigint,
    digest bytea not null check (length(digest) = 32),
    idempotency_id bytea check (length(idempotency_id) = 32),
    raw bytea not null,
    hash text not null,
    state text not null
        check (state in ('stored', 'broadcast', 'confirmed', 'failed', 'replaced', 'expired', 'dropped')),
    superseded_by uuid,
    expires_at_height bigint,
    looks bigint not null,
    last_error text,
    block_number bigint,
    gone_since timestamptz,
    created_at timestamptz not null,
    broadcast_at timestamptz,
    finished_at timestamptz
);
create index sends_lane on sends (environment_id, network, address, sequence);
create index sends_idempotency on sends (idempotency_id) where idempotency_id is not null;
create index sends_environment on sends (environment_id, id);

-- Where nothing is sent for now: on one network of an environment, or on all (an empty name).
create table send_pauses (
    environment_id uuid not null,
    network text not null,
    reason text not null,
    paused_at timestamptz not null,
    primary key (environment_id, network)
);
