//! A user is erased.
//!
//! The lock comes first: an erased user's sessions, links, keys and tokens are refused wherever they are looked up,
//! because each of these look-ups asks for the user's state. What names the person goes in the same transaction;
//! dead links and sessions hold nothing personal and go with the sweep.

use futures_util::FutureExt as _;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{NewEvent, add_event, find, lock};
use crate::domain::{EnvironmentId, EventId, UserId};
use crate::store::audit::{Entry, audit};
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
const RAMPABLE: &str = "delete from rampable_accounts where user_id = :user";
const ALIASES: &str = "delete from user_aliases where user_id = :user";
const KEYS: &str = "update user_keys set revoked_at = :now where user_id = :user and revoked_at is null";
const JOBS: &str = "
    delete from jobs where id in (
        select id from deliveries
        where user_key_id is not null and state = 'pending' and user_key_id in (select id from user_keys where user_id = :user))";
const DELIVERIES: &str = "
    update deliveries set state = 'given_up', finished_at = :now, sealed_body = null, body = null, last_error = 'the user was erased'
    where user_key_id is not null and state = 'pending' and user_key_id in (select id from user_keys where user_id = :user)";
const EVENT_TYPES: &str = "select distinct type from events where user_id = :user and type <> 'user.created'";
const EVENTS: &str = "
    update events set body = :body where user_id = :user and type = :type and type <> 'user.created'";
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
const SAVED_ANSWERS: &str = "
    update idempotency_keys set body = null where resource_id = :user and body is not null";

impl Store {
    /// Erases a user of the environment, which the audit log keeps with who did it; answers its id, or `None` if there is no such user (any more). Writes
    /// `user.deleted` as `event`.
    pub async fn erase_user(
        &self,
        scope: impl Into<UsersScope>,
        admin: &AdminScope,
        user: UserId,
        event: EventId,
        now: Timestamp,
    ) -> Result<Option<UserId>> {
        let environment = scope.into().environment;
        let admin = admin.clone();
        let erased = self
            .transact(move |tx| {
                async move {
                    let erased = erase(tx, environment, user, event, now).await?;
                    if let Some(user) = erased {
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

async fn erase(
    tx: &Tx<'_>,
    environment: EnvironmentId,
    user: UserId,
    event: EventId,
    now: Timestamp,
) -> Result<Option<UserId>> {
    let Some(known) = find(tx, environment, user).await? else {
        return Ok(None);
    };
    let user = known.id;
    lock(tx, user).await?;
    // A session or token that is born in this very microsecond has to end too.
    let valid_after = now + SignedDuration::from_micros(1);
    let locked = params![now: now, valid_after: valid_after, user: user.0, environment: environment.0];
    if tx.execute(LOCK, &locked).await? == 0 {
        return Ok(None);
    }
    let whose = params![user: user.0];
    let when = params![user: user.0, now: now];
    tx.execute(JOBS, &whose).await?;
    tx.execute(DELIVERIES, &when).await?;
    tx.execute(KEYS, &when).await?;
    for (kind, key) in tx.all(PROVEN, &whose, |row| Ok((row.text(0)?, row.text(1)?))).await? {
        let address = params![environment: environment.0, kind: kind.as_str(), key: key.as_str()];
        for sql in [CODE_JOBS, CODE_MESSAGES, CHALLENGES, NETWORKS, MARKS] {
            tx.execute(sql, &address).await?;
        }
        tx.execute(INBOX, &params![environment: environment.0, key: key.as_str()])
            .await?;
    }
    for sql in [IDENTITIES, SUBSCRIPTION, PASSWORDS, RAMPABLE, ALIASES, SAVED_ANSWERS] {
        tx.execute(sql, &whose).await?;
    }
    for kind in tx.all(EVENT_TYPES, &whose, |row| row.text(0)).await? {
        let body = json!({ "type": kind, "data": { "user_id": user, "erased": true } });
        let emptied = params![body: body.to_string().into_bytes(), user: user.0, type: kind];
        tx.execute(EVENTS, &emptied).await?;
    }
    let kind = "user.deleted";
    let body = json!({
        "type": kind, "timestamp": format!("{now:.0}"), "data": { "user_id": user, "deleted": true },
    });
    let deleted = NewEvent {
        id: event.0,
        kind,
        body: body.to_string().into_bytes(),
    };
    add_event(tx, environment, user, deleted, now).await?;
    Ok(Some(user))
}
