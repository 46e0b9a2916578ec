-- What was asked and how it ended, for 30 days: never path, query, header, body or address.
-- Clustered by environment and time-ordered id, so that a page is a range.

create table requests (
    environment_id blob not null,
    id blob not null check (length(id) = 16),
    key_kind text not null check (key_kind = 'partner' or key_kind = 'server' or key_kind = 'user' or key_kind = 'client'),
    key_id blob,
    method text not null,
    route text not null,
    status integer not null,
    code text,
    field text,
    duration_us integer not null,
    created_at integer not null,
    primary key (environment_id, id)
) strict, without rowid;
