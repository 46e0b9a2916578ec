-- Sends: transactions that were signed here, stored before any node saw them, and what became of them.

-- The order of what one address sends on one network. `next_sequence` is the nonce that comes next, and only moves up.
-- Whoever signs holds the lane until what was signed is stored; who dies meanwhile loses it at `held_until`, and nothing
-- was used up. Rows stay: a nonce is never forgotten.
create table send_lanes (
    environment_id blob not null,
    network text not null,
    address text not null,
    next_sequence integer not null check (next_sequence >= 0),
    holder_id blob,
    held_until integer,
    primary key (environment_id, network, address)
) strict, without rowid;

-- A signed transaction. `raw` is what nodes are given, again and again the same bytes. `sequence` is its nonce, where the
-- family has one. `digest` is of what it does, without nonce and fees: equal ones are the same wish. A dropped one was
-- refused before it could be mined: its nonce is free again. `superseded_by` is what was sent in its place.
create table sends (
    id blob primary key check (length(id) = 16),
    environment_id blob not null,
    wallet_id blob not null,
    app_id blob not null,
    kind text not null,
    family text not null check (family in ('evm', 'solana', 'bitcoin')),
    network text not null,
    address text not null,
    sequence integer,
    digest blob not null check (length(digest) = 32),
    idempotency_id blob check (length(idempotency_id) = 32),
    raw blob not null,
    hash text not null,
    state text not null
        check (state in ('stored', 'broadcast', 'confirmed', 'failed', 'replaced', 'expired', 'dropped')),
    superseded_by blob,
    expires_at_height integer,
    looks integer not null,
    last_error text,
    block_number integer,
    gone_since integer,
    created_at integer not null,
    broadcast_at integer,
    finished_at integer
) strict, without rowid;
create index sends_lane on sends (environment_id, network, address, sequence);
create index sends_idempotency on sends (idempotency_id) where idempotency_id is not null;
create index sends_environment on sends (environment_id, id);

-- Where nothing is sent for now: on one network of an environment, or on all (an empty name).
create table send_pauses (
    environment_id blob not null,
    network text not null,
    reason text not null,
    paused_at integer not null,
    primary key (environment_id, network)
) strict, without rowid;
