//! What happens to wallets, as events.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Wallet;
use crate::domain::{AppId, EventType, UserId, Uuid, WalletId};
use crate::store::Result;
use crate::store::happened::Happened;
use crate::store::transaction::Tx;

/// A wallet is a person's now: it was made, or its secret was proven for the first time.
pub(super) async fn created(tx: &Tx<'_>, wallet: &Wallet, imported: bool, now: Timestamp) -> Result<()> {
    let data = json!({
        "user_id": wallet.user, "wallet_id": wallet.id, "app_id": wallet.app, "custody": wallet.custody.as_str(),
        "imported": imported,
    });
    about(tx, wallet.id.0, EventType::WalletCreated, wallet, data, now).await
}

/// A wallet moved to the log-in of this user, or has a new secret.
pub(super) async fn recovered(tx: &Tx<'_>, wallet: &Wallet, to: UserId, app: AppId, now: Timestamp) -> Result<()> {
    let data = json!({
        "user_id": to, "wallet_id": wallet.id, "app_id": app, "custody": wallet.custody.as_str(),
        "from_user_id": wallet.user,
    });
    let moved = Wallet {
        user: to,
        ..wallet.clone()
    };
    about(tx, wallet.id.0, EventType::WalletRecovered, &moved, data, now).await
}

/// What a person lets an app do with a wallet, or no longer.
pub(super) async fn consent(
    tx: &Tx<'_>,
    wallet: &Wallet,
    app: AppId,
    granted: Option<(&str, Option<Timestamp>)>,
    now: Timestamp,
) -> Result<()> {
    let mut data = json!({ "user_id": wallet.user, "wallet_id": wallet.id, "app_id": app });
    let kind = match granted {
        None => EventType::ConsentWithdrawn,
        Some((scopes, expires_at)) => {
            data["scopes"] = scopes.split_whitespace().collect();
            data["expires_at"] = json!(expires_at.map(crate::domain::whole_seconds));
            EventType::ConsentGranted
        }
    };
    about(tx, both(wallet.id, app), kind, wallet, data, now).await
}

/// A step of an export.
pub(super) async fn export(
    tx: &Tx<'_>,
    export: Uuid,
    kind: EventType,
    wallet: &Wallet,
    more: Value,
    now: Timestamp,
) -> Result<()> {
    let mut data = json!({ "user_id": wallet.user, "wallet_id": wallet.id });
    if let (Some(data), Value::Object(more)) = (data.as_object_mut(), more) {
        data.extend(more);
    }
    about(tx, export, kind, wallet, data, now).await
}

async fn about(
    tx: &Tx<'_>,
    subject: Uuid,
    kind: EventType,
    wallet: &Wallet,
    data: Value,
    now: Timestamp,
) -> Result<()> {
    let event = Happened::to(subject, kind, wallet.environment, data, now);
    tx.emit(event.about(wallet.user)).await
}

/// One subject of two: several apps may be let in at one moment.
fn both(wallet: WalletId, app: AppId) -> Uuid {
    let hash = aboard_vault::sha256(&[wallet.bytes(), app.bytes()].concat());
    Uuid::from_bytes(std::array::from_fn(|at| hash[at]))
}
