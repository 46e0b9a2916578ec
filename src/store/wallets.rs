//! Wallets: who has one, what opens it, and which tokens were spent.
//!
//! What stands here is sealed by the vault; the store knows no key. A wallet belongs to one user, has one recovery
//! secret (two after a recovery, until one of them is proven), and is worked on by whoever spends a token of it.

mod consent;
mod create;
mod export;
mod freeze;
mod halves;
mod pin;
mod prove;
mod recover;
mod spend;
mod told;
mod uses;
mod windows;

use jiff::Timestamp;

use super::scope::{AppScope, UserScope, UsersScope};
use super::sql::{Row, params};
use super::users::Proven;
use super::{Result, Store};
use crate::domain::{Amr, AppId, ConsentScopes, Custody, Destination, EnvironmentId, UserId, Uuid, WalletId};

pub use consent::Consent;
pub use create::{NewSecret, NewSecretLink, NewWallet, WalletCreation};
pub use export::{Export, ExportState, NewExport};
pub use halves::NewHalf;
pub use recover::{Recovery, WalletRecovery};
pub use spend::{PresentedWalletToken, Spending, UsableWallet};
pub use uses::{LetInBy, WalletUse, WalletUsed};
pub(super) use uses::{UseAsked, use_all};

/// A keyed hash of a secret: 16 bytes that name the key, 32 of hash.
pub type StoredMac = [u8; 48];

/// A wallet as its row has it.
#[derive(Clone, PartialEq, Eq)]
pub struct Wallet {
    /// Its id.
    pub id: WalletId,
    /// Its data plane.
    pub environment: EnvironmentId,
    /// Who has it.
    pub user: UserId,
    /// The app that made it.
    pub app: AppId,
    /// Who can open it.
    pub custody: Custody,
    /// Whether its recovery secret was never proven, so that it is nobody's yet.
    pub pending: bool,
    /// The user that it was sealed for.
    pub sealed_for: UserId,
    /// The vault's two columns.
    pub key: Vec<u8>,
    /// The vault's two columns.
    pub body: Vec<u8>,
    /// Whether the operator stopped it.
    pub frozen: bool,
}

impl Wallet {
    /// What its owner reaches who has just typed a code that went to their own address; `None` for anybody else.
    #[must_use]
    pub fn owned_by(&self, proven: &Proven) -> Option<UserScope> {
        (proven.user.id == self.user).then_some(UserScope {
            environment: self.environment,
            user: self.user,
            partner: None,
            user_key: None,
            app: None,
            amr: Amr::Otp,
        })
    }
}

/// A wallet as the tokens of one app tell of it.
#[derive(Clone, PartialEq, Eq)]
pub struct KnownWallet {
    /// The wallet.
    pub wallet: Wallet,
    /// What the person lets the app do with it; `None` for nothing, not any more, or never.
    pub consent: Option<ConsentScopes>,
    /// The e-mail address that its user has proven, if one is.
    pub email: Option<String>,
    /// The name that its user has at the app, if one is.
    pub username: Option<String>,
}

/// A recovery secret that is good.
#[derive(Clone)]
pub struct WalletSecret {
    /// Its id.
    pub id: Uuid,
    /// What it is checked with.
    pub mac: Vec<u8>,
    /// The columns that it opens, and whom they were sealed for, if they are not the wallet's own.
    pub older: Option<(UserId, Vec<u8>, Vec<u8>)>,
    /// Whether somebody has proven to hold it.
    pub proven: bool,
    /// What it is found by.
    pub locator: Vec<u8>,
    /// What its copy opens with besides a PIN, sealed; `None` without a PIN.
    pub pepper: Option<Vec<u8>>,
}

/// A recovery file that can be downloaded.
#[derive(Clone)]
pub struct SecretLink {
    /// Its data plane.
    pub environment: EnvironmentId,
    /// Whose it is.
    pub wallet: WalletId,
    /// What the link's token is compared with.
    pub hash: Vec<u8>,
    /// The file, which opens with what stands in the link.
    pub sealed: Vec<u8>,
}

/// The text of a query whose first columns are those that [`wallet_row`] reads, of `wallets wallet`; what else it reads, and
/// from where, comes after them.
macro_rules! select_wallet {
    ($rest:literal) => {
        concat!(
            "select ",
            "wallet.id, wallet.environment_id, wallet.user_id, wallet.app_id, wallet.custody, wallet.state, ",
            "wallet.sealed_for, wallet.key, wallet.body, wallet.frozen_at",
            $rest
        )
    };
}
use select_wallet;

/// How many columns [`wallet_row`] reads.
const WALLET_COLUMNS: usize = 10;

fn wallet_row(row: &Row<'_>) -> Result<Wallet> {
    Ok(Wallet {
        id: WalletId(row.id(0)?),
        environment: EnvironmentId(row.id(1)?),
        user: UserId(row.id(2)?),
        app: AppId(row.id(3)?),
        custody: row.word(4, Custody::parse)?,
        pending: row.text(5)? == "pending",
        sealed_for: UserId(row.id(6)?),
        key: row.bytes(7)?,
        body: row.bytes(8)?,
        frozen: row.opt_time(9)?.is_some(),
    })
}

const OF_USER: &str = select_wallet!(
    ", consent.scopes,
        (select min(named.shown) from identities named
         where named.user_id = wallet.user_id and named.kind = 'email' and named.state = 'verified'),
        (select min(named.shown) from identities named
         where named.user_id = wallet.user_id and named.kind = 'username' and named.source_id = :app)
    from wallets wallet
    left join consents consent on consent.wallet_id = wallet.id and consent.app_id = :app
        and consent.withdrawn_at is null and (consent.expires_at is null or consent.expires_at > :now)
    where wallet.user_id = :user and wallet.environment_id = :environment"
);
const OF_ANY_USER: &str =
    select_wallet!(" from wallets wallet where wallet.user_id = :user and wallet.environment_id = :environment");
const BY_ID: &str =
    select_wallet!(" from wallets wallet where wallet.id = :wallet and wallet.environment_id = :environment");
const BY_LOCATOR: &str = select_wallet!(
    " from wallet_secrets secret join wallets wallet on wallet.id = secret.wallet_id
    where secret.locator = :locator and secret.environment_id = :environment"
);
const CONTACT: &str = "
    select named.kind, named.key from wallets wallet
    join identities named on named.user_id = wallet.user_id and named.state = 'verified' and named.source = 'person'
        and named.kind in ('email', 'phone')
    where wallet.id = :wallet and wallet.environment_id = :environment order by named.kind, named.key";
const SECRETS: &str = "
    select id, mac, sealed_for, key, body, proven_at, locator, pepper from wallet_secrets
    where wallet_id = :wallet and environment_id = :environment order by id";
const LINK: &str = "
    select environment_id, wallet_id, hash, sealed from secret_links where id = :id and expires_at > :now";

const OF_ADDRESS: &str = "
    select 1 from identities owner join wallets wallet on wallet.user_id = owner.user_id and wallet.state = 'active'
    where owner.environment_id = :environment and owner.kind = :kind and owner.key = :key and owner.state = 'verified'
        and owner.kind in ('email', 'phone')";

impl Store {
    /// Whether whoever has proven this address has a wallet in the app's environment.
    pub async fn has_wallet(&self, scope: &AppScope, address: &Destination) -> Result<bool> {
        let params = params![environment: scope.environment.0, kind: address.kind(), key: address.key()];
        Ok(self.one(OF_ADDRESS, &params, |_| Ok(())).await?.is_some())
    }

    /// The wallet of a user of the app's environment, as a token of the app tells of it.
    pub async fn wallet_of(&self, scope: &AppScope, user: UserId, now: Timestamp) -> Result<Option<KnownWallet>> {
        let params = params![user: user.0, environment: scope.environment.0, app: scope.app.0, now: now];
        self.one(OF_USER, &params, |row| {
            Ok(KnownWallet {
                wallet: wallet_row(row)?,
                consent: row.opt_text(WALLET_COLUMNS)?.map(|words| ConsentScopes::read(&words)),
                email: row.opt_text(WALLET_COLUMNS + 1)?,
                username: row.opt_text(WALLET_COLUMNS + 2)?,
            })
        })
        .await
    }

    /// The wallet of a user, for whoever looks after the users of the environment.
    pub async fn wallet_of_user(&self, scope: UsersScope, user: UserId) -> Result<Option<Wallet>> {
        let params = params![user: user.0, environment: scope.environment.0];
        self.one(OF_ANY_USER, &params, wallet_row).await
    }

    /// The wallet that a recovery secret names, for whoever can prove that they hold the secret.
    pub async fn wallet_named(&self, scope: &AppScope, wallet: WalletId) -> Result<Option<Wallet>> {
        let params = params![wallet: wallet.0, environment: scope.environment.0];
        self.one(BY_ID, &params, wallet_row).await
    }

    /// The wallet that the words of a recovery secret belong to.
    pub async fn wallet_located(&self, scope: &AppScope, locator: StoredMac) -> Result<Option<Wallet>> {
        let params = params![locator: &locator[..], environment: scope.environment.0];
        self.one(BY_LOCATOR, &params, wallet_row).await
    }

    /// An address that the owner of a wallet has proven: its kind and its key.
    pub async fn wallet_contact(&self, scope: &AppScope, wallet: WalletId) -> Result<Option<(String, String)>> {
        let params = params![wallet: wallet.0, environment: scope.environment.0];
        self.one(CONTACT, &params, |row| Ok((row.text(0)?, row.text(1)?))).await
    }

    /// The recovery secrets of a wallet that are good.
    pub async fn wallet_secrets(&self, scope: &AppScope, wallet: WalletId) -> Result<Vec<WalletSecret>> {
        let params = params![wallet: wallet.0, environment: scope.environment.0];
        self.all(SECRETS, &params, |row| {
            let older = match (row.opt_id(2)?, row.opt_bytes(3)?, row.opt_bytes(4)?) {
                (Some(user), Some(key), Some(body)) => Some((UserId(user), key, body)),
                _ => None,
            };
            Ok(WalletSecret {
                id: row.id(0)?,
                mac: row.bytes(1)?,
                older,
                proven: row.opt_time(5)?.is_some(),
                locator: row.bytes(6)?,
                pepper: row.opt_bytes(7)?,
            })
        })
        .await
    }

    /// A recovery file that can still be downloaded, by the id in its link.
    pub async fn secret_link(&self, id: Uuid, now: Timestamp) -> Result<Option<SecretLink>> {
        self.one(LINK, &params![id: id, now: now], |row| {
            Ok(SecretLink {
                environment: EnvironmentId(row.id(0)?),
                wallet: WalletId(row.id(1)?),
                hash: row.bytes(2)?,
                sealed: row.bytes(3)?,
            })
        })
        .await
    }
}
