//! A wallet's key is used: what that adds to what was spent, and its entry in the audit log.

use futures_util::FutureExt as _;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::domain::policy::{Asset, Spend, Whose};
use crate::domain::{AppId, ConsentScope, ConsentScopes, EnvironmentId, FamilyId, UserId, WalletId};
use crate::store::audit::{Entry, append, hold};
use crate::store::scope::AdminScope;
use crate::store::sql::params;
use crate::store::transaction::Tx;
use crate::store::{Result, Store};

/// A use of a wallet's key that everything but the counts has let through.
#[derive(Debug, Clone)]
pub struct WalletUse {
    /// The wallet.
    pub wallet: WalletId,
    /// Its data plane.
    pub environment: EnvironmentId,
    /// Who had it when the call was let in.
    pub user: UserId,
    /// The app that asks.
    pub app: AppId,
    /// The wallet token that let the call in; `None` for a recovery, which its secret lets in.
    pub let_in: Option<LetInBy>,
    /// What is done: `transaction`.
    pub operation: &'static str,
    /// The code of the network, where there is one.
    pub network: Option<String>,
    /// What it adds to what was spent.
    pub spends: Vec<Spend>,
    /// The call, if it carries an `Idempotency-Key`, and until when that is known: it is counted once.
    pub call: Option<([u8; 32], Timestamp)>,
}

/// The wallet token that let a call in, which may be long ago when the key is opened.
#[derive(Debug, Clone, Copy)]
pub struct LetInBy {
    /// When it was made.
    pub issued_at: Timestamp,
    /// What its log-in goes on with, if it does.
    pub family: Option<FamilyId>,
    /// What the person's consent has to reach.
    pub needs: ConsentScope,
}

/// What became of a use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WalletUsed {
    /// It is counted and noted.
    Noted,
    /// With it more would be spent in a time than may be; nothing is counted.
    Over {
        /// Whose spending that is.
        whose: Whose,
        /// Of what.
        asset: Asset,
        /// The length of the time.
        seconds: u32,
    },
    /// The wallet was frozen or moved, or what let the call in has ended, since it was let in; nothing is counted.
    Ended,
}

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
// Read with the seal that the entry goes on from, behind the lock of the log: whoever freezes the wallet waits for that
// lock as well, so that no entry of a use comes after the one that stopped it.
const STILL_LET_IN: &str = "
    select (select seal from audit order by seq desc limit 1),
        (select consent.scopes from wallets wallet
        join users account on account.id = wallet.user_id and account.status in ('linked', 'verified')
            and account.valid_after <= :issued_at
        join apps app on app.id = :app and app.revoked_at is null
        join consents consent on consent.wallet_id = wallet.id and consent.app_id = app.id
            and consent.withdrawn_at is null and (consent.expires_at is null or consent.expires_at > :now)
        where wallet.id = :wallet and wallet.user_id = :user and wallet.environment_id = :environment
            and wallet.frozen_at is null and (wallet.moved_at is null or wallet.moved_at <= :issued_at)
            and not exists (
                select 1 from token_families family where family.id = :family and family.ended_at is not null))";
const STILL_THERE: &str = "
    select (select seal from audit order by seq desc limit 1),
        (select wallet.state from wallets wallet
        where wallet.id = :wallet and wallet.user_id = :user and wallet.environment_id = :environment
            and wallet.frozen_at is null)";

const LIMB: u128 = 10_u128.pow(18);

impl Store {
    /// Counts what a use of a wallet's key spends, and writes its entry: durable before the key is opened. Of all that
    /// would pass a limit together, as many go through as fit. What ended since the call was let in opens nothing.
    pub async fn use_wallet(&self, scope: &AdminScope, key_use: WalletUse, now: Timestamp) -> Result<WalletUsed> {
        let scope = scope.clone();
        self.transact(move |tx| {
            async move {
                let counted = match count(tx, &key_use, now).await? {
                    Counted::Over(over) => {
                        return Ok(WalletUsed::Over {
                            whose: over.whose,
                            asset: over.asset.clone(),
                            seconds: over.seconds,
                        });
                    }
                    Counted::Now(counted) => counted,
                };
                hold(tx).await?;
                let (seal, holds) = still(tx, &key_use, now).await?;
                if !holds {
                    if !counted.is_empty() {
                        take_back(tx, &key_use, &counted, now).await?;
                    }
                    return Ok(WalletUsed::Ended);
                }
                let entry = Entry::of("wallet.key_used", key_use.environment, key_use.wallet).without_revision();
                let details = json!({
                    "app": key_use.app, "operation": key_use.operation, "network": key_use.network,
                });
                append(tx, &scope, entry.saying(details), seal, now).await?;
                Ok(WalletUsed::Noted)
            }
            .boxed()
        })
        .await
    }
}

/// The last seal of the audit log, and whether what let the call in still does.
async fn still(tx: &Tx<'_>, key_use: &WalletUse, now: Timestamp) -> Result<(Option<Vec<u8>>, bool)> {
    let (wallet, user, environment) = (key_use.wallet.0, key_use.user.0, key_use.environment.0);
    let found = if let Some(by) = key_use.let_in {
        let whose = params![
            wallet: wallet, user: user, environment: environment, app: key_use.app.0, issued_at: by.issued_at,
            family: by.family.map(|family| family.0), now: now,
        ];
        let holds = |words: String| ConsentScopes::read(&words).allow(by.needs);
        tx.one(STILL_LET_IN, &whose, |row| {
            Ok((row.opt_bytes(0)?, row.opt_text(1)?.is_some_and(holds)))
        })
        .await?
    } else {
        let whose = params![wallet: wallet, user: user, environment: environment];
        tx.one(STILL_THERE, &whose, |row| {
            Ok((row.opt_bytes(0)?, row.opt_text(1)?.is_some()))
        })
        .await?
    };
    Ok(found.unwrap_or_default())
}

/// What was added to the counts.
enum Counted<'u> {
    /// These parts; none if the call was counted before.
    Now(Vec<&'u Spend>),
    /// Nothing: this one does not fit.
    Over(&'u Spend),
}

/// Counts every part, or none.
async fn count<'u>(tx: &Tx<'_>, key_use: &'u WalletUse, now: Timestamp) -> Result<Counted<'u>> {
    if key_use.spends.is_empty() {
        return Ok(Counted::Now(Vec::new()));
    }
    if let Some((id, expires_at)) = &key_use.call {
        let call = params![id: &id[..], environment: key_use.environment.0, expires_at: *expires_at, now: now];
        if tx.execute(COUNT_CALL, &call).await? == 0 {
            return Ok(Counted::Now(Vec::new()));
        }
    }
    // In one order, so that two who count never wait for each other both.
    let mut parts: Vec<&Spend> = key_use.spends.iter().collect();
    parts.sort_by(|one, other| (one.whose, &one.asset, one.seconds).cmp(&(other.whose, &other.asset, other.seconds)));
    for (at, part) in parts.iter().enumerate() {
        if !add(tx, key_use, part, now).await? {
            take_back(tx, key_use, &parts[..at], now).await?;
            return Ok(Counted::Over(part));
        }
    }
    Ok(Counted::Now(parts))
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
async fn take_back(tx: &Tx<'_>, key_use: &WalletUse, parts: &[&Spend], now: Timestamp) -> Result<()> {
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
    if let Some((id, _)) = &key_use.call {
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
