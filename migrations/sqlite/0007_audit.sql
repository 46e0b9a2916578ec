-- Who changed what. `seal` chains each entry to the one before it; the newest ones wait for theirs.
create table audit (
    seq integer primary key autoincrement,
    environment_id blob,
    at integer not null,
    actor text not null,
    action text not null,
    target text not null,
    details text not null,
    seal blob
) strict;
create index audit_unsealed on audit (seq) where seal is null;
