-- Who changed what. `seal` chains each entry to the one before it; the newest ones wait for theirs.
create table audit (
    seq bigint generated always as identity primary key,
    environment_id uuid,
    at timestamptz not null,
    actor text not null,
    action text not null,
    target text not null,
    details text not null,
    seal bytea
);
create index audit_unsealed on audit (seq) where seal is null;
