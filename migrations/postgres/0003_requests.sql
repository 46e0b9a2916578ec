-- What was asked and how it ended, for 30 days: never path, query, header, body or address.
-- The primary key is environment and time-ordered id, so that a page is a range.

create table requests (
    environment_id uuid not null,
    id uuid not null,
    key_kind text not null check (key_kind in ('partner', 'server', 'user', 'client')),
    key_id uuid,
    method text not null,
    route text collate "C" not null,
    status bigint not null,
    code text,
    field text,
    duration_us bigint not null,
    created_at timestamptz not null,
    primary key (environment_id, id)
);
