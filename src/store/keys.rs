//! API keys of partners, back ends and apps, as they are managed.

use futures_util::FutureExt as _;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::audit::Entry;
use super::happened::Happened;
use super::instance::BUMP_REVISION;
use super::scope::{AdminScope, AppScope, SystemScope};
use super::sql::{Row, Script, Statement, params};
use super::{Result, Store};
use crate::domain::{EnvironmentId, EnvironmentKind, EventType, KeyId, KeyKind, KeyScope};

/// A new key of a partner, of the back end or of an app.
#[derive(Debug, Clone)]
pub struct NewApiKey {
    /// Its id, which is also inside its text.
    pub id: KeyId,
    /// Its data plane.
    pub environment: EnvironmentId,
    /// What it is for.
    pub kind: KeyKind,
    /// The partner, the app, or the environment itself.
    pub owner: Uuid,
    /// A name for people.
    pub name: String,
    /// SHA-256 of its text.
    pub hash: [u8; 32],
    /// What may be shown later.
    pub hint: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// Its own rate limit, if it has one.
    pub per_minute: Option<u32>,
}

/// A key in a list; never its text.
#[derive(Debug, Clone, serde::Serialize)]
pub struct KeyRow {
    /// Its id.
    pub id: KeyId,
    /// Its data plane.
    pub environment: EnvironmentId,
    /// Sandbox or production.
    pub environment_kind: EnvironmentKind,
    /// What it is for.
    pub kind: &'static str,
    /// Whose it is.
    #[serde(skip)]
    pub owner: Uuid,
    /// A name for people.
    pub name: String,
    /// Its first and last characters.
    pub hint: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// Its own rate limit, if it has one.
    pub per_minute: Option<u32>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
    /// When it ends, if a rotation said so.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

const ADD_KEY: &str = "
    insert into api_keys (id, environment_id, kind, owner_id, name, hash, hint, scopes, per_minute, created_at)
    values (:id, :environment, :kind, :owner, :name, :hash, :hint, :scopes, :per_minute, :now)";
const ADD_SUCCESSOR: &str = "
    insert into api_keys (id, environment_id, kind, owner_id, name, hash, hint, scopes, per_minute, created_at)
    select :id, :environment, :kind, :owner, :name, :hash, :hint, :scopes, :per_minute, :now from api_keys
    where id = :old and revoked_at is null and (expires_at is null or expires_at > :now)";
const KEYS: &str = "
    select key.id, key.environment_id, environment.kind, key.kind, key.owner_id, key.name, key.hint, key.scopes, key.created_at,
        key.last_used_at, key.expires_at, key.revoked_at, key.per_minute
    from api_keys key join environments environment on environment.id = key.environment_id order by key.id";
const LIMIT_KEY: &str = "update api_keys set per_minute = :per_minute
    where id = :id and revoked_at is null";
const REVOKE_KEY: &str = "update api_keys set revoked_at = :now
    where id = :id and revoked_at is null";
// A second rotation may end the old key sooner, never later.
const EXPIRE_KEY: &str = "
    update api_keys set expires_at = :until
    where id = :id and revoked_at is null and (expires_at is null or expires_at > :until)";

const EXPOSE: &str = "update api_keys set exposed_at = :now where id = :id and exposed_at is null";
const SCOPES: &str = "select scopes from api_keys where id = :id";
const SET_SCOPES: &str = "update api_keys set scopes = :scopes where id = :id";

impl Store {
    /// Remembers that an app's client secret was seen in a browser, with an event; false if that was known. In
    /// production it can log nobody in by the caller's own ids any more: whoever reads it there could.
    pub async fn expose_secret(&self, scope: &AppScope, now: Timestamp) -> Result<bool> {
        let Some(key) = scope.key else { return Ok(false) };
        let (environment, app, production) = (scope.environment, scope.app, scope.kind == EnvironmentKind::Production);
        let exposed = self
            .transact(move |tx| {
                async move {
                    if tx.execute(EXPOSE, &params![now: now, id: key.0]).await? == 0 {
                        return Ok(false);
                    }
                    if production && let Some(scopes) = tx.one(SCOPES, &params![id: key.0], |row| row.text(0)).await? {
                        let custody = KeyScope::Custody.as_str();
                        let kept: Vec<&str> = scopes.split_whitespace().filter(|scope| *scope != custody).collect();
                        tx.execute(SET_SCOPES, &params![scopes: kept.join(" "), id: key.0])
                            .await?;
                    }
                    let about = json!({ "key_id": key, "app_id": app });
                    let event = Happened::to(key.0, EventType::SecretExposed, environment, about, now);
                    tx.emit(event).await?;
                    tx.execute(BUMP_REVISION, &[]).await?;
                    Ok(true)
                }
                .boxed()
            })
            .await?;
        if exposed {
            self.credentials.clear();
        }
        Ok(exposed)
    }

    /// Stores a new key.
    pub async fn create_key(&self, scope: &AdminScope, new: NewApiKey, now: Timestamp) -> Result<()> {
        let entry = Entry::of("key.created", new.environment, new.id).saying(described(&new));
        let script = Script(vec![add_key(new, now)]);
        self.change(scope, entry, script, now).await?;
        Ok(())
    }

    /// Every key.
    pub async fn keys(&self, _: SystemScope) -> Result<Vec<KeyRow>> {
        self.all(KEYS, &[], key_row).await
    }

    /// Gives a key a rate limit of its own, or its environment's again; false if there is no such key or it was
    /// revoked. What it has used of its minute stays used.
    pub async fn set_key_limit(
        &self,
        scope: &AdminScope,
        key: KeyId,
        per_minute: Option<u32>,
        now: Timestamp,
    ) -> Result<bool> {
        let params = params![per_minute: per_minute.map(i64::from), id: key.0];
        let entry = Entry::of_key("key.limited", key).saying(json!({ "per_minute": per_minute }));
        self.change(scope, entry, Script::default().then(LIMIT_KEY, params), now)
            .await
    }

    /// Revokes a key at once; false if there is no such key or it was revoked before.
    pub async fn revoke_key(&self, scope: &AdminScope, key: KeyId, now: Timestamp) -> Result<bool> {
        let params = params![now: now, id: key.0];
        let script = Script::default().then(REVOKE_KEY, params);
        self.change(scope, Entry::of_key("key.revoked", key), script, now).await
    }

    /// Puts a new key beside an old one, which ends at `until`, or sooner if an earlier rotation said so; false
    /// if the old one is unknown, revoked or expired, and then the new one is not stored either.
    pub async fn rotate_key(
        &self,
        scope: &AdminScope,
        old: KeyId,
        new: NewApiKey,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool> {
        let entry = Entry::of("key.rotated", new.environment, old);
        let entry = entry.saying(json!({ "successor": new.id, "old_ends_at": until }));
        let mut successor = add_key(new, now);
        successor.sql = ADD_SUCCESSOR;
        successor.params.push((":old", old.0.into()));
        let script = Script(vec![successor]).then(EXPIRE_KEY, params![until: until, id: old.0]);
        self.change(scope, entry, script, now).await
    }
}

fn add_key(new: NewApiKey, now: Timestamp) -> Statement {
    Statement {
        sql: ADD_KEY,
        params: params![
            id: new.id.0, environment: new.environment.0, kind: new.kind.as_str(), owner: new.owner, name: new.name,
            hash: new.hash.to_vec(), hint: new.hint, scopes: new.scopes.join(" "), per_minute: new.per_minute.map(i64::from), now: now,
        ]
        .into(),
    }
}

fn key_row(row: &Row<'_>) -> Result<KeyRow> {
    Ok(KeyRow {
        id: KeyId(row.id(0)?),
        environment: EnvironmentId(row.id(1)?),
        environment_kind: row.word(2, EnvironmentKind::parse)?,
        kind: row.word(3, KeyKind::parse)?.as_str(),
        owner: row.id(4)?,
        name: row.text(5)?,
        hint: row.text(6)?,
        scopes: row.text(7)?.split_whitespace().map(str::to_owned).collect(),
        created_at: row.time(8)?,
        last_used_at: row.opt_time(9)?,
        expires_at: row.opt_time(10)?,
        revoked_at: row.opt_time(11)?,
        per_minute: row.opt_int(12)?.and_then(|limit| u32::try_from(limit).ok()),
    })
}

/// What the audit says of a new key: everything but what would let somebody in.
fn described(new: &NewApiKey) -> Value {
    json!({
        "kind": new.kind.as_str(), "name": new.name, "hint": new.hint, "scopes": new.scopes, "per_minute": new.per_minute,
    })
}
