//! A webhook as it is when something is sent to it: its address, its secrets, its headers, opened.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use futures_util::future::join_all;
use jiff::Timestamp;
use reqwest::header::{HeaderName, HeaderValue};

use super::Tools;
use super::attempt::Recipient;
use crate::domain::WebhookId;
use crate::domain::webhook::WebhookSecret;
use crate::sealed;
use crate::store::{StoreError, WebhookTarget};

/// A webhook, ready to be sent to.
pub(super) struct Endpoint {
    pub url: String,
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The newest first.
    pub secrets: Vec<WebhookSecret>,
    pub failing_since: Option<Timestamp>,
}

/// The webhooks of a batch, each read and opened once.
pub(super) async fn recipients(
    tools: &Tools,
    webhooks: impl Iterator<Item = WebhookId>,
) -> Result<HashMap<WebhookId, Recipient>, StoreError> {
    let (store, now) = (&tools.store, tools.clock.now());
    let each = webhooks.map(|id| async move {
        let target = store.webhook_target(store.system(), id, now).await?;
        Ok((id, recipient(tools, target)))
    });
    join_all(each).await.into_iter().collect()
}

fn recipient(tools: &Tools, target: Option<WebhookTarget>) -> Recipient {
    match target {
        None => Recipient::Nobody("the webhook was deleted"),
        Some(target) if !target.active => Recipient::Nobody("the webhook is disabled"),
        Some(target) => Recipient::Webhook(Arc::new(open(tools, target))),
    }
}

/// What does not open is left out, and said: without a secret nothing is sent.
fn open(tools: &Tools, target: WebhookTarget) -> Endpoint {
    let (id, environment) = (target.id, target.environment);
    let secrets = target.secrets.iter().filter_map(|secret| {
        let place = sealed::webhook_secret(environment, secret.id);
        match tools.vault.open(&place, &secret.sealed) {
            Ok(opened) => Some(WebhookSecret::new(opened.expose().to_vec())),
            Err(error) => {
                tracing::error!(webhook = %id, secret = %secret.id, %error, "a webhook secret does not open");
                None
            }
        }
    });
    let headers = target.sealed_headers.as_deref().and_then(|headers| {
        let opened = tools.vault.open(&sealed::webhook_headers(environment, id), headers);
        if let Err(error) = &opened {
            tracing::error!(webhook = %id, %error, "the headers of a webhook do not open");
        }
        let headers: BTreeMap<String, String> = serde_json::from_slice(opened.ok()?.expose()).ok()?;
        let headers = headers.into_iter().filter_map(|(name, value)| {
            let mut value = HeaderValue::try_from(value).ok()?;
            value.set_sensitive(true);
            Some((HeaderName::try_from(name).ok()?, value))
        });
        Some(headers.collect())
    });
    Endpoint {
        secrets: secrets.collect(),
        headers: headers.unwrap_or_default(),
        url: target.url,
        failing_since: target.failing_since,
    }
}
