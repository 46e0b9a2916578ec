//! What a person lets an app do with a wallet.

use jiff::Timestamp;

use crate::domain::{AppId, EnvironmentId, WalletId};
use crate::store::scope::UserScope;
use crate::store::sql::{Script, params};
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
    /// When it ends by itself, if it does.
    pub expires_at: Option<Timestamp>,
}

pub(super) const GRANT: &str = "
    insert into consents (wallet_id, app_id, environment_id, granted_at, expires_at)
    values (:wallet, :app, :environment, :now, :expires_at)
    on conflict (wallet_id, app_id) do update set
        granted_at = excluded.granted_at, expires_at = excluded.expires_at, withdrawn_at = null";
// Only whoever has the wallet.
const GRANT_OWN: &str = "
    insert into consents (wallet_id, app_id, environment_id, granted_at, expires_at)
    select wallet.id, :app, wallet.environment_id, :now, :expires_at from wallets wallet
    where wallet.id = :wallet and wallet.user_id = :user and wallet.environment_id = :environment
    on conflict (wallet_id, app_id) do update set
        granted_at = excluded.granted_at, expires_at = excluded.expires_at, withdrawn_at = null";
const WITHDRAW: &str = "
    update consents set withdrawn_at = :now where wallet_id = :wallet and app_id = :app and withdrawn_at is null
        and wallet_id in (select id from wallets where user_id = :user and environment_id = :environment)";

impl Store {
    /// Lets an app work with the user's wallet. False if the wallet is not the user's.
    pub async fn grant_consent(&self, scope: &UserScope, consent: Consent, now: Timestamp) -> Result<bool> {
        let params = params![
            app: consent.app.0, now: now, expires_at: consent.expires_at, wallet: consent.wallet.0, user: scope.user.0,
            environment: scope.environment.0,
        ];
        let changed = self.run(Script::default().then(GRANT_OWN, params)).await?;
        Ok(changed.first().is_some_and(|rows| *rows > 0))
    }

    /// Takes that back. False if there is nothing to take back.
    pub async fn withdraw_consent(
        &self,
        scope: &UserScope,
        wallet: WalletId,
        app: AppId,
        now: Timestamp,
    ) -> Result<bool> {
        let params = params![
            now: now, wallet: wallet.0, app: app.0, user: scope.user.0, environment: scope.environment.0,
        ];
        let changed = self.run(Script::default().then(WITHDRAW, params)).await?;
        Ok(changed.first().is_some_and(|rows| *rows > 0))
    }
}
