//! A wallet token is spent.

use futures_util::FutureExt as _;
use jiff::Timestamp;

use super::halves::{HALF, TAKE_HALF};
use super::{WALLET_COLUMNS, Wallet, select_wallet, wallet_row};
use crate::domain::{Amr, AppId, ConsentScopes, DeviceId, EnvironmentId, FamilyId, UserId, Uuid, WalletId};
use crate::store::idempotency::{IdempotencyClaim, Once, SavedAnswer};
use crate::store::scope::UserScope;
use crate::store::sql::params;
use crate::store::transaction::Tx;
use crate::store::{Result, Store};

/// A wallet token whose signature is good, and what it says.
#[derive(Debug, Clone, Copy)]
pub struct PresentedWalletToken {
    /// Its id.
    pub id: Uuid,
    /// The data plane.
    pub environment: EnvironmentId,
    /// Who logged in.
    pub user: UserId,
    /// The wallet.
    pub wallet: WalletId,
    /// The app of the log-in.
    pub app: AppId,
    /// What the log-in goes on with, if it does.
    pub family: Option<FamilyId>,
    /// The device whose hold it waits for, if it does, or did.
    pub hold: Option<DeviceId>,
    /// When it was made.
    pub issued_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Whether this use is its only one.
    pub single_use: bool,
}

/// A wallet that somebody may work with, once.
#[derive(Clone)]
pub struct UsableWallet {
    /// The wallet.
    pub wallet: Wallet,
    /// What the person lets the app do with it; `None` for nothing, not any more, or never.
    pub consent: Option<ConsentScopes>,
    /// The person's half of its key, sealed under what the token carries.
    pub half: Option<Vec<u8>>,
    /// The policy of the app, as its file has it.
    pub policy: Option<String>,
    /// Until when the log-in reads alone, on a new device. It may have passed.
    pub held_until: Option<Timestamp>,
}

impl UsableWallet {
    /// What its user reaches through this log-in.
    #[must_use]
    pub fn scope(&self, app: AppId, amr: Amr) -> UserScope {
        UserScope {
            environment: self.wallet.environment,
            user: self.wallet.user,
            partner: None,
            user_key: None,
            app: Some(app),
            amr,
        }
    }
}

/// What became of a wallet token that somebody presented.
pub enum Spending {
    /// It is spent, or may be used again.
    Usable(Box<UsableWallet>),
    /// It was spent before.
    Spent,
    /// Its log-in, its user, its app or its wallet has ended or moved: one answer for all.
    Refused,
}

const SPEND: &str = "
    insert into spent_wallet_tokens (id, environment_id, wallet_id, expires_at)
    values (:id, :environment, :wallet, :expires_at) on conflict (id) do nothing";
const SPENT: &str = "select 1 from spent_wallet_tokens where id = :id and environment_id = :environment";
// Whatever ends a user's other tokens ends these: a lock, a log-out, the end of the app, a move of the wallet.
const USABLE: &str = select_wallet!(
    ", consent.scopes, wallet.moved_at, account.valid_after, app.policy,
        wallet.used_at,
        (select hold.ends_at from device_holds hold
        where hold.id = :hold and hold.user_id = wallet.user_id and hold.lifted_at is null)
    from wallets wallet
    join users account on account.id = wallet.user_id and account.status in ('linked', 'verified')
    join apps app on app.id = :app and app.environment_id = wallet.environment_id and app.revoked_at is null
    left join consents consent on consent.wallet_id = wallet.id and consent.app_id = app.id
        and consent.withdrawn_at is null and (consent.expires_at is null or consent.expires_at > :now)
    where wallet.id = :wallet and wallet.user_id = :user and wallet.environment_id = :environment"
);
const USED: &str = "update wallets set used_at = :now where id = :wallet and used_at is null";
const FAMILY_ENDED: &str = "
    select id from token_families
    where id = :family and (ended_at is not null or expires_at <= :now or auth_time < :valid_after)";

impl Store {
    /// Spends a wallet token, if it is one that works once, and answers the wallet. Of all who present one token one
    /// has spent it, which is durable before anything is opened. An `Idempotency-Key` is recorded with it: the caller of
    /// a replay is let in again without spending.
    pub async fn spend_wallet_token(
        &self,
        token: PresentedWalletToken,
        claim: Option<IdempotencyClaim>,
        now: Timestamp,
    ) -> Result<Once<Spending>> {
        if !token.single_use && claim.is_none() {
            // Nothing is written, so nothing has to wait for the disk.
            return self.read_wallet(token, now).await.map(Once::Done);
        }
        self.transact_once(token.environment, claim, now, move |tx| {
            async move {
                let spending = spend(tx, &token, now).await?;
                let saved = SavedAnswer {
                    status: 200,
                    body: None,
                    resource: Some(token.wallet.0),
                };
                let let_in = matches!(spending, Spending::Usable(_));
                Ok((spending, let_in.then_some(saved)))
            }
            .boxed()
        })
        .await
    }

    /// The wallet of a token that was not spent, without spending it: for calls that take no use of it.
    pub async fn unspent_wallet(&self, token: PresentedWalletToken, now: Timestamp) -> Result<Spending> {
        self.transact(move |tx| {
            async move {
                let spent = params![id: token.id, environment: token.environment.0];
                if token.single_use && tx.one(SPENT, &spent, |_| Ok(())).await?.is_some() {
                    return Ok(Spending::Spent);
                }
                usable(tx, &token, None, now).await
            }
            .boxed()
        })
        .await
    }

    /// The wallet of a token, whether it was spent or not: for a call that is made again.
    pub async fn read_wallet(&self, token: PresentedWalletToken, now: Timestamp) -> Result<Spending> {
        self.transact(move |tx| async move { usable(tx, &token, None, now).await }.boxed())
            .await
    }
}

async fn spend(tx: &Tx<'_>, token: &PresentedWalletToken, now: Timestamp) -> Result<Spending> {
    if token.single_use {
        let spent = params![
            id: token.id, environment: token.environment.0, wallet: token.wallet.0, expires_at: token.expires_at,
        ];
        if tx.execute(SPEND, &spent).await? == 0 {
            return Ok(Spending::Spent);
        }
    }
    let whose = params![id: token.id, environment: token.environment.0, now: now];
    let half = tx.one(HALF, &whose, |row| row.bytes(0)).await?;
    if half.is_some() {
        tx.execute(TAKE_HALF, &params![id: token.id]).await?;
    }
    usable(tx, token, half, now).await
}

/// A wallet that a token names.
struct Found {
    wallet: Wallet,
    consent: Option<ConsentScopes>,
    /// What goes on with a log-in from before that is good for nothing.
    valid_after: Timestamp,
    /// Nor are older tokens.
    alive_since: Timestamp,
    policy: Option<String>,
    is_used: bool,
    held_until: Option<Timestamp>,
}

async fn usable(tx: &Tx<'_>, token: &PresentedWalletToken, half: Option<Vec<u8>>, now: Timestamp) -> Result<Spending> {
    let whose = params![
        wallet: token.wallet.0, user: token.user.0, environment: token.environment.0, app: token.app.0, now: now,
        hold: token.hold.map(|hold| hold.0),
    ];
    let found = tx
        .one(USABLE, &whose, |row| {
            let moved_at = row.opt_time(WALLET_COLUMNS + 1)?;
            let valid_after = row.time(WALLET_COLUMNS + 2)?;
            Ok(Found {
                wallet: wallet_row(row)?,
                consent: row.opt_text(WALLET_COLUMNS)?.map(|words| ConsentScopes::read(&words)),
                valid_after,
                alive_since: valid_after.max(moved_at.unwrap_or(Timestamp::UNIX_EPOCH)),
                policy: row.opt_text(WALLET_COLUMNS + 3)?,
                is_used: row.opt_time(WALLET_COLUMNS + 4)?.is_some(),
                held_until: row.opt_time(WALLET_COLUMNS + 5)?,
            })
        })
        .await?;
    let Some(found) = found.filter(|found| token.issued_at >= found.alive_since) else {
        return Ok(Spending::Refused);
    };
    if let Some(family) = token.family {
        let which = params![family: family.0, now: now, valid_after: found.valid_after];
        if tx.one(FAMILY_ENDED, &which, |row| row.id(0)).await?.is_some() {
            return Ok(Spending::Refused);
        }
    }
    if !found.is_used {
        // From here on whoever made the wallet has the answer: see `may_be_asked_again`.
        tx.execute(USED, &params![now: now, wallet: token.wallet.0]).await?;
    }
    Ok(Spending::Usable(Box::new(UsableWallet {
        wallet: found.wallet,
        consent: found.consent,
        half,
        policy: found.policy,
        held_until: found.held_until,
    })))
}
