-- Whether this store was copied to another place, or is a copy that is not finished; mostly neither.
-- `fingerprint` says which instance it is, also while the instance's own row is not copied yet.

create table copies (
    one smallint primary key check (one = 1),
    role text not null check (role in ('source', 'target')),
    place text not null,
    fingerprint bytea not null check (length(fingerprint) = 32),
    created_at timestamptz not null
);
