-- A lane that has a long history is asked for what is on its way alone.
create index sends_open on sends (environment_id, network, address) where state in ('stored', 'broadcast');
-- The same wish, a moment ago.
create index sends_same on sends (environment_id, digest, created_at);
-- What has ended, by its end: what has none yet holds no sweep up.
create index sends_finished on sends (finished_at) where finished_at is not null;
