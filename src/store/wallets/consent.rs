//! What a person lets an app do with a wallet.

use futures_util::FutureExt as _;
use jiff::Timestamp;

use super::{select_wallet, told, wallet_row};
use crate::domain::{AppId, ConsentScopes, EnvironmentId, WalletId};
use crate::store::scope::UserScope;
use crate::store::sql::params;
use crate::store::{Result, Store};

/// A person's word on an app and a wallet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Consent {
    /// The app.
    pub app: AppId,
    /// The data plane.
    pub environment: EnvironmentId,
    /// The wallet.
    pub wallet: WalletId,
    /// What it may do.
    pub scopes: ConsentScopes,
    /// When it ends by itself, if it does.
    pub expires_at: Option<Timestamp>,
}

pub(super) const GRANT: &str = "
    insert into consents (wallet_id, app_id, environment_id, granted_at, expires_at, scopes)
    values (:wallet, :app, :environment, :now, :expires_at, :scopes)
    on conflict (wallet_id, app_id) do update set granted_at = excluded.granted_at,
        expires_at = excluded.expires_at, scopes = excluded.scopes, withdrawn_at = null";
const OWN: &str = select_wallet!(
    " from wallets wallet
    where wallet.id = :wallet and wallet.user_id = :user and wallet.environment_id = :environment"
);
const WITHDRAW: &str = "
    update consents set withdrawn_at = :now where wallet_id = :wallet and app_id = :app and withdrawn_at is null";

impl Store {
    /// Lets an app work with the user's wallet. False if the wallet is not the user's.
    pub async fn grant_consent(&self, scope: &UserScope, consent: Consent, now: Timestamp) -> Result<bool> {
        let (user, environment) = (scope.user, scope.environment);
        self.transact(move |tx| {
            async move {
                let whose = params![wallet: consent.wallet.0, user: user.0, environment: environment.0];
                let Some(wallet) = tx.one(OWN, &whose, wallet_row).await? else {
                    return Ok(false);
                };
                let scopes = consent.scopes.text();
                let granted = params![
                    wallet: consent.wallet.0, app: consent.app.0, environment: environment.0, now: now,
                    expires_at: consent.expires_at, scopes: scopes.as_str(),
                ];
                tx.execute(GRANT, &granted).await?;
                told::consent(
                    tx,
                    &wallet,
                    consent.app,
                    Some((scopes.as_str(), consent.expires_at)),
                    now,
                )
                .await?;
                Ok(true)
            }
            .boxed()
        })
        .await
    }

    /// Takes that back. False if there is nothing to take back.
    pub async fn withdraw_consent(
        &self,
        scope: &UserScope,
        wallet: WalletId,
        app: AppId,
        now: Timestamp,
    ) -> Result<bool> {
        let (user, environment) = (scope.user, scope.environment);
        self.transact(move |tx| {
            async move {
                let whose = params![wallet: wallet.0, user: user.0, environment: environment.0];
                let Some(known) = tx.one(OWN, &whose, wallet_row).await? else {
                    return Ok(false);
                };
                let which = params![now: now, wallet: wallet.0, app: app.0];
                if tx.execute(WITHDRAW, &which).await? == 0 {
                    return Ok(false);
                }
                told::consent(tx, &known, app, None, now).await?;
                Ok(true)
            }
            .boxed()
        })
        .await
    }
}
