//! A person takes the phrase of their wallet out: asked for by an app, proven by the person, ready after a while.

use futures_util::FutureExt as _;
use jiff::Timestamp;
use serde_json::json;

use super::{Wallet, select_wallet, told, wallet_row};
use crate::domain::{AppId, EnvironmentId, EventType, ExportId, Notice, UserId, WalletId, whole_seconds};
use crate::store::scope::{AppScope, UserScope};
use crate::store::sql::{Row, Script, params};
use crate::store::transaction::Tx;
use crate::store::users::lock;
use crate::store::{Result, Store};

/// An export that an app asks for.
#[derive(Debug, Clone)]
pub struct NewExport {
    /// Its id.
    pub id: ExportId,
    /// The wallet.
    pub wallet: WalletId,
    /// Who asks.
    pub app: AppId,
    /// The X25519 key that the phrase will be sealed to.
    pub client_key: [u8; 32],
    /// Until when the person can prove that they want it.
    pub expires_at: Timestamp,
}

/// How far an export is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportState {
    /// The person has not proven that they want it.
    Asked,
    /// They have.
    Proven,
    /// The phrase was taken out.
    Done,
    /// Somebody stopped it.
    Stopped,
}

impl ExportState {
    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "asked" => Self::Asked,
            "proven" => Self::Proven,
            "done" => Self::Done,
            "stopped" => Self::Stopped,
            _ => return None,
        })
    }
}

/// An export as it stands.
#[derive(Debug, Clone)]
pub struct Export {
    /// Its id.
    pub id: ExportId,
    /// The data plane.
    pub environment: EnvironmentId,
    /// The wallet.
    pub wallet: WalletId,
    /// Who had the wallet when it was asked for.
    pub user: UserId,
    /// Who asked.
    pub app: AppId,
    /// The key that the phrase will be sealed to.
    pub client_key: [u8; 32],
    /// How far it is.
    pub state: ExportState,
    /// From when on it is ready, once it is proven.
    pub ready_at: Option<Timestamp>,
    /// Until when it can go on.
    pub expires_at: Timestamp,
}

const OTHERS: &str = "
    update wallet_exports set state = 'stopped' where wallet_id = :wallet and state in ('asked', 'proven')";
const ADD: &str = "
    insert into wallet_exports (id, environment_id, wallet_id, user_id, app_id, client_key, state, created_at, expires_at)
    select :id, wallet.environment_id, wallet.id, wallet.user_id, :app, :client_key, 'asked', :now, :expires_at
    from wallets wallet where wallet.id = :wallet and wallet.user_id = :user and wallet.environment_id = :environment
        and wallet.state = 'active' and wallet.frozen_at is null";
const FIND: &str = "
    select id, environment_id, wallet_id, user_id, app_id, client_key, state, ready_at, expires_at
    from wallet_exports where id = :id";
const PROVE: &str = "
    update wallet_exports set state = 'proven', ready_at = :ready_at, expires_at = :expires_at
    where id = :id and state = 'asked' and expires_at > :now and user_id = :user and environment_id = :environment";
const STOP: &str = "
    update wallet_exports set state = 'stopped'
    where id = :id and state in ('asked', 'proven') and environment_id = :environment";
const TAKE: &str = "
    update wallet_exports set state = 'done'
    where id = :id and state = 'proven' and ready_at <= :now and expires_at > :now and user_id = :user
        and environment_id = :environment";
const WALLET: &str = select_wallet!(
    " from wallet_exports export join wallets wallet on wallet.id = export.wallet_id and wallet.user_id = export.user_id
    where export.id = :id and wallet.frozen_at is null"
);

impl Store {
    /// Begins an export; another one of the wallet that is on its way is over. False if the wallet is not the user's, or
    /// stopped.
    pub async fn ask_export(&self, scope: &UserScope, new: NewExport, now: Timestamp) -> Result<bool> {
        let (user, environment) = (scope.user, scope.environment);
        self.transact(move |tx| {
            async move {
                tx.lock(&[b"wallet", &new.wallet.bytes()]).await?;
                let row = params![
                    id: new.id.0, app: new.app.0, client_key: &new.client_key[..], now: now, expires_at: new.expires_at,
                    wallet: new.wallet.0, user: user.0, environment: environment.0,
                ];
                tx.execute(OTHERS, &params![wallet: new.wallet.0]).await?;
                Ok(tx.execute(ADD, &row).await? > 0)
            }
            .boxed()
        })
        .await
    }

    /// An export by its id, which its page carries.
    pub async fn export(&self, id: ExportId) -> Result<Option<Export>> {
        self.one(FIND, &params![id: id.0], read).await
    }

    /// Notes that the wallet's owner wants it, with an event and a notice: it is ready later, and over later still. False if it is
    /// over, or was proven before.
    pub async fn prove_export(
        &self,
        scope: &UserScope,
        id: ExportId,
        (ready_at, expires_at): (Timestamp, Timestamp),
        now: Timestamp,
    ) -> Result<bool> {
        let (user, environment, notices) = (scope.user, scope.environment, self.notices());
        self.transact(move |tx| {
            async move {
                lock(tx, user).await?;
                let Some((export, wallet)) = of(tx, id).await? else {
                    return Ok(false);
                };
                let proven = params![
                    ready_at: ready_at, expires_at: expires_at, id: id.0, now: now, user: user.0,
                    environment: environment.0,
                ];
                if tx.execute(PROVE, &proven).await? == 0 {
                    return Ok(false);
                }
                let more = json!({ "app_id": export.app, "ready_at": whole_seconds(ready_at) });
                told::export(tx, id.0, EventType::WalletExportAsked, &wallet, more, now).await?;
                let told = (user, Notice::WalletExportAsked);
                notices.tell(tx, environment, told, None, now, |_| true).await?;
                Ok(true)
            }
            .boxed()
        })
        .await
    }

    /// Stops an export that was not taken out. False if there is nothing to stop.
    pub async fn stop_export(&self, scope: &AppScope, id: ExportId) -> Result<bool> {
        let which = params![id: id.0, environment: scope.environment.0];
        let stopped = self.run(Script::default().then(STOP, which)).await?;
        Ok(stopped.first().is_some_and(|rows| *rows > 0))
    }

    /// Lets the phrase be taken out, with an event the first time. It may be taken again while the export is not over: it
    /// is sealed to the same key. False before it is ready, and once it is over, stopped, or the wallet is frozen or
    /// moved.
    pub async fn take_export(&self, scope: &UserScope, id: ExportId, now: Timestamp) -> Result<bool> {
        let (user, environment) = (scope.user, scope.environment);
        self.transact(move |tx| {
            async move {
                let Some((export, wallet)) = of(tx, id).await? else {
                    return Ok(false);
                };
                let taken = params![id: id.0, now: now, user: user.0, environment: environment.0];
                if tx.execute(TAKE, &taken).await? > 0 {
                    let more = json!({ "app_id": export.app });
                    told::export(tx, id.0, EventType::WalletExported, &wallet, more, now).await?;
                    return Ok(true);
                }
                let is_theirs = export.user == user && export.environment == environment;
                Ok(is_theirs && export.state == ExportState::Done && export.expires_at > now)
            }
            .boxed()
        })
        .await
    }
}

/// An export and its wallet, if that is still there for it.
async fn of(tx: &Tx<'_>, id: ExportId) -> Result<Option<(Export, Wallet)>> {
    let Some(export) = tx.one(FIND, &params![id: id.0], read).await? else {
        return Ok(None);
    };
    let wallet = tx.one(WALLET, &params![id: id.0], wallet_row).await?;
    Ok(wallet.map(|wallet| (export, wallet)))
}

fn read(row: &Row<'_>) -> Result<Export> {
    let key = row.bytes(5)?;
    Ok(Export {
        id: ExportId(row.id(0)?),
        environment: EnvironmentId(row.id(1)?),
        wallet: WalletId(row.id(2)?),
        user: UserId(row.id(3)?),
        app: AppId(row.id(4)?),
        client_key: <[u8; 32]>::try_from(key).map_err(|_| crate::store::StoreError::unreadable("client_key"))?,
        state: row.word(6, ExportState::parse)?,
        ready_at: row.opt_time(7)?,
        expires_at: row.time(8)?,
    })
}
