//! Everything that the key-encryption key wraps is wrapped anew, under another one.
//!
//! A wrapped value says which key wrapped it, so whoever begins again goes on where they stopped. No payload is touched.

use futures_util::FutureExt as _;
use jiff::Timestamp;
use serde_json::json;

use super::audit::{Entry, audit};
use super::scope::{AdminScope, SystemScope};
use super::sql::{Script, params};
use super::{Result, Store};
use crate::domain::{EnvironmentId, RootKeyId, UserId, Uuid, WalletId};

/// A wallet's key that is wrapped: its own, or the one that an older recovery secret opens.
#[derive(Clone)]
pub struct WrappedKey {
    /// The wallet's row, or the secret's.
    pub row: Uuid,
    /// Whether it stands in a secret's row.
    pub of_secret: bool,
    /// The wallet.
    pub wallet: WalletId,
    /// Its data plane.
    pub environment: EnvironmentId,
    /// Whom it was sealed for.
    pub sealed_for: UserId,
    /// The wrapped key.
    pub key: Vec<u8>,
    /// What it opens.
    pub body: Vec<u8>,
}

const WALLETS: &str = "
    select id, id, environment_id, sealed_for, key, body from wallets where id > :after order by id limit :limit";
const SECRETS: &str = "
    select secret.id, wallet.id, wallet.environment_id, secret.sealed_for, secret.key, secret.body
    from wallet_secrets secret join wallets wallet on wallet.id = secret.wallet_id
    where secret.id > :after and secret.key is not null order by secret.id limit :limit";
// What changed meanwhile was wrapped by whoever changed it.
const WALLET: &str = "update wallets set key = :new where id = :row and key = :old";
const SECRET: &str = "update wallet_secrets set key = :new where id = :row and key = :old";
const ROOT_KEY: &str = "update root_keys set wrapped = :wrapped where id = :id";
const INSTANCE: &str = "update instance set kek_id = :kek_id, canary = :canary where one = 1";

impl Store {
    /// A page of wallets' wrapped keys, or of those in the rows of older secrets, in the order of their rows.
    pub async fn wrapped_keys(
        &self,
        _: SystemScope,
        of_secrets: bool,
        after: Uuid,
        limit: u32,
    ) -> Result<Vec<WrappedKey>> {
        let sql = if of_secrets { SECRETS } else { WALLETS };
        self.all(sql, &params![after: after, limit: i64::from(limit)], |row| {
            Ok(WrappedKey {
                row: row.id(0)?,
                of_secret: of_secrets,
                wallet: WalletId(row.id(1)?),
                environment: EnvironmentId(row.id(2)?),
                sealed_for: UserId(row.id(3)?),
                key: row.bytes(4)?,
                body: row.bytes(5)?,
            })
        })
        .await
    }

    /// Puts down keys that were wrapped anew, each where the old one still stands; answers how many did.
    pub async fn rewrap_keys(&self, _: SystemScope, keys: Vec<(WrappedKey, Vec<u8>)>) -> Result<u64> {
        let mut script = Script::default();
        for (old, new) in keys {
            let sql = if old.of_secret { SECRET } else { WALLET };
            script = script.then(sql, params![new: new, row: old.row, old: old.key]);
        }
        Ok(self.run(script).await?.into_iter().sum())
    }

    /// Puts down the root keys and the canary under another key-encryption key, which is the instance's from then on;
    /// the audit log says so.
    pub async fn rewrap_instance(
        &self,
        scope: &AdminScope,
        kek_id: String,
        canary: Vec<u8>,
        root_keys: Vec<(RootKeyId, Vec<u8>)>,
        now: Timestamp,
    ) -> Result<()> {
        let scope = scope.clone();
        self.transact(move |tx| {
            async move {
                for (id, wrapped) in &root_keys {
                    tx.execute(ROOT_KEY, &params![wrapped: &wrapped[..], id: id.0]).await?;
                }
                let instance = params![kek_id: kek_id.as_str(), canary: &canary[..]];
                tx.execute(INSTANCE, &instance).await?;
                let entry = Entry::of_instance("keys.rewrapped", &kek_id).without_revision();
                audit(tx, &scope, entry.saying(json!({ "root_keys": root_keys.len() })), now).await
            }
            .boxed()
        })
        .await
    }
}
