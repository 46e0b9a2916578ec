-- Events as readers pull them, the endpoints that are told of them, and every attempt.

-- An event's place is (`tx`, `seq`): the transaction that wrote it, then its number. A reader stays below the oldest open
-- transaction, so nothing ever appears behind it. What a copy brings has transaction 0: there the numbers are the order.
alter table events alter column tx drop default;
alter table events alter column tx type bigint using tx::text::bigint;
alter table events alter column tx
    set default coalesce(nullif(current_setting('aboard.tx', true), '')::bigint, pg_current_xact_id()::text::bigint);
create index events_id on events (environment_id, id);

-- Addresses of the organization that are told of events. `cursor_tx` and `cursor_seq` are the place that it was told up
-- to: the deliveries of what follows are made when they are claimed, so a backlog is no row. `sealed_headers` holds the
-- values of the headers that are sent along.
create table webhooks (
    id uuid primary key,
    environment_id uuid not null references environments (id),
    url text not null,
    description text,
    events text not null,
    version text not null,
    metadata text not null,
    header_names text not null,
    sealed_headers bytea,
    per_second bigint,
    state text not null check (state in ('active', 'disabled')),
    disabled_why text check (disabled_why in ('by_you', 'gone', 'failing')),
    disabled_at timestamptz,
    failing_since timestamptz,
    delivered bigint not null,
    failed bigint not null,
    last_delivery_at timestamptz,
    cursor_tx bigint not null default 0,
    cursor_seq bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index webhooks_environment on webhooks (environment_id, id);

-- A part of the log that a webhook is told again, from one place to another.
create table webhook_replays (
    id uuid primary key,
    environment_id uuid not null,
    webhook_id uuid not null,
    only_missing boolean not null,
    cursor_tx bigint not null default 0,
    cursor_seq bigint not null,
    until_tx bigint not null default 0,
    until_seq bigint not null,
    created_at timestamptz not null
);
create index webhook_replays_webhook on webhook_replays (webhook_id, id);

alter table deliveries add column webhook_id uuid;
create index deliveries_webhook on deliveries (webhook_id, id) where webhook_id is not null;
create index deliveries_event on deliveries (webhook_id, event_id) where webhook_id is not null;

-- `answer` is the beginning of what the receiver said.
create table delivery_attempts (
    delivery_id uuid not null,
    number bigint not null,
    at timestamptz not null,
    duration_us bigint not null,
    status bigint,
    error text,
    answer bytea,
    next_at timestamptz,
    primary key (delivery_id, number)
);
