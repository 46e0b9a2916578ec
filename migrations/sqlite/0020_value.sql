-- What all wallets together spent through an app within a time, in smallest units: `high` × 10^18 + `low`.
create table app_value_windows (
    app_id blob not null,
    asset text not null,
    seconds integer not null,
    starts_at integer not null,
    environment_id blob not null,
    high integer not null,
    low integer not null,
    ends_at integer not null,
    primary key (app_id, asset, seconds, starts_at)
) strict, without rowid;
create index app_value_windows_end on app_value_windows (ends_at);
