//! What uses of wallets' keys have spent in a time, and whether one more fits.

use aboard_vault::hmac_sha256;
use futures_util::future::try_join_all;
use jiff::{SignedDuration, Timestamp};

use super::uses::{WalletUse, WalletUsed};
use crate::domain::policy::{Spend, Whose};
use crate::store::Result;
use crate::store::sql::params;
use crate::store::transaction::Tx;

// One that is over and not swept yet is another call's.
const COUNT_CALL: &str = "
    insert into counted_calls (id, environment_id, expires_at) values (:id, :environment, :expires_at)
    on conflict (id) do update set expires_at = excluded.expires_at where counted_calls.expires_at <= :now";
const FORGET_CALL: &str = "delete from counted_calls where id = :id";
// Two numbers of 18 digits: amounts of some chains have more digits than a column. Of all who add to one row at once each
// sees what those before it made of it, and adds nothing where that would be too much.
const SPEND: &str = "
    insert into value_windows as kept (wallet_id, app_id, asset, seconds, starts_at, environment_id, high, low, ends_at)
    values (:wallet, :app, :asset, :seconds, :starts_at, :environment, :high, :low, :ends_at)
    on conflict (wallet_id, app_id, asset, seconds, starts_at) do update set
        high = kept.high + excluded.high + (kept.low + excluded.low) / 1000000000000000000,
        low = (kept.low + excluded.low) % 1000000000000000000
    where kept.high + excluded.high + (kept.low + excluded.low) / 1000000000000000000 < :most_high
        or (kept.high + excluded.high + (kept.low + excluded.low) / 1000000000000000000 = :most_high
            and (kept.low + excluded.low) % 1000000000000000000 <= :most_low)";
const SPEND_OF_APP: &str = "
    insert into app_value_windows as kept (app_id, asset, seconds, starts_at, environment_id, high, low, ends_at)
    values (:app, :asset, :seconds, :starts_at, :environment, :high, :low, :ends_at)
    on conflict (app_id, asset, seconds, starts_at) do update set
        high = kept.high + excluded.high + (kept.low + excluded.low) / 1000000000000000000,
        low = (kept.low + excluded.low) % 1000000000000000000
    where kept.high + excluded.high + (kept.low + excluded.low) / 1000000000000000000 < :most_high
        or (kept.high + excluded.high + (kept.low + excluded.low) / 1000000000000000000 = :most_high
            and (kept.low + excluded.low) % 1000000000000000000 <= :most_low)";
const TAKE_BACK: &str = "
    update value_windows set high = high - :high - case when low < :low then 1 else 0 end,
        low = low - :low + case when low < :low then 1000000000000000000 else 0 end
    where wallet_id = :wallet and app_id = :app and asset = :asset and seconds = :seconds and starts_at = :starts_at";
const TAKE_BACK_OF_APP: &str = "
    update app_value_windows set high = high - :high - case when low < :low then 1 else 0 end,
        low = low - :low + case when low < :low then 1000000000000000000 else 0 end
    where app_id = :app and asset = :asset and seconds = :seconds and starts_at = :starts_at";
const LIMB: u128 = 10_u128.pow(18);

/// What is counted for a use that spends something.
pub(super) const STATEMENTS: [&str; 3] = [COUNT_CALL, SPEND, SPEND_OF_APP];

/// Counts every part of what a use spends, or none. Whoever counts holds the audit log, so that no two wait for each
/// other's rows; what is swept ended an hour before.
pub(super) async fn count(tx: &Tx<'_>, key_use: &WalletUse, now: Timestamp) -> Result<WalletUsed> {
    if key_use.spends.is_empty() {
        return Ok(WalletUsed::Noted);
    }
    if let Some((id, expires_at)) = counted_as(key_use) {
        let call = params![id: &id[..], environment: key_use.environment.0, expires_at: expires_at, now: now];
        if tx.execute(COUNT_CALL, &call).await? == 0 {
            return Ok(WalletUsed::Noted);
        }
    }
    let added = try_join_all(key_use.spends.iter().map(|part| add(tx, key_use, part, now))).await?;
    let parts = || key_use.spends.iter().zip(&added);
    let Some((over, _)) = parts().find(|(_, added)| !**added) else {
        return Ok(WalletUsed::Noted);
    };
    let added = parts().filter(|(_, added)| **added).map(|(part, _)| part);
    take_back(tx, key_use, added, now).await?;
    Ok(WalletUsed::Over {
        whose: over.whose,
        asset: over.asset.clone(),
        seconds: over.seconds,
    })
}

/// What a call is remembered by, and until when. One that spends something else when it is made again is counted again.
fn counted_as(key_use: &WalletUse) -> Option<([u8; 32], Timestamp)> {
    let (id, expires_at) = key_use.call?;
    let parts = key_use.spends.iter().map(|part| {
        let whose = u8::from(part.whose == Whose::App);
        format!("{whose} {} {} {}", part.asset.as_str(), part.seconds, part.amount)
    });
    let parts: Vec<_> = parts.collect();
    Some((hmac_sha256(&id, &[parts.join("\n").as_bytes()]), expires_at))
}

async fn add(tx: &Tx<'_>, key_use: &WalletUse, part: &Spend, now: Timestamp) -> Result<bool> {
    if part.amount > part.most {
        return Ok(false);
    }
    let ((high, low), (most_high, most_low)) = (limbs(part.amount), limbs(part.most));
    let starts_at = window(part, now);
    let ends_at = starts_at + SignedDuration::from_secs(i64::from(part.seconds));
    let seconds = i64::from(part.seconds);
    let added = match part.whose {
        Whose::Wallet => {
            let row = params![
                wallet: key_use.wallet.0, app: key_use.app.0, asset: part.asset.as_str(), seconds: seconds,
                starts_at: starts_at, environment: key_use.environment.0, high: high, low: low, ends_at: ends_at,
                most_high: most_high, most_low: most_low,
            ];
            tx.execute(SPEND, &row).await?
        }
        Whose::App => {
            let row = params![
                app: key_use.app.0, asset: part.asset.as_str(), seconds: seconds, starts_at: starts_at,
                environment: key_use.environment.0, high: high, low: low, ends_at: ends_at, most_high: most_high,
                most_low: most_low,
            ];
            tx.execute(SPEND_OF_APP, &row).await?
        }
    };
    Ok(added > 0)
}

/// Takes back what this very call has added, and that it was counted.
async fn take_back(
    tx: &Tx<'_>,
    key_use: &WalletUse,
    parts: impl Iterator<Item = &Spend> + Send,
    now: Timestamp,
) -> Result<()> {
    for part in parts {
        let ((high, low), starts_at) = (limbs(part.amount), window(part, now));
        let (asset, seconds) = (part.asset.as_str(), i64::from(part.seconds));
        match part.whose {
            Whose::Wallet => {
                let row = params![
                    high: high, low: low, wallet: key_use.wallet.0, app: key_use.app.0, asset: asset, seconds: seconds,
                    starts_at: starts_at,
                ];
                tx.execute(TAKE_BACK, &row).await?;
            }
            Whose::App => {
                let row = params![
                    high: high, low: low, app: key_use.app.0, asset: asset, seconds: seconds, starts_at: starts_at,
                ];
                tx.execute(TAKE_BACK_OF_APP, &row).await?;
            }
        }
    }
    if let Some((id, _)) = counted_as(key_use) {
        tx.execute(FORGET_CALL, &params![id: &id[..]]).await?;
    }
    Ok(())
}

/// The two columns of an amount.
fn limbs(amount: u128) -> (i64, i64) {
    let limb = |number: u128| i64::try_from(number).unwrap_or(i64::MAX);
    (limb(amount / LIMB), limb(amount % LIMB))
}

/// When the time that now falls into began.
fn window(part: &Spend, now: Timestamp) -> Timestamp {
    let length = i64::from(part.seconds.max(1));
    Timestamp::from_second(now.as_second().div_euclid(length) * length).unwrap_or(now)
}
