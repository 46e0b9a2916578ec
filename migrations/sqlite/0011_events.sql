-- Events as readers pull them, the endpoints that are told of them, and every attempt.

-- An event's place is (`tx`, `seq`). One writer gives the numbers out in the order of the commits: `tx` is always 0 here.
alter table events add column tx integer not null default 0;
drop index events_environment;
create index events_environment on events (environment_id, tx, seq);
create index events_id on events (environment_id, id);

-- Addresses of the organization that are told of events. `cursor_tx` and `cursor_seq` are the place that it was told up
-- to: the deliveries of what follows are made when they are claimed, so a backlog is no row. `sealed_headers` holds the
-- values of the headers that are sent along.
create table webhooks (
    id blob primary key check (length(id) = 16),
    environment_id blob not null references environments (id),
    url text not null,
    description text,
    events text not null,
    version text not null,
    metadata text not null,
    header_names text not null,
    sealed_headers blob,
    per_second integer,
    state text not null check (state = 'active' or state = 'disabled'),
    disabled_why text check (disabled_why = 'by_you' or disabled_why = 'gone' or disabled_why = 'failing'),
    disabled_at integer,
    failing_since integer,
    delivered integer not null,
    failed integer not null,
    last_delivery_at integer,
    cursor_tx integer not null default 0,
    cursor_seq integer not null,
    created_at integer not null,
    updated_at integer not null
) strict, without rowid;
create index webhooks_environment on webhooks (environment_id, id);

-- A part of the log that a webhook is told again, from one place to another.
create table webhook_replays (
    id blob primary key check (length(id) = 16),
    environment_id blob not null,
    webhook_id blob not null,
    only_missing integer not null,
    cursor_tx integer not null default 0,
    cursor_seq integer not null,
    until_tx integer not null default 0,
    until_seq integer not null,
    created_at integer not null
) strict, without rowid;
create index webhook_replays_webhook on webhook_replays (webhook_id, id);

alter table deliveries add column webhook_id blob;
create index deliveries_webhook on deliveries (webhook_id, id) where webhook_id is not null;
create index deliveries_event on deliveries (webhook_id, event_id) where webhook_id is not null;

-- `answer` is the beginning of what the receiver said.
create table delivery_attempts (
    delivery_id blob not null,
    number integer not null,
    at integer not null,
    duration_us integer not null,
    status integer,
    error text,
    answer blob,
    next_at integer,
    primary key (delivery_id, number)
) strict, without rowid;
