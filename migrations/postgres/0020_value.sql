-- What all wallets together spent through an app within a time, in smallest units: `high` × 10^18 + `low`.
create table app_value_windows (
    app_id uuid not null,
    asset text collate "C" not null,
    seconds bigint not null,
    starts_at timestamptz not null,
    environment_id uuid not null,
    high bigint not null,
    low bigint not null,
    ends_at timestamptz not null,
    primary key (app_id, asset, seconds, starts_at)
);
create index app_value_windows_end on app_value_windows (ends_at);
