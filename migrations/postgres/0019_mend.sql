-- An account for Rampable has a name that is nobody else's in its environment: `name_key` is the name in lower case. Of
-- accounts that had one name before, the oldest keeps it; the others have no key, and their people choose another name.
-- `app_id` is the app that the account was made through: the word of another app does not reach it.
alter table rampable_accounts add column name_key text collate "C";
alter table rampable_accounts add column app_id uuid;
update rampable_accounts set name_key = lower(username collate "C") where user_id in (
    select named.user_id from (
        select user_id, row_number() over (partition by environment_id, lower(username collate "C") order by created_at, user_id) as place
        from rampable_accounts) named
    where named.place = 1);
create unique index rampable_accounts_name on rampable_accounts (environment_id, name_key);
update rampable_accounts set app_id = coalesce(
    (select wallet.app_id from wallets wallet where wallet.user_id = rampable_accounts.user_id order by wallet.created_at limit 1),
    (select named.source_id from identities named
     where named.user_id = rampable_accounts.user_id and named.kind = 'custody' order by named.created_at limit 1));

-- The first use of a wallet: whoever used one has the answer that made it.
alter table wallets add column used_at timestamptz;

-- A receiver may send back what it was sent: answers to messages that carry a key are kept no more.
update delivery_attempts set answer = null
where answer is not null and delivery_id in (select delivery.id from deliveries delivery where delivery.user_key_id is not null);
