//! Wraps everything anew that the key-encryption key wraps, under the one that is configured now.

use std::sync::Arc;

use aboard_vault::wallet::{Place, SealedWallet};
use aboard_vault::{Purpose, RootKey, Vault, canary_seal};
use anyhow::Context as _;
use serde_json::{Value, json};

use crate::clock::Ids;
use crate::domain::{RootKeyId, Uuid};
use crate::instance::Instance;
use crate::store::WrappedKey;

/// Keys that are wrapped in one transaction.
const PAGE: u32 = 200;

/// One page of wallets' keys, or, once there are none left, the instance's own. Answers where to go on: whoever is
/// broken off begins anywhere, since what is done is passed over.
pub async fn rewrap(instance: &Instance, of_secrets: bool, after: Option<Uuid>) -> anyhow::Result<Value> {
    let store = &instance.store;
    let after = after.unwrap_or_default();
    let page = store.wrapped_keys(store.system(), of_secrets, after, PAGE).await?;
    let Some(last) = page.last().map(|key| key.row) else {
        if of_secrets {
            return finish(instance).await;
        }
        return Ok(json!({ "done": false, "of_secrets": true, "after": null, "looked_at": 0, "rewrapped": 0 }));
    };
    let looked_at = page.len();
    let (vault, ids) = (Arc::clone(&instance.vault), instance.ids.clone());
    let anew = tokio::task::spawn_blocking(move || wrap_page(&vault, page, &ids)).await??;
    let rewrapped = store.rewrap_keys(store.system(), anew).await?;
    Ok(json!({
        "done": false, "of_secrets": of_secrets, "after": last, "looked_at": looked_at, "rewrapped": rewrapped,
    }))
}

fn wrap_page(vault: &Vault, page: Vec<WrappedKey>, ids: &Ids) -> anyhow::Result<Vec<(WrappedKey, Vec<u8>)>> {
    let kms = vault.kms();
    let mut anew = Vec::new();
    for key in page {
        if kms.wrapped(&key.key) {
            continue;
        }
        let place = Place {
            environment: key.environment.bytes(),
            user: key.sealed_for.bytes(),
            wallet: key.wallet.bytes(),
        };
        let wallet = SealedWallet::from_columns(key.key.clone(), key.body.clone());
        let new = wallet.and_then(|wallet| wallet.rewrap(kms, kms, &place, ids.entropy()));
        let new = new.with_context(|| {
            format!(
                "the key of wallet {} does not open: name what wrapped it in keys.others",
                key.wallet
            )
        })?;
        anew.push((key, new));
    }
    Ok(anew)
}

/// The root keys and the canary, when nothing else is left.
async fn finish(instance: &Instance) -> anyhow::Result<Value> {
    let store = &instance.store;
    let stored = store.root_keys(store.system()).await?;
    let (vault, ids) = (Arc::clone(&instance.vault), instance.ids.clone());
    let (canary, root_keys) = tokio::task::spawn_blocking(move || {
        let kms = vault.kms();
        let mut anew = Vec::new();
        for key in stored {
            let purpose = Purpose::parse(&key.purpose).with_context(|| {
                format!(
                    "a root key is of a later release ({}): rewrap with that release",
                    key.purpose
                )
            })?;
            let open = RootKey::unwrap(key.id.bytes(), purpose, kms, &key.wrapped)?;
            anew.push((key.id, open.wrap(kms, ids.entropy())?));
        }
        let canary = canary_seal(kms, ids.entropy())?;
        anyhow::Ok::<(Vec<u8>, Vec<(RootKeyId, Vec<u8>)>)>((canary, anew))
    })
    .await??;
    let kek_id = instance.vault.kms().id().to_owned();
    let count = root_keys.len();
    store
        .rewrap_instance(
            &instance.admin(),
            kek_id.clone(),
            canary,
            root_keys,
            instance.clock.now(),
        )
        .await?;
    Ok(json!({ "done": true, "kek_id": kek_id, "root_keys": count, "looked_at": 0, "rewrapped": 0 }))
}
