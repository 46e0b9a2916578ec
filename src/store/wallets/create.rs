//! A wallet is made.

use futures_util::FutureExt as _;
use jiff::{SignedDuration, Timestamp};

use super::consent::GRANT;
use super::{StoredMac, WALLET_COLUMNS, Wallet, select_wallet, told, wallet_row};
use crate::domain::{AppId, ConsentScopes, Custody, EnvironmentId, UserId, Uuid, WalletId};
use crate::store::idempotency::{IdempotencyClaim, Once, SavedAnswer};
use crate::store::scope::UserScope;
use crate::store::sql::{Row, params};
use crate::store::transaction::Tx;
use crate::store::users::lock;
use crate::store::{Result, Store};

/// A wallet that the vault has just made.
#[derive(Clone)]
pub struct NewWallet {
    /// Its id.
    pub id: WalletId,
    /// Who can open it.
    pub custody: Custody,
    /// The vault's two columns, sealed for the user who makes it.
    pub key: Vec<u8>,
    /// The vault's two columns.
    pub body: Vec<u8>,
    /// Whether the person brought the phrase along.
    pub imported: bool,
    /// Its recovery secret.
    pub secret: NewSecret,
    /// Where the secret can be downloaded.
    pub link: NewSecretLink,
}

/// A recovery secret as it is stored.
#[derive(Clone)]
pub struct NewSecret {
    /// Its id.
    pub id: Uuid,
    /// What it is checked with.
    pub mac: StoredMac,
    /// What it is found by.
    pub locator: StoredMac,
    /// What its copy opens with besides a PIN, sealed; `None` without a PIN.
    pub pepper: Option<Vec<u8>>,
}

/// Where a recovery file can be downloaded, for minutes.
#[derive(Clone)]
pub struct NewSecretLink {
    /// Its id.
    pub id: Uuid,
    /// SHA-256 of the link's token.
    pub hash: [u8; 32],
    /// The file, which opens with what stands in the link.
    pub sealed: Vec<u8>,
    /// When it is over.
    pub expires_at: Timestamp,
}

/// What became of a call that makes a wallet.
pub enum WalletCreation {
    /// It is made, or made afresh: nobody had proven the secret of the one before.
    Created,
    /// The user has one that the same app has just made, and nobody has used it or shown to hold its secret: whoever made
    /// it may have missed the answer.
    Unproven(Box<Wallet>),
    /// The user has a wallet.
    Taken,
    /// The user is locked out or gone.
    Refused,
}

/// As many secrets as may wait to be proven at a time.
const MOST_UNPROVEN: i64 = 8;
/// How long whoever made a wallet may ask again because the answer was lost.
const PATIENCE: SignedDuration = SignedDuration::from_secs(60);

const STATUS: &str = "
    select status from users where id = :user and environment_id = :environment and status in ('linked', 'verified')";
const KNOWN: &str = select_wallet!(
    ", (select count(*) from wallet_secrets secret where secret.wallet_id = wallet.id and secret.proven_at is not null),
        (select count(*) from wallet_secrets secret where secret.wallet_id = wallet.id), wallet.created_at, wallet.used_at
    from wallets wallet where wallet.user_id = :user and wallet.environment_id = :environment"
);
const ADD: &str = "
    insert into wallets (id, environment_id, user_id, app_id, custody, state, sealed_for, key, body, created_at, updated_at)
    values (:id, :environment, :user, :app, :custody, :state, :user, :key, :body, :now, :now)";
pub(super) const ADD_SECRET: &str = "
    insert into wallet_secrets (id, environment_id, wallet_id, mac, locator, pepper, created_at)
    values (:id, :environment, :wallet, :mac, :locator, :pepper, :now)";
pub(super) const ADD_LINK: &str = "
    insert into secret_links (id, environment_id, wallet_id, hash, sealed, expires_at)
    values (:id, :environment, :wallet, :hash, :sealed, :expires_at)";
pub(super) const FORGET: [&str; 6] = [
    "delete from wallet_secrets where wallet_id = :wallet",
    "delete from secret_links where wallet_id = :wallet",
    "delete from riding_halves where wallet_id = :wallet",
    "delete from consents where wallet_id = :wallet",
    "delete from wallet_exports where wallet_id = :wallet",
    "delete from wallets where id = :wallet",
];

impl Store {
    /// Makes a wallet for a user who has none, and lets the app work with it. One that waits for its secret to be proven
    /// gives way: nobody has seen its addresses. Of two calls at once one makes it.
    pub async fn create_wallet(
        &self,
        scope: &UserScope,
        app: AppId,
        new: NewWallet,
        claim: Option<IdempotencyClaim>,
        now: Timestamp,
    ) -> Result<Once<WalletCreation>> {
        let (environment, user) = (scope.environment, scope.user);
        self.transact_once(environment, claim, now, move |tx| {
            async move {
                let saved = SavedAnswer {
                    status: 200,
                    body: None,
                    resource: Some(new.id.0),
                };
                let outcome = create(tx, environment, user, app, &new, now).await?;
                let made = matches!(outcome, WalletCreation::Created);
                Ok((outcome, made.then_some(saved)))
            }
            .boxed()
        })
        .await
    }

    /// Gives a wallet of [`WalletCreation::Unproven`] one more secret, for whoever missed the answer. False if it has
    /// been proven, used, or moved, meanwhile.
    pub async fn add_wallet_secret(
        &self,
        scope: &UserScope,
        wallet: WalletId,
        secret: NewSecret,
        link: NewSecretLink,
        now: Timestamp,
    ) -> Result<bool> {
        let (environment, user) = (scope.environment, scope.user);
        self.transact(move |tx| {
            async move {
                lock(tx, user).await?;
                let whose = params![user: user.0, environment: environment.0];
                let known = tx.one(KNOWN, &whose, Known::read).await?;
                let open = known.filter(|known| {
                    known.wallet.id == wallet && known.may_be_asked_again(now) && known.secrets < MOST_UNPROVEN
                });
                if open.is_none() {
                    return Ok(false);
                }
                put_secret(tx, environment, wallet, &secret, &link, now).await?;
                Ok(true)
            }
            .boxed()
        })
        .await
    }
}

/// The wallet that a user has.
struct Known {
    wallet: Wallet,
    /// How many of its secrets somebody has shown to hold.
    proven: i64,
    secrets: i64,
    created_at: Timestamp,
    used_at: Option<Timestamp>,
}

impl Known {
    fn read(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            wallet: wallet_row(row)?,
            proven: row.int(WALLET_COLUMNS)?,
            secrets: row.int(WALLET_COLUMNS + 1)?,
            created_at: row.time(WALLET_COLUMNS + 2)?,
            used_at: row.opt_time(WALLET_COLUMNS + 3)?,
        })
    }

    /// Whether nothing says that the answer that made it has arrived.
    fn may_be_asked_again(&self, now: Timestamp) -> bool {
        self.wallet.custody == Custody::Server
            && self.proven == 0
            && self.used_at.is_none()
            && now.duration_since(self.created_at) <= PATIENCE
    }
}

async fn create(
    tx: &Tx<'_>,
    environment: EnvironmentId,
    user: UserId,
    app: AppId,
    new: &NewWallet,
    now: Timestamp,
) -> Result<WalletCreation> {
    lock(tx, user).await?;
    let whose = params![user: user.0, environment: environment.0];
    if tx.one(STATUS, &whose, |row| row.text(0)).await?.is_none() {
        return Ok(WalletCreation::Refused);
    }
    match tx.one(KNOWN, &whose, Known::read).await? {
        None => {}
        Some(known) if known.wallet.frozen => return Ok(WalletCreation::Taken),
        Some(known) if known.wallet.pending => {
            for sql in FORGET {
                tx.execute(sql, &params![wallet: known.wallet.id.0]).await?;
            }
        }
        Some(known) if new.custody == Custody::Server && known.wallet.app == app && known.may_be_asked_again(now) => {
            return Ok(WalletCreation::Unproven(Box::new(known.wallet)));
        }
        Some(_) => return Ok(WalletCreation::Taken),
    }
    let state = match new.custody {
        Custody::Server => "active",
        Custody::Shared => "pending",
    };
    let wallet = params![
        id: new.id.0, environment: environment.0, user: user.0, app: app.0, custody: new.custody.as_str(), state: state,
        key: &new.key[..], body: &new.body[..], now: now,
    ];
    tx.execute(ADD, &wallet).await?;
    let granted = params![
        wallet: new.id.0, app: app.0, environment: environment.0, now: now, expires_at: None::<Timestamp>,
        scopes: ConsentScopes::ALL.text(),
    ];
    tx.execute(GRANT, &granted).await?;
    put_secret(tx, environment, new.id, &new.secret, &new.link, now).await?;
    if new.custody == Custody::Server {
        let made = Wallet {
            id: new.id,
            environment,
            user,
            app,
            custody: new.custody,
            pending: false,
            sealed_for: user,
            key: Vec::new(),
            body: Vec::new(),
            frozen: false,
        };
        told::created(tx, &made, new.imported, now).await?;
    }
    Ok(WalletCreation::Created)
}

/// A new secret and its download take their places.
pub(super) async fn put_secret(
    tx: &Tx<'_>,
    environment: EnvironmentId,
    wallet: WalletId,
    secret: &NewSecret,
    link: &NewSecretLink,
    now: Timestamp,
) -> Result<()> {
    let row = params![
        id: secret.id, environment: environment.0, wallet: wallet.0, mac: &secret.mac[..], locator: &secret.locator[..],
        pepper: secret.pepper.clone(), now: now,
    ];
    tx.execute(ADD_SECRET, &row).await?;
    let row = params![
        id: link.id, environment: environment.0, wallet: wallet.0, hash: &link.hash[..], sealed: &link.sealed[..],
        expires_at: link.expires_at,
    ];
    tx.execute(ADD_LINK, &row).await?;
    Ok(())
}
