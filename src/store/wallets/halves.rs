//! The person's half of a shared wallet's key, sealed under what only a token carries.

use jiff::Timestamp;

use crate::domain::{EnvironmentId, RefreshToken, Uuid, WalletId};
use crate::store::scope::AppScope;
use crate::store::sql::{Script, params};
use crate::store::{Result, Store};

/// A half that rides with a token.
#[derive(Clone)]
pub struct NewHalf {
    /// The token's id.
    pub token: Uuid,
    /// The data plane.
    pub environment: EnvironmentId,
    /// The wallet.
    pub wallet: WalletId,
    /// The half, sealed under what the token carries.
    pub sealed: Vec<u8>,
    /// When the token ends.
    pub expires_at: Timestamp,
}

pub(super) const HALF: &str = "
    select sealed from riding_halves where id = :id and environment_id = :environment and expires_at > :now";
pub(super) const TAKE_HALF: &str = "delete from riding_halves where id = :id";
const LEAVE_HALF: &str = "update riding_halves set expires_at = :until where id = :id and expires_at > :until";
const ADD_HALF: &str = "
    insert into riding_halves (id, environment_id, wallet_id, sealed, expires_at)
    values (:id, :environment, :wallet, :sealed, :expires_at)";

impl Store {
    /// Puts down the halves that ride with new tokens.
    pub async fn add_halves(&self, halves: Vec<NewHalf>) -> Result<()> {
        let mut script = Script::default();
        for half in halves {
            let row = params![
                id: half.token, environment: half.environment.0, wallet: half.wallet.0, sealed: half.sealed,
                expires_at: half.expires_at,
            ];
            script = script.then(ADD_HALF, row);
        }
        self.run(script).await?;
        Ok(())
    }

    /// The half that rides with a refresh token which was just spent. It stays for as long as the token may be presented
    /// once more because the answer was lost, and no longer.
    pub async fn take_half(&self, scope: &AppScope, token: Uuid, now: Timestamp) -> Result<Option<Vec<u8>>> {
        let whose = params![id: token, environment: scope.environment.0, now: now];
        let half = self.one(HALF, &whose, |row| row.bytes(0)).await?;
        if half.is_some() {
            let until = RefreshToken::asked_again_until(now);
            self.run(Script::default().then(LEAVE_HALF, params![until: until, id: token]))
                .await?;
        }
        Ok(half)
    }
}
