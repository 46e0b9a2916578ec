-- Two accounts of one person become one: the page where the person shows that both are theirs, and what a join moved.

create table joins (
    id uuid primary key,
    environment_id uuid not null,
    -- SHA-256 of what the page's address ends with.
    hash bytea not null check (length(hash) = 32),
    -- The account that the person was in, and the one that has proven the address: that one stays.
    first_id uuid not null,
    second_id uuid not null,
    kind text not null check (kind in ('email', 'phone')),
    key text collate "C" not null,
    -- The browser that shows: what another one showed counts for nothing.
    holder_hash bytea check (length(holder_hash) = 32),
    -- The code that it was sent last, and which account that shows.
    challenge_id uuid,
    challenge_shows text check (challenge_shows = 'first' or challenge_shows = 'second' or challenge_shows = 'both'),
    first_shown_at timestamptz,
    second_shown_at timestamptz,
    created_at timestamptz not null,
    -- The end of the offer; once joined, of the undo.
    expires_at timestamptz not null,
    joined_at timestamptz,
    undone_at timestamptz
);
create index joins_first on joins (first_id);
create index joins_second on joins (second_id);

-- What a join moved, so that an undo knows what goes back.
create table join_moves (
    join_id uuid not null,
    what text not null check (what = 'identity' or what = 'key' or what = 'alias' or what = 'plan' or what = 'plans' or what = 'name' or what = 'metadata'
        or what = 'rampable' or what = 'wallet'),
    row_id uuid not null,
    primary key (join_id, what, row_id)
);
