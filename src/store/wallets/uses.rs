//! A wallet's key is used: what that adds to what was spent, and its entry in the audit log.

use futures_util::FutureExt as _;
use futures_util::future::try_join_all;
use jiff::Timestamp;
use serde_json::json;

use super::windows::{self, count};
use crate::domain::policy::{Asset, Spend, Whose};
use crate::domain::{AppId, ConsentScope, ConsentScopes, EnvironmentId, FamilyId, UserId, WalletId};
use crate::store::audit::{Entry, append, resume};
use crate::store::scope::AdminScope;
use crate::store::sql::params;
use crate::store::transaction::Tx;
use crate::store::{Engine, Result, Store};

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
    /// The call, if it carries an `Idempotency-Key`, and until when that is known: the same spends are counted once.
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

// Read behind the lock of the log: whoever freezes the wallet waits for that lock as well, so that no entry of a use comes
// after the one that stopped it.
const STILL_LET_IN: &str = "
    select consent.scopes from wallets wallet
    join users account on account.id = wallet.user_id and account.status in ('linked', 'verified')
        and account.valid_after <= :issued_at
    join apps app on app.id = :app and app.revoked_at is null
    join consents consent on consent.wallet_id = wallet.id and consent.app_id = app.id
        and consent.withdrawn_at is null and (consent.expires_at is null or consent.expires_at > :now)
    where wallet.id = :wallet and wallet.user_id = :user and wallet.environment_id = :environment
        and wallet.frozen_at is null and (wallet.moved_at is null or wallet.moved_at <= :issued_at)
        and not exists (
            select 1 from token_families family
            where family.id = :family and (family.ended_at is not null or family.auth_time < account.valid_after))";
const STILL_THERE: &str = "
    select wallet.state from wallets wallet
    where wallet.id = :wallet and wallet.user_id = :user and wallet.environment_id = :environment
        and wallet.frozen_at is null";

/// A use, whom the audit log says it is by, and when.
pub struct UseAsked {
    by: AdminScope,
    key_use: WalletUse,
    now: Timestamp,
}

impl Store {
    /// Counts what a use of a wallet's key spends, and writes its entry: durable before the key is opened. Of all that
    /// would pass a limit together, as many go through as fit. What ended since the call was let in opens nothing.
    pub async fn use_wallet(&self, scope: &AdminScope, key_use: WalletUse, now: Timestamp) -> Result<WalletUsed> {
        let asked = UseAsked {
            by: scope.clone(),
            key_use,
            now,
        };
        match &self.engine {
            Engine::Sqlite(_) => {
                let used = self.transact(move |tx| async move { use_all(tx, &[asked]).await }.boxed());
                Ok(used.await?.pop().unwrap_or(WalletUsed::Ended))
            }
            Engine::Postgres(engine) => engine.use_wallet(asked).await,
        }
    }
}

/// Decides on each use in turn, and writes the entries of those that may be, in one transaction. Entries are written one
/// transaction after the other: where each use has its own, no two are on their way to the disk at once.
pub(in crate::store) async fn use_all(tx: &Tx<'_>, asked: &[UseAsked]) -> Result<Vec<WalletUsed>> {
    tx.ready(&[STILL_LET_IN, STILL_THERE]).await?;
    if asked.iter().any(|asked| !asked.key_use.spends.is_empty()) {
        tx.ready(&windows::STATEMENTS).await?;
    }
    let before = resume(tx).await?;
    let let_in = try_join_all(asked.iter().map(|asked| still(tx, &asked.key_use, asked.now))).await?;
    let mut used = Vec::with_capacity(asked.len());
    for (asked, let_in) in asked.iter().zip(let_in) {
        used.push(if let_in {
            count(tx, &asked.key_use, asked.now).await?
        } else {
            WalletUsed::Ended
        });
    }
    let noted = asked.iter().zip(&used).filter(|(_, used)| **used == WalletUsed::Noted);
    let entries: Vec<_> = noted
        .map(|(asked, _)| (&asked.by, entry(&asked.key_use), asked.now))
        .collect();
    append(tx, entries, before).await?;
    Ok(used)
}

fn entry(key_use: &WalletUse) -> Entry {
    Entry::of("wallet.key_used", key_use.environment, key_use.wallet)
        .without_revision()
        .saying(json!({ "app": key_use.app, "operation": key_use.operation, "network": key_use.network }))
}

/// Whether what let the call in still does.
async fn still(tx: &Tx<'_>, key_use: &WalletUse, now: Timestamp) -> Result<bool> {
    let (wallet, user, environment) = (key_use.wallet.0, key_use.user.0, key_use.environment.0);
    let holds = if let Some(by) = key_use.let_in {
        let whose = params![
            wallet: wallet, user: user, environment: environment, app: key_use.app.0, issued_at: by.issued_at,
            family: by.family.map(|family| family.0), now: now,
        ];
        tx.one(STILL_LET_IN, &whose, |row| {
            Ok(ConsentScopes::read(&row.text(0)?).allow(by.needs))
        })
        .await?
    } else {
        let whose = params![wallet: wallet, user: user, environment: environment];
        tx.one(STILL_THERE, &whose, |_| Ok(true)).await?
    };
    Ok(holds.unwrap_or(false))
}
