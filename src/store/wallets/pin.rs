//! Tries of the PIN that a copy of a recovery secret is protected with.

use jiff::{SignedDuration, Timestamp};

use crate::domain::Uuid;
use crate::store::scope::AppScope;
use crate::store::sql::{Script, params};
use crate::store::{Result, Store};

/// Wrong PINs that are taken before somebody has to wait.
const MOST_TRIES: i64 = 5;
/// For how long.
const PAUSE: SignedDuration = SignedDuration::from_hours(24);

const TRY: &str = "
    update wallet_secrets set pin_tried_at = :now,
        pin_tries = case when pin_tried_at is null or pin_tried_at <= :pause_ago then 1 else pin_tries + 1 end
    where id = :secret and environment_id = :environment
        and (pin_tries < :most or pin_tried_at is null or pin_tried_at <= :pause_ago)";
const RIGHT: &str = "
    update wallet_secrets set pin_tries = 0, pin_tried_at = null where id = :secret and environment_id = :environment";

impl Store {
    /// Counts a try of a PIN, before the PIN is compared with anything. False once there were five wrong ones, until a
    /// day after the last: a million PINs take half a thousand years.
    pub async fn try_pin(&self, scope: &AppScope, secret: Uuid, now: Timestamp) -> Result<bool> {
        let tried = params![
            now: now, pause_ago: now - PAUSE, secret: secret, environment: scope.environment.0, most: MOST_TRIES,
        ];
        let counted = self.run(Script::default().then(TRY, tried)).await?;
        Ok(counted.first().is_some_and(|rows| *rows > 0))
    }

    /// Forgets the tries of a PIN that was right.
    pub async fn pin_was_right(&self, scope: &AppScope, secret: Uuid) -> Result<()> {
        let whose = params![secret: secret, environment: scope.environment.0];
        self.run(Script::default().then(RIGHT, whose)).await?;
        Ok(())
    }
}
