//! Idempotency keys: recorded by the write verb itself, in its own transaction.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use uuid::Uuid;

use super::sql::params;
use super::transaction::Tx;
use super::{Result, Store};
use crate::domain::EnvironmentId;

/// An `Idempotency-Key` as a verb takes it. `id` is a hash over environment, credential, user or wallet, method,
/// path and key.
#[derive(Debug, Clone)]
pub struct IdempotencyClaim {
    /// What the key is looked up by.
    pub id: [u8; 32],
    /// SHA-256 of the request body: the same key with another one is a mismatch.
    pub request_hash: [u8; 32],
    /// When the key may be used anew (24 h).
    pub expires_at: Timestamp,
}

/// What a replay answers. Never anything secret: an answer that holds one is saved without its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedAnswer {
    /// The status.
    pub status: u16,
    /// The answer's data as JSON text; `None` where it held a secret.
    pub body: Option<String>,
    /// What the call made, if anything.
    pub resource: Option<Uuid>,
}

/// What became of a call that may carry an `Idempotency-Key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Once<T> {
    /// It was made now.
    Done(T),
    /// It was made before; this is what was answered.
    Replayed(SavedAnswer),
    /// The key was used with another request; nothing was written.
    Mismatch,
    /// A call with this key is being made on another node; nothing was written.
    Running,
}

const FIND: &str =
    "select request_hash, status, body, resource_id from idempotency_keys where id = :id and expires_at > :now";
// A key that has expired may still stand there until the next sweep.
const ADD: &str = "
    insert into idempotency_keys (id, environment_id, request_hash, status, body, resource_id, expires_at)
    values (:id, :environment, :request_hash, :status, :body, :resource, :expires_at)
    on conflict (id) do update set environment_id = excluded.environment_id, request_hash = excluded.request_hash,
        status = excluded.status, body = excluded.body, resource_id = excluded.resource_id, expires_at = excluded.expires_at";

impl Store {
    /// Runs a verb unless its `Idempotency-Key` was used before, and records what it says is to be saved: a
    /// refusal that changed nothing saves nothing, and the key stays free.
    pub(super) async fn transact_once<T, F>(
        &self,
        environment: EnvironmentId,
        claim: Option<IdempotencyClaim>,
        now: Timestamp,
        work: F,
    ) -> Result<Once<T>>
    where
        T: Send + 'static,
        F: for<'t, 'c> FnOnce(&'t Tx<'c>) -> BoxFuture<'t, Result<(T, Option<SavedAnswer>)>> + Send + 'static,
    {
        self.transact(move |tx| {
            async move {
                let Some(claim) = claim else {
                    return Ok(Once::Done(work(tx).await?.0));
                };
                if !tx.try_lock(&[b"idempotency", &claim.id]).await? {
                    return Ok(Once::Running);
                }
                if let Some((hash, saved)) = find(tx, &claim, now).await? {
                    let same = hash == claim.request_hash;
                    return Ok(if same { Once::Replayed(saved) } else { Once::Mismatch });
                }
                let (done, saved) = work(tx).await?;
                if let Some(saved) = saved {
                    add(tx, environment, &claim, saved).await?;
                }
                Ok(Once::Done(done))
            }
            .boxed()
        })
        .await
    }
}

async fn find(tx: &Tx<'_>, claim: &IdempotencyClaim, now: Timestamp) -> Result<Option<(Vec<u8>, SavedAnswer)>> {
    tx.one(FIND, &params![id: &claim.id[..], now: now], |row| {
        let body = row.opt_bytes(2)?.map(String::from_utf8).transpose();
        let saved = SavedAnswer {
            status: u16::try_from(row.int(1)?).unwrap_or_default(),
            body: body.map_err(|_| super::StoreError::unreadable("body"))?,
            resource: row.opt_id(3)?,
        };
        Ok((row.bytes(0)?, saved))
    })
    .await
}

async fn add(tx: &Tx<'_>, environment: EnvironmentId, claim: &IdempotencyClaim, saved: SavedAnswer) -> Result<()> {
    let params = params![
        id: &claim.id[..], environment: environment.0, request_hash: &claim.request_hash[..], status: i64::from(saved.status),
        body: saved.body.map(String::into_bytes), resource: saved.resource, expires_at: claim.expires_at,
    ];
    tx.execute(ADD, &params).await?;
    Ok(())
}
