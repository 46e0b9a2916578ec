//! Transactions that wallets sent.

use aboard_vault::wallet::evm::Transaction;
use anyhow::bail;
use serde_json::{Value, json};

use super::command::{environment, environments, within};
use crate::domain::Lane;
use crate::instance::Instance;
use crate::store::{Send, SendPause};

/// The newest sends of one environment or of all, the newest last; and what is paused.
pub async fn list(
    instance: &Instance,
    in_environment: Option<&str>,
    open_alone: bool,
    limit: u32,
) -> anyhow::Result<Value> {
    let environments = environments(instance, in_environment).await?;
    let store = &instance.store;
    let mut found: Vec<Send> = Vec::new();
    for environment in &environments {
        found.extend(store.sends(store.system(), environment.id, open_alone, limit).await?);
    }
    found.sort_by_key(|send| std::cmp::Reverse(send.id));
    found.truncate(limit as usize);
    let of = |id| environments.iter().find(|one| one.id == id);
    let sends = found
        .iter()
        .rev()
        .filter_map(|send| Some(within(of(send.environment)?, shown(send))));
    let pauses = store.send_pauses(store.system()).await?;
    let pauses = pauses.iter().filter_map(|pause| {
        let row = json!({ "network": pause.network, "reason": pause.reason, "since": pause.paused_at });
        Some(within(of(pause.environment)?, row))
    });
    Ok(json!({ "sends": sends.collect::<Vec<_>>(), "pauses": pauses.collect::<Vec<_>>() }))
}

fn shown(send: &Send) -> Value {
    let Lane { network, address } = &send.lane;
    let to = Transaction::parse_signed(&send.raw)
        .ok()
        .and_then(|(parsed, _)| parsed.to);
    json!({
        "id": send.id,
        "hash": send.hash,
        "state": send.state.as_str(),
        "kind": send.kind.as_str(),
        "network": network,
        "from": address,
        "to": to.map(|to| to.to_checksum(None)),
        "nonce": send.sequence,
        "wallet": send.wallet,
        "app": send.app,
        "superseded_by": send.superseded_by,
        "block": send.block,
        "last_error": send.last_error,
        "created_at": send.created_at,
        "broadcast_at": send.broadcast_at,
        "finished_at": send.finished_at,
    })
}

/// Stops what is sent on one network of an environment, or on all of them.
pub async fn pause(
    instance: &Instance,
    in_environment: &str,
    network: Option<String>,
    reason: Option<String>,
) -> anyhow::Result<Value> {
    let environment = environment(instance, in_environment).await?;
    let pause = SendPause {
        environment: environment.id,
        network: network.clone(),
        reason: reason.unwrap_or_else(|| "The operator has stopped it.".to_owned()),
        paused_at: instance.clock.now(),
    };
    if !instance.store.pause_sends(&instance.admin(), pause).await? {
        bail!(
            "sends of {} are paused there already; see `aboard sends list`",
            environment.id
        );
    }
    Ok(within(&environment, json!({ "network": network, "paused": true })))
}

/// Lets them go on.
pub async fn resume(instance: &Instance, in_environment: &str, network: Option<String>) -> anyhow::Result<Value> {
    let environment = environment(instance, in_environment).await?;
    let (admin, now) = (instance.admin(), instance.clock.now());
    let resumed = instance
        .store
        .resume_sends(&admin, environment.id, network.as_deref(), now)
        .await?;
    if !resumed {
        bail!(
            "sends of {} are not paused there; `aboard sends list` shows which are",
            environment.id
        );
    }
    Ok(within(&environment, json!({ "network": network, "paused": false })))
}
