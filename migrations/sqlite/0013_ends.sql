-- What ends first is swept first, whatever other environments keep longer. Ends are made in the order of time, give or
-- take what an environment sets: each of these is an append.
create index login_links_expiry on login_links (expires_at);
create index sessions_expiry on sessions (expires_at);

-- An erasure finds what a partner wrote into a link. The documented call sends no state, and pays nothing for it.
create index login_links_state on login_links (user_id) where state is not null;
