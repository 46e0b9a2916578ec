-- Messages without a code: what somebody is told when something changes that concerns them. `notice` says what, and
-- `user_id` whom it is about, if that is a user. Nobody asked for it, so there is no challenge: its own id stands there.
alter table messages add column notice text;
alter table messages add column user_id uuid;
create index messages_user on messages (user_id, id) where user_id is not null;
