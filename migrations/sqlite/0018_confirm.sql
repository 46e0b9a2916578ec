-- Another e-mail or phone for somebody who has something to protect waits until they confirm it: the page for that, and
-- the code that has proven the new one.
create table confirmations (
    id blob primary key check (length(id) = 16),
    environment_id blob not null,
    -- SHA-256 of what the page's address ends with.
    hash blob not null check (length(hash) = 32),
    user_id blob not null,
    kind text not null check (kind in ('email', 'phone')),
    key text not null,
    shown text not null,
    -- The browser that asked for a code, and the code that it was sent last.
    holder_hash blob check (length(holder_hash) = 32),
    challenge_id blob,
    created_at integer not null,
    expires_at integer not null,
    confirmed_at integer
) strict, without rowid;
create index confirmations_user on confirmations (user_id);

-- When the back end had its first token made for a user that nobody had proven to be: such a user is nobody else's to
-- take over.
alter table users add column first_token_at integer;

-- Everything that was born of one source, a partner's word for one, before this moment has ended; what the person signed
-- in to otherwise has not.
create table source_ends (
    user_id blob not null,
    source_id blob not null,
    environment_id blob not null,
    valid_after integer not null,
    primary key (user_id, source_id)
) strict, without rowid;

-- A join notes which wallet it moved, not whose it was.
insert into join_moves (join_id, what, row_id)
    select moved.join_id, 'wallet', wallet.id
    from join_moves moved
    join joins known on known.id = moved.join_id
    join wallets wallet on wallet.user_id = known.second_id and wallet.created_at <= known.joined_at
    where moved.what = 'wallet';
delete from join_moves
    where what = 'wallet' and row_id in (select first_id from joins where joins.id = join_moves.join_id);
