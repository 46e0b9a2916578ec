//! The audit log: who changed what, written and sealed in the transaction of the change.
//!
//! A verb that changes how the instance is run takes an [`AdminScope`] and writes its entry in its own transaction, by
//! [`Store::change`] or, where it decides more, by [`audit`]. Entries are written one transaction after the other, so that their numbers follow
//! the order of the commits. The seal of each is a MAC over the seal before it and the entry, under a key that the
//! database does not hold; one that is missing is as bad as a wrong one.

use futures_util::FutureExt as _;
use futures_util::future::{join, try_join_all};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::happened::Happened;
use super::instance::BUMP_REVISION;
use super::scope::{AdminScope, SystemScope};
use super::sessions::ended_all;
use super::sql::{Row, Script, params};
use super::transaction::Tx;
use super::{Result, Store};
use crate::domain::{AppId, EnvironmentId, EventType, KeyId, PartnerId, UserId};

/// An entry that a change is about to write.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    action: &'static str,
    place: Place,
    target: String,
    details: Value,
    revises: bool,
}

/// Where something was done.
#[derive(Debug, Clone, Copy)]
enum Place {
    Instance,
    In(EnvironmentId),
    /// In the environment that a look-up by this id finds.
    Of(&'static str, Uuid),
}

impl Place {
    async fn environment(self, tx: &Tx<'_>) -> Result<Option<EnvironmentId>> {
        let found = match self {
            Self::Instance => None,
            Self::In(environment) => return Ok(Some(environment)),
            Self::Of(sql, id) => tx.one(sql, &params![id: id], |row| row.id(0)).await?,
        };
        Ok(found.map(EnvironmentId))
    }
}

impl Entry {
    /// What was done to what in an environment: `key.revoked`, the key's id.
    pub fn of(action: &'static str, environment: EnvironmentId, target: impl std::fmt::Display) -> Self {
        Self {
            place: Place::In(environment),
            ..Self::of_instance(action, target)
        }
    }

    /// What was done to a key, in whichever environment it is.
    pub fn of_key(action: &'static str, key: KeyId) -> Self {
        Self {
            place: Place::Of("select environment_id from api_keys where id = :id", key.0),
            ..Self::of_instance(action, key)
        }
    }

    /// What was done to a partner, in whichever environment it is.
    pub fn of_partner(action: &'static str, partner: PartnerId) -> Self {
        Self {
            place: Place::Of("select environment_id from partners where id = :id", partner.0),
            ..Self::of_instance(action, partner)
        }
    }

    /// What was done to an app, in whichever environment it is.
    pub fn of_app(action: &'static str, app: AppId) -> Self {
        Self {
            place: Place::Of("select environment_id from apps where id = :id", app.0),
            ..Self::of_instance(action, app)
        }
    }

    /// What was done to what that belongs to no environment.
    pub fn of_instance(action: &'static str, target: impl std::fmt::Display) -> Self {
        Self {
            action,
            place: Place::Instance,
            target: target.to_string(),
            details: Value::Object(serde_json::Map::new()),
            revises: true,
        }
    }

    /// With more about it; never a secret.
    pub fn saying(self, details: Value) -> Self {
        Self { details, ..self }
    }

    /// Of a change of which no node keeps anything in memory: nobody has to read anything again.
    pub fn without_revision(self) -> Self {
        Self { revises: false, ..self }
    }
}

/// An entry of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct AuditEntry {
    /// Its place in the order of the commits.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Who: `operator (uid 1000)`.
    pub actor: String,
    /// What was done: `key.revoked`.
    pub action: String,
    /// To what: an id.
    pub target: String,
    /// Where, if it was one environment.
    pub environment: Option<EnvironmentId>,
    /// More about it, as JSON text.
    #[serde(skip)]
    pub details: String,
    /// The seal: a root key's id and a MAC.
    #[serde(skip)]
    pub seal: Option<Vec<u8>>,
}

const ADD: &str = "
    insert into audit (environment_id, at, actor, action, target, details)
    values (:environment, :now, :actor, :action, :target, :details) returning seq";
const PAGE: &str = "
    select seq, at, actor, action, target, environment_id, details, seal from audit
    where seq > :after order by seq limit :limit";
const NEWEST: &str = "
    select seq, at, actor, action, target, environment_id, details, seal from audit
    where seq < :before order by seq desc limit :limit";
const LAST: &str = "select seal from audit order by seq desc limit 1";
const SEAL: &str = "update audit set seal = :seal where seq = :seq";

impl Store {
    /// Makes a change that its first statement decides, and writes its entry; false if that statement changed no row,
    /// and then nothing is written. Every node re-reads what it keeps of credentials and settings.
    pub(super) async fn change(
        &self,
        scope: &AdminScope,
        entry: Entry,
        script: Script,
        now: Timestamp,
    ) -> Result<bool> {
        let (scope, revises) = (scope.clone(), entry.revises);
        let changed = self
            .transact(move |tx| {
                async move {
                    let mut statements = script.0.iter();
                    if let Some(first) = statements.next()
                        && tx.execute(first.sql, &first.params).await? == 0
                    {
                        return Ok(false);
                    }
                    for statement in statements {
                        tx.execute(statement.sql, &statement.params).await?;
                    }
                    if entry.revises {
                        tx.execute(BUMP_REVISION, &[]).await?;
                    }
                    audit(tx, &scope, entry, now).await?;
                    Ok(true)
                }
                .boxed()
            })
            .await?;
        if changed && revises {
            self.credentials.clear();
        }
        Ok(changed)
    }

    /// Entries after a place, oldest first.
    pub async fn audit_after(&self, _: SystemScope, after: i64, limit: u32) -> Result<Vec<AuditEntry>> {
        let params = params![after: after, limit: i64::from(limit)];
        self.all(PAGE, &params, read).await
    }

    /// Entries before a place, newest first; from the end without one.
    pub async fn audit_before(&self, _: SystemScope, before: Option<i64>, limit: u32) -> Result<Vec<AuditEntry>> {
        let params = params![before: before.unwrap_or(i64::MAX), limit: i64::from(limit)];
        self.all(NEWEST, &params, read).await
    }
}

/// Writes an entry inside a verb, and its seal over the one before.
pub(super) async fn audit(tx: &Tx<'_>, scope: &AdminScope, entry: Entry, now: Timestamp) -> Result<()> {
    let before = resume(tx).await?;
    append(tx, vec![(scope, entry, now)], before).await
}

/// Waits until no other transaction writes an entry, and answers the last seal. One after the other: numbers are handed
/// out before the commit, and each seal needs the last.
pub(super) async fn resume(tx: &Tx<'_>) -> Result<Option<Vec<u8>>> {
    tx.ready(&[LAST]).await?;
    let (held, last) = join(tx.lock(&[b"audit"]), tx.one(LAST, &[], |row| row.opt_bytes(0))).await;
    held?;
    Ok(last?.flatten())
}

/// Writes entries, for a verb that holds the log, each with its seal over the one before.
pub(super) async fn append(
    tx: &Tx<'_>,
    entries: Vec<(&AdminScope, Entry, Timestamp)>,
    before: Option<Vec<u8>>,
) -> Result<()> {
    tx.ready(&[ADD, SEAL]).await?;
    let mut written = Vec::with_capacity(entries.len());
    for (scope, entry, now) in &entries {
        written.push(AuditEntry {
            seq: 0,
            at: *now,
            actor: scope.actor().to_owned(),
            action: entry.action.to_owned(),
            target: entry.target.clone(),
            environment: entry.place.environment(tx).await?,
            details: entry.details.to_string(),
            seal: None,
        });
    }
    let numbers = try_join_all(written.iter().map(|entry| add(tx, entry))).await?;
    if !numbers.is_sorted() {
        return Err(super::StoreError::Fault(
            "entries of the audit log were numbered out of turn".to_owned(),
        ));
    }
    let mut before = before.unwrap_or_default();
    for ((scope, ..), (entry, seq)) in entries.iter().zip(written.iter_mut().zip(numbers)) {
        entry.seq = seq;
        before = scope.seal(&before, entry);
        entry.seal = Some(before.clone());
    }
    try_join_all(written.iter().map(|entry| seal(tx, entry))).await?;
    for ((_, entry, now), written) in entries.iter().zip(&written) {
        if let Some(environment) = written.environment {
            tell(tx, environment, entry.action, &entry.target, &entry.details, *now).await?;
        }
    }
    Ok(())
}

/// Writes an entry and answers its number.
async fn add(tx: &Tx<'_>, entry: &AuditEntry) -> Result<i64> {
    let params = params![
        environment: entry.environment.map(|environment| environment.0), now: entry.at, actor: entry.actor.as_str(),
        action: entry.action.as_str(), target: entry.target.as_str(), details: entry.details.as_str(),
    ];
    let seq = tx.one(ADD, &params, |row| row.int(0)).await?;
    seq.ok_or_else(|| super::StoreError::unreadable("seq"))
}

async fn seal(tx: &Tx<'_>, entry: &AuditEntry) -> Result<u64> {
    tx.execute(
        SEAL,
        &params![seal: entry.seal.as_deref().unwrap_or_default(), seq: entry.seq],
    )
    .await
}

/// What is done to keys is an event as well, and so is what a suspension ends.
async fn tell(
    tx: &Tx<'_>,
    environment: EnvironmentId,
    action: &str,
    target: &str,
    details: &Value,
    now: Timestamp,
) -> Result<()> {
    let (kind, data) = match action {
        "key.created" => (
            EventType::KeyCreated,
            json!({ "key_id": target, "kind": details["kind"], "name": details["name"], "scopes": details["scopes"] }),
        ),
        "key.rotated" => (
            EventType::KeyCreated,
            json!({ "key_id": details["successor"], "rotated_from": target }),
        ),
        "key.revoked" => (EventType::KeyRevoked, json!({ "key_id": target })),
        "user.suspended" => {
            let Ok(user) = target.parse::<UserId>() else {
                return Ok(());
            };
            return ended_all(tx, environment, user, "suspended", now).await;
        }
        _ => return Ok(()),
    };
    let Ok(key) = target.parse::<KeyId>() else {
        return Ok(());
    };
    tx.emit(Happened::to(key.0, kind, environment, data, now)).await
}

fn read(row: &Row<'_>) -> Result<AuditEntry> {
    Ok(AuditEntry {
        seq: row.int(0)?,
        at: row.time(1)?,
        actor: row.text(2)?,
        action: row.text(3)?,
        target: row.text(4)?,
        environment: row.opt_id(5)?.map(EnvironmentId),
        details: row.text(6)?,
        seal: row.opt_bytes(7)?,
    })
}
