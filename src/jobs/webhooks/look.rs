//! What the loop asks of the store: what is due, and to write down how attempts ended.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::sleep;
use url::Url;

use super::Tools;
use super::attempt::Recipient;
use super::endpoint::recipients;
use crate::domain::WebhookId;
use crate::store::{DeliveryResult, DisabledWhy, DueDelivery, StoreError};

/// The pause after the store failed.
const STORE_PAUSE: Duration = Duration::from_millis(500);

/// What a look at the store found.
pub(super) struct Look {
    pub claimed: Vec<DueDelivery>,
    pub recipients: HashMap<WebhookId, Recipient>,
    pub lease_until: Timestamp,
    /// Whether there may be more.
    pub full: bool,
    /// When the next delivery becomes due.
    pub next: Option<Timestamp>,
}

/// Claims what is due. When the store says that nothing is, it is not asked to write.
pub(super) async fn look(tools: &Tools, limit: usize) -> Result<Look, StoreError> {
    let now = tools.clock.now();
    let lease_until = now.saturating_add(tools.options.lease).unwrap_or(Timestamp::MAX);
    let system = tools.store.system();
    let mut next = tools.store.next_delivery_due(system).await?;
    let mut claimed = Vec::new();
    let limit = u32::try_from(limit).unwrap_or(u32::MAX);
    if next.is_some_and(|next| next <= now) {
        let store = &tools.store;
        claimed = store
            .claim_deliveries(system, tools.owner, now, lease_until, limit)
            .await?;
        next = store.next_delivery_due(system).await?;
    }
    let webhooks: HashSet<WebhookId> = claimed.iter().filter_map(|due| due.webhook).collect();
    let recipients = recipients(tools, webhooks.into_iter()).await?;
    let full = claimed.len() >= limit as usize;
    Ok(Look {
        claimed,
        recipients,
        lease_until,
        full,
        next,
    })
}

/// Writes results until the store takes them or their leases have long run out, and switches webhooks off.
pub(super) async fn write(tools: &Tools, results: Vec<DeliveryResult>, disable: Vec<(WebhookId, DisabledWhy)>) {
    if !results.is_empty() {
        write_results(tools, results).await;
    }
    for (webhook, why) in disable {
        let disabled = tools
            .store
            .disable_webhook(tools.store.system(), webhook, why, tools.clock.now())
            .await;
        match disabled {
            Ok(true) => {
                metrics::counter!("aboard_webhooks_disabled_total", "why" => why.as_str()).increment(1);
                tracing::warn!(%webhook, why = why.as_str(), "a webhook was switched off");
            }
            Ok(false) => {}
            // The next attempt asks for the same.
            Err(error) => tracing::warn!(%webhook, %error, "a webhook could not be switched off"),
        }
    }
}

async fn write_results(tools: &Tools, results: Vec<DeliveryResult>) {
    let tries = tools.options.lease.as_millis() / STORE_PAUSE.as_millis();
    for _ in 0..=tries {
        let (system, now) = (tools.store.system(), tools.clock.now());
        let written = tools
            .store
            .finish_deliveries(system, tools.owner, results.clone(), now)
            .await;
        match written {
            Ok(_) => return,
            Err(error) => tracing::warn!(%error, "results of webhooks could not be written; trying again"),
        }
        sleep(STORE_PAUSE).await;
    }
}

/// Host and port of an address; an address that is none is a lane of its own.
pub(super) fn host(url: &str) -> Arc<str> {
    match Url::parse(url) {
        Ok(parsed) => parsed[url::Position::BeforeHost..url::Position::AfterPort].into(),
        Err(_) => url.into(),
    }
}
