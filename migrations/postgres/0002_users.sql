-- The users surface: who the organization's own back end brought, lists, and erasure.
-- None of these costs a partner's log-in more than an append: see the comments.

-- The back end's own users are found by the e-mail that it gave, and only by that; a phone may be several people's.
-- Partners' claims have another source and never come here.
create unique index identities_brought_email on identities (source_id, key)
    where source = 'organization' and kind = 'email';
create index identities_brought_phone on identities (source_id, key)
    where source = 'organization' and kind = 'phone';

-- Lists go through an environment's users by age. Ids are time-ordered: an append per environment.
create index users_environment on users (environment_id, id);

-- What an erasure has to find. Ids of new users and new keys are time-ordered: appends.
create index user_keys_user on user_keys (user_id);
create index deliveries_user_key on deliveries (user_key_id) where user_key_id is not null;
create index user_aliases_user on user_aliases (user_id);
-- `user.created` of a partner, which each new user brings, holds no personal values and is left out.
create index events_user on events (user_id) where type <> 'user.created';
-- Saved answers that hold what was sent; those of partners hold nothing.
create index idempotency_keys_resource on idempotency_keys (resource_id) where body is not null;
