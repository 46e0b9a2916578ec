//! `aboard keys rewrap`.

use clap::Args;
use serde_json::{Value, json};

use super::manage::Session;
use super::print::{self, number, text};
use super::settings::Settings;
use crate::admin::AdminCommand;
use crate::domain::Uuid;

/// Wallets after which progress is told.
const OFTEN: u64 = 2_000;

/// Wrap everything anew under the key-encryption key that is configured now.
///
/// Name the new key in `keys` and the old one in `keys.others`, restart every node with that, and run this. It touches no
/// payload, may run while people work, and may be broken off and begun again: what is done is passed over. Once it is
/// through, take the old key out of `keys.others`.
#[derive(Args)]
pub struct Rewrap {
    #[command(flatten)]
    settings: Settings,
}

/// Goes on until nothing is left.
pub async fn run(rewrap: Rewrap) -> anyhow::Result<()> {
    let mut session = Session::open(&rewrap.settings)?;
    let (mut of_secrets, mut after) = (false, None::<Uuid>);
    let (mut looked_at, mut rewrapped, mut told) = (0, 0, 0);
    let end = loop {
        let page = session.call(AdminCommand::RewrapKeys { of_secrets, after }).await?;
        looked_at += page["looked_at"].as_u64().unwrap_or_default();
        rewrapped += page["rewrapped"].as_u64().unwrap_or_default();
        if page["done"] == Value::Bool(true) {
            break page;
        }
        of_secrets = page["of_secrets"] == Value::Bool(true);
        after = page["after"].as_str().and_then(|id| id.parse().ok());
        if looked_at - told >= OFTEN {
            told = looked_at;
            print::note(&if rewrap.settings.json {
                json!({ "looked_at": looked_at, "rewrapped": rewrapped }).to_string()
            } else {
                format!("looked at {looked_at} keys of wallets, wrapped {rewrapped} anew")
            });
        }
    };
    session.close().await;
    let answer = json!({
        "kek_id": end["kek_id"], "wallet_keys": looked_at, "rewrapped": rewrapped, "root_keys": end["root_keys"],
    });
    print::answer(rewrap.settings.json, &answer, |answer| {
        format!(
            "Everything is wrapped by {}: {} root keys, and {} of {} keys of wallets anew.\n\nTake the old key out of keys.others, restart, and keep its backup as long as backups of the data that it opens.",
            text(answer, "kek_id"),
            number(&answer["root_keys"]),
            number(&answer["rewrapped"]),
            number(&answer["wallet_keys"]),
        )
    })
}
