//! A wallet moves to another log-in.

use futures_util::FutureExt as _;
use jiff::{SignedDuration, Timestamp};

use super::consent::GRANT;
use super::create::{FORGET, put_secret};
use super::{NewSecret, NewSecretLink, Wallet, select_wallet, told, wallet_row};
use crate::domain::{AppId, ConsentScopes, Custody, EnvironmentId, Notice, UserId, Uuid, WalletId};
use crate::store::idempotency::{IdempotencyClaim, Once, SavedAnswer};
use crate::store::scope::UserScope;
use crate::store::sessions::ended_all;
use crate::store::sql::params;
use crate::store::transaction::Tx;
use crate::store::users::lock;
use crate::store::{Result, Store};

/// A wallet that the vault has sealed anew, for whoever has proven its recovery secret.
#[derive(Clone)]
pub struct Recovery {
    /// The wallet.
    pub wallet: WalletId,
    /// The secret that was proven.
    pub by: Uuid,
    /// The vault's two columns, sealed for the user who recovers it.
    pub key: Vec<u8>,
    /// The vault's two columns.
    pub body: Vec<u8>,
    /// Its new secret.
    pub secret: NewSecret,
    /// Where the new secret can be downloaded.
    pub link: NewSecretLink,
}

/// What became of a recovery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WalletRecovery {
    /// The wallet has moved.
    Moved {
        /// Who had it before.
        from: UserId,
    },
    /// The user has another wallet.
    HasAnother,
    /// The operator stopped the wallet.
    Frozen,
    /// The secret is none any more, or the user is locked out.
    Refused,
}

const STATUS: &str = "
    select id from users where id = :user and environment_id = :environment and status in ('linked', 'verified')";
const OTHER: &str = "select id, state from wallets where user_id = :user and id <> :wallet";
const KNOWN: &str = select_wallet!(
    " from wallets wallet join wallet_secrets secret on secret.wallet_id = wallet.id and secret.id = :by
    where wallet.id = :wallet and wallet.environment_id = :environment"
);
const OTHER_SECRETS: &str = "delete from wallet_secrets where wallet_id = :wallet and id <> :by";
// The secret that was used goes on opening what it opened, until the new one is proven.
const KEEP_OLDER: &str = "
    update wallet_secrets set sealed_for = :sealed_for, key = :key, body = :body where id = :by and key is null";
const MOVE: &str = "
    update wallets set user_id = :user, sealed_for = :user, key = :key, body = :body, state = 'active', moved_at = :now,
        ends_at = null, updated_at = :now where id = :wallet";
const ENDED: [&str; 4] = [
    "update wallet_exports set state = 'stopped' where wallet_id = :wallet and state <> 'done'",
    "delete from secret_links where wallet_id = :wallet",
    "delete from riding_halves where wallet_id = :wallet",
    "delete from consents where wallet_id = :wallet",
];
const LOG_OUT: &str = "
    update users set valid_after = :valid_after, updated_at = :now where id = :user and valid_after < :valid_after";

impl Store {
    /// Moves a wallet to the user of the scope, under a new secret; the old one lives until the new one is proven. All
    /// tokens of whoever had it end, and all consents but the one of the app that recovers it.
    pub async fn recover_wallet(
        &self,
        scope: &UserScope,
        app: AppId,
        recovery: Recovery,
        claim: Option<IdempotencyClaim>,
        now: Timestamp,
    ) -> Result<Once<WalletRecovery>> {
        let (environment, user, notices) = (scope.environment, scope.user, self.notices());
        self.transact_once(environment, claim, now, move |tx| {
            async move {
                let saved = SavedAnswer {
                    status: 200,
                    body: None,
                    resource: Some(recovery.wallet.0),
                };
                let outcome = recover(tx, environment, user, app, &recovery, now).await?;
                if let WalletRecovery::Moved { from } = outcome
                    && from != user
                {
                    let told = (from, Notice::WalletRecovered);
                    notices.tell(tx, environment, told, None, now, |_| true).await?;
                }
                let moved = matches!(outcome, WalletRecovery::Moved { .. });
                Ok((outcome, moved.then_some(saved)))
            }
            .boxed()
        })
        .await
    }
}

async fn recover(
    tx: &Tx<'_>,
    environment: EnvironmentId,
    user: UserId,
    app: AppId,
    recovery: &Recovery,
    now: Timestamp,
) -> Result<WalletRecovery> {
    let wallet = recovery.wallet.0;
    lock(tx, user).await?;
    tx.lock(&[b"wallet", &recovery.wallet.bytes()]).await?;
    let whose = params![user: user.0, environment: environment.0];
    if tx.one(STATUS, &whose, |row| row.id(0)).await?.is_none() {
        return Ok(WalletRecovery::Refused);
    }
    let which = params![wallet: wallet, by: recovery.by, environment: environment.0];
    let Some(known) = tx.one(KNOWN, &which, wallet_row).await? else {
        return Ok(WalletRecovery::Refused);
    };
    if known.frozen {
        return Ok(WalletRecovery::Frozen);
    }
    let others = params![user: user.0, wallet: wallet];
    match tx.one(OTHER, &others, |row| Ok((row.id(0)?, row.text(1)?))).await? {
        None => {}
        Some((other, state)) if state == "pending" => {
            for sql in FORGET {
                tx.execute(sql, &params![wallet: other]).await?;
            }
        }
        Some(_) => return Ok(WalletRecovery::HasAnother),
    }
    tx.execute(OTHER_SECRETS, &params![wallet: wallet, by: recovery.by])
        .await?;
    if known.custody == Custody::Shared {
        keep_older(tx, &known, recovery.by).await?;
    }
    let moved = params![user: user.0, key: &recovery.key[..], body: &recovery.body[..], now: now, wallet: wallet];
    tx.execute(MOVE, &moved).await?;
    for sql in ENDED {
        tx.execute(sql, &params![wallet: wallet]).await?;
    }
    let granted = params![
        wallet: wallet, app: app.0, environment: environment.0, now: now, expires_at: None::<Timestamp>,
        scopes: ConsentScopes::ALL.text(),
    ];
    tx.execute(GRANT, &granted).await?;
    put_secret(tx, environment, recovery.wallet, &recovery.secret, &recovery.link, now).await?;
    if known.user != user {
        let valid_after = now + SignedDuration::from_micros(1);
        let ended = params![valid_after: valid_after, now: now, user: known.user.0];
        tx.execute(LOG_OUT, &ended).await?;
        ended_all(tx, environment, known.user, "wallet_recovered", now).await?;
    }
    told::recovered(tx, &known, user, app, now).await?;
    Ok(WalletRecovery::Moved { from: known.user })
}

async fn keep_older(tx: &Tx<'_>, known: &Wallet, by: Uuid) -> Result<()> {
    let older = params![
        sealed_for: known.sealed_for.0, key: &known.key[..], body: &known.body[..], by: by,
    ];
    tx.execute(KEEP_OLDER, &older).await?;
    Ok(())
}
