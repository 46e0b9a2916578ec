-- What providers report about messages, and what codes may cost.

-- A provider's report, under the id of its job. Each counts once, however often it is sent: `digest` is the same for
-- all of its copies. Without `provider_id` it is about the whole account.
create table provider_reports (
    id blob primary key check (length(id) = 16),
    environment_id blob not null,
    channel text not null check (channel = 'whatsapp' or channel = 'sms'),
    digest blob not null check (length(digest) = 32),
    provider_id text,
    message_id blob,
    progress text not null check (progress in ('accepted', 'sent', 'failed', 'delivered', 'read')),
    code integer,
    received_at integer not null
) strict, without rowid;
create unique index provider_reports_digest on provider_reports (environment_id, channel, digest);

-- What was sent and proven in production on one day (days since 1970, UTC): of a country, of a prefix, and what all of
-- it cost. In shards, so that those who send at once do not wait for each other.
create table code_counts (
    environment_id blob not null,
    day integer not null,
    bucket text not null,
    shard integer not null,
    sent integer not null,
    proven integer not null,
    primary key (environment_id, day, bucket, shard)
) strict, without rowid;
create index code_counts_day on code_counts (day);

-- What another message of the same challenge says, and where its proof is counted.
alter table challenges add column asked_by text not null default '';
alter table challenges add column language text not null default 'en';
alter table challenges add column counted text;

-- When a message went on over another channel than the one that was asked for.
alter table messages add column fell_back_at integer;
create index messages_fell_back on messages (environment_id, channel, fell_back_at) where fell_back_at is not null;

-- When a client secret was first seen in a browser.
alter table api_keys add column exposed_at integer;
