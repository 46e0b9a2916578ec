//! Wallets.

use anyhow::bail;
use serde_json::{Value, json};

use super::command::{environment, within};
use crate::domain::WalletId;
use crate::instance::Instance;

pub async fn freeze(
    instance: &Instance,
    in_environment: &str,
    wallet: WalletId,
    frozen: bool,
) -> anyhow::Result<Value> {
    let environment = environment(instance, in_environment).await?;
    let (admin, now) = (instance.admin(), instance.clock.now());
    let store = &instance.store;
    if !store
        .set_wallet_frozen(&admin, environment.id, wallet, frozen, now)
        .await?
    {
        let state = if frozen { "frozen" } else { "not frozen" };
        bail!(
            "{} has no wallet {wallet}, or it is {state} already. `aboard users show` names the wallet of a user; wallet tokens have it as `wid`.",
            environment.id
        );
    }
    Ok(within(&environment, json!({ "wallet": wallet, "frozen": frozen })))
}
