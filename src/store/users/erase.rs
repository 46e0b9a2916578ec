//! A user is erased.
//!
//! The lock comes first: an erased user's sessions, links, keys and tokens are refused wherever they are looked up,
//! because each of these look-ups asks for the user's state. What names the person goes in the same transaction, and so
//! does what a partner wrote for it: a link's state, a delivery's address. What is left of links and sessions holds
//! nothing personal and goes with the sweep.

use std::collections::BTreeSet;

use futures_util::FutureExt as _;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{find, find_held};
use crate::domain::{EnvironmentId, EventId, EventType, UserId};
use crate::store::audit::{Entry, audit};
use crate::store::happened::{Happened, event_body};
use crate::store::requests::first_id_at;
use crate::store::scope::{AdminScope, UsersScope};
use crate::store::sql::params;
use crate::store::transaction::Tx;
use crate::store::{Result, Store};

// What an erasure says of a user, and what is left of older events: who, and that it is gone.
const LOCK: &str = "
    update users set status = 'erased', name = null, metadata = '{}', updated_at = :now, valid_after = :valid_after
    where id = :user and environment_id = :environment and status <> 'erased'";
const IDENTITIES: &str = "delete from identities where user_id = :user";
const SUBSCRIPTION: &str = "delete from subscriptions where user_id = :user";
const PASSWORDS: &str = "delete from passwords where user_id = :user";
// Recovery files that could still be downloaded, and halves of keys that ride along with tokens.
const SECRET_LINKS: &str = "delete from secret_links where wallet_id in (select id from wallets where user_id = :user)";
const RIDING_HALVES: &str =
    "delete from riding_halves where wallet_id in (select id from wallets where user_id = :user)";
const DEVICE_HOLDS: &str = "delete from device_holds where user_id = :user";
const CONFIRMATIONS: &str = "delete from confirmations where user_id = :user";
const SOURCE_ENDS: &str = "delete from source_ends where user_id = :user";
const RAMPABLE: &str = "delete from rampable_accounts where user_id = :user";
const ALIASES: &str = "delete from user_aliases where user_id = :user";
const RETIRED: &str = "
    select id, created_at from users where id in (select id from user_aliases where user_id = :user)";
const RETIRED_NAMES: &str = "
    update users set name = null, metadata = '{}' where id in (select id from user_aliases where user_id = :user)";
const JOIN_MOVES: &str = "
    delete from join_moves where join_id in (select id from joins where first_id = :user or second_id = :user)";
const JOINS: &str = "delete from joins where first_id = :user or second_id = :user";
const KEYS: &str = "update user_keys set revoked_at = :now where user_id = :user and revoked_at is null";
const JOBS: &str = "
    delete from jobs where id in (
        select id from deliveries
        where user_key_id is not null and state = 'pending' and user_key_id in (select id from user_keys where user_id = :user))";
const DELIVERIES: &str = "
    update deliveries set state = 'given_up', finished_at = :now, sealed_body = null, body = null, last_error = 'the user was erased'
    where user_key_id is not null and state = 'pending' and user_key_id in (select id from user_keys where user_id = :user)";
// A partner's address may name its user, and an attempt's error the address.
const ADDRESSES: &str = "
    update deliveries set url = '', last_error = null
    where user_key_id is not null and user_key_id in (select id from user_keys where user_id = :user)";
const STATES: &str = "update login_links set state = null where user_id = :user and state is not null";
const EVENT_TYPES: &str = "select distinct type from events where user_id = :user and type <> 'user.created'";
const EVENTS: &str = "
    update events set body = :body where user_id = :user and type = :type and type <> 'user.created'";
// That of a user who was made by a proof holds the address, but is not found by user: it was written when the user was,
// and its id begins with that time.
const FIRST_EVENT: &str = "
    update events set body = :body
    where environment_id = :environment and id >= :from and id < :to and user_id = :user and type = 'user.created'";
// What receivers answered may repeat what they were told.
const ANSWERS: &str = "
    update delivery_attempts set answer = null where delivery_id in (
        select delivery.id from webhooks webhook
        join events event on event.user_id = :user and event.type <> 'user.created'
        join deliveries delivery on delivery.webhook_id = webhook.id and delivery.webhook_id is not null
            and delivery.event_id = event.id
        where webhook.environment_id = :environment)";
// What codes know of an address that the user has proven. Another user cannot have proven it.
const PROVEN: &str = "
    select kind, key from identities where user_id = :user and source = 'person' and kind in ('email', 'phone')";
const CODE_JOBS: &str = "
    delete from jobs where kind = 'message' and id in (
        select message.id from messages message
        join code_sends send on send.challenge_id = message.challenge_id
        where send.environment_id = :environment and send.kind = :kind and send.key = :key)";
const CODE_MESSAGES: &str = "
    delete from messages where challenge_id in (
        select challenge_id from code_sends where environment_id = :environment and kind = :kind and key = :key)";
const CHALLENGES: &str = "
    delete from challenges where id in (
        select challenge_id from code_sends where environment_id = :environment and kind = :kind and key = :key)";
const NETWORKS: &str =
    "delete from familiar_networks where environment_id = :environment and kind = :kind and key = :key";
const MARKS: &str = "delete from destination_marks where environment_id = :environment and kind = :kind and key = :key";
const INBOX: &str = "delete from inbox where environment_id = :environment and recipient = :key";
// A person who is gone may still bring a wallet to another log-in, until its keys go.
const WALLETS: &str = "update wallets set ends_at = :ends_at where user_id = :user and ends_at is null";
const NOTICE_JOBS: &str = "
    delete from jobs where kind = 'message' and id in (
        select id from messages where user_id = :user and user_id is not null and state = 'pending')";
const NOTICES: &str = "delete from messages where user_id = :user and user_id is not null";
const SAVED_ANSWERS: &str = "
    update idempotency_keys set body = null where resource_id = :user and body is not null";

/// How long an erased user's wallet stays.
const WALLETS_STAY: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How long after a call began the ids of what it wrote are made, at most.
const MADE_WITHIN: SignedDuration = SignedDuration::from_mins(1);

impl Store {
    /// Erases a user of the environment, which the audit log keeps with who did it; answers its id, or `None` if there is no such user (any more). Writes
    /// `user.deleted` as `event`. The keys of its wallet go 30 days later, if the scope lets them.
    pub async fn erase_user(
        &self,
        scope: impl Into<UsersScope>,
        admin: &AdminScope,
        user: UserId,
        event: EventId,
        now: Timestamp,
    ) -> Result<Option<UserId>> {
        let UsersScope { environment, wallets } = scope.into();
        let admin = admin.clone();
        let erased = self
            .transact(move |tx| {
                async move {
                    let erased = erase(tx, environment, user, event, now).await?;
                    if let Some(user) = erased {
                        if wallets {
                            let ends_at = now + WALLETS_STAY;
                            tx.execute(WALLETS, &params![ends_at: ends_at, user: user.0]).await?;
                        }
                        audit(tx, &admin, Entry::of("user.erased", environment, user), now).await?;
                    }
                    Ok(erased)
                }
                .boxed()
            })
            .await?;
        // What was erased still stands in the write-ahead log.
        self.start_log_over();
        Ok(erased)
    }
}

/// Takes what a user's own rows, events and saved answers hold.
async fn forget(
    tx: &Tx<'_>,
    environment: EnvironmentId,
    (user, created_at): (UserId, Timestamp),
    now: Timestamp,
) -> Result<()> {
    let whose = params![user: user.0];
    for sql in [
        STATES,
        IDENTITIES,
        SUBSCRIPTION,
        PASSWORDS,
        SECRET_LINKS,
        RIDING_HALVES,
        CONFIRMATIONS,
        DEVICE_HOLDS,
        SOURCE_ENDS,
        RAMPABLE,
        ALIASES,
        NOTICE_JOBS,
        NOTICES,
        SAVED_ANSWERS,
    ] {
        tx.execute(sql, &whose).await?;
    }
    for kind in tx.all(EVENT_TYPES, &whose, |row| row.text(0)).await? {
        let body = event_body(&kind, now, &json!({ "user_id": user, "erased": true }));
        let emptied = params![body: body, user: user.0, type: kind];
        tx.execute(EVENTS, &emptied).await?;
    }
    let from = first_id_at(created_at);
    let to = first_id_at(created_at + MADE_WITHIN);
    let body = event_body("user.created", created_at, &json!({ "user_id": user, "erased": true }));
    let first = params![body: body, environment: environment.0, from: from, to: to, user: user.0];
    tx.execute(FIRST_EVENT, &first).await?;
    tx.execute(ANSWERS, &params![user: user.0, environment: environment.0])
        .await?;
    Ok(())
}

/// Takes what codes know of the addresses that a user has proven, but for those that were taken before.
async fn forget_codes(
    tx: &Tx<'_>,
    environment: EnvironmentId,
    user: UserId,
    forgotten: &mut BTreeSet<(String, String)>,
) -> Result<()> {
    let whose = params![user: user.0];
    let proven = tx.all(PROVEN, &whose, |row| Ok((row.text(0)?, row.text(1)?))).await?;
    let new: BTreeSet<_> = proven.into_iter().filter(|one| !forgotten.contains(one)).collect();
    for (kind, key) in &new {
        let address = params![environment: environment.0, kind: kind.as_str(), key: key.as_str()];
        for sql in [CODE_JOBS, CODE_MESSAGES, CHALLENGES, NETWORKS, MARKS] {
            tx.execute(sql, &address).await?;
        }
        tx.execute(INBOX, &params![environment: environment.0, key: key.as_str()])
            .await?;
    }
    forgotten.extend(new);
    Ok(())
}

async fn erase(
    tx: &Tx<'_>,
    environment: EnvironmentId,
    user: UserId,
    event: EventId,
    now: Timestamp,
) -> Result<Option<UserId>> {
    let Some(named) = find(tx, environment, user).await? else {
        return Ok(None);
    };
    // What codes know goes before the user is held, and in the order in which a proof takes it: somebody may be typing one.
    let mut forgotten = BTreeSet::new();
    forget_codes(tx, environment, named.id, &mut forgotten).await?;
    let Some(known) = find_held(tx, environment, user).await? else {
        return Ok(None);
    };
    let user = known.id;
    // A session or token that is born in this very microsecond has to end too.
    let valid_after = now + SignedDuration::from_micros(1);
    let locked = params![now: now, valid_after: valid_after, user: user.0, environment: environment.0];
    if tx.execute(LOCK, &locked).await? == 0 {
        return Ok(None);
    }
    let whose = params![user: user.0];
    let when = params![user: user.0, now: now];
    tx.execute(JOBS, &whose).await?;
    tx.execute(ADDRESSES, &whose).await?;
    tx.execute(DELIVERIES, &when).await?;
    tx.execute(KEYS, &when).await?;
    // Of an address that was proven meanwhile.
    forget_codes(tx, environment, user, &mut forgotten).await?;
    // Accounts that were joined into this one are the same person's, and still hold what they were before.
    let retired = tx
        .all(RETIRED, &whose, |row| Ok((UserId(row.id(0)?), row.time(1)?)))
        .await?;
    for sql in [RETIRED_NAMES, JOIN_MOVES, JOINS] {
        tx.execute(sql, &whose).await?;
    }
    for each in retired.into_iter().chain([(user, known.created_at)]) {
        forget(tx, environment, each, now).await?;
    }
    let data = json!({ "user_id": user, "deleted": true });
    let deleted = Happened::to(user.0, EventType::UserDeleted, environment, data, now);
    tx.emit(deleted.about(user).with_id(event)).await?;
    Ok(Some(user))
}
