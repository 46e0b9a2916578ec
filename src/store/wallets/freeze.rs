//! The operator stops a wallet, and lets it go on.

use jiff::Timestamp;
use serde_json::json;

use crate::domain::{EnvironmentId, WalletId};
use crate::store::audit::Entry;
use crate::store::scope::AdminScope;
use crate::store::sql::{Script, params};
use crate::store::{Result, Store};

const FREEZE: &str = "
    update wallets set frozen_at = :frozen_at, updated_at = :now
    where id = :wallet and environment_id = :environment and (frozen_at is null) = :thawed";

impl Store {
    /// Freezes a wallet or thaws it: a frozen one signs nothing and moves nowhere. False if there is none, or nothing
    /// changes.
    pub async fn set_wallet_frozen(
        &self,
        scope: &AdminScope,
        environment: EnvironmentId,
        wallet: WalletId,
        frozen: bool,
        now: Timestamp,
    ) -> Result<bool> {
        let what = if frozen { "wallet.frozen" } else { "wallet.thawed" };
        let entry = Entry::of(what, environment, wallet).saying(json!({}));
        let params = params![
            frozen_at: frozen.then_some(now), now: now, wallet: wallet.0, environment: environment.0, thawed: frozen,
        ];
        self.change(scope, entry, Script::default().then(FREEZE, params), now)
            .await
    }
}
