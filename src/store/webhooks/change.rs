//! A webhook is changed, switched off or on again.

use futures_util::FutureExt as _;
use jiff::Timestamp;
use serde_json::json;

use super::{DisabledWhy, NewHeaders, Webhook, end_of_log, find, gone};
use crate::domain::{EnvironmentId, EventFilter, MetadataChange, WebhookId};
use crate::store::audit::{Entry, audit};
use crate::store::scope::{AdminScope, UsersScope};
use crate::store::sql::params;
use crate::store::transaction::Tx;
use crate::store::{Result, Store};

/// A change; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct UpdateWebhook {
    /// Another address.
    pub url: Option<String>,
    /// Another description, or none.
    pub description: Option<Option<String>>,
    /// Other events.
    pub events: Option<EventFilter>,
    /// Keys to set, or to remove.
    pub metadata: Option<MetadataChange>,
    /// Other headers, all of them.
    pub headers: Option<NewHeaders>,
    /// Another rate, or none.
    pub per_second: Option<Option<u32>>,
    /// Whether it is told of anything. One that was disabled begins with what happens from now on.
    pub enabled: Option<bool>,
}

const CHANGE: &str = "
    update webhooks set url = :url, description = :description, events = :events, metadata = :metadata, per_second = :per_second,
        updated_at = :now
    where id = :id";
const HEADERS: &str = "update webhooks set header_names = :names, sealed_headers = :sealed where id = :id";
const ENABLE: &str = "
    update webhooks set state = 'active', disabled_why = null, disabled_at = null, failing_since = null, cursor_tx = :tx,
        cursor_seq = :seq
    where id = :id and state = 'disabled'";
const DISABLE: &str = "
    update webhooks set state = 'disabled', disabled_why = :why, disabled_at = :now, updated_at = :now
    where id = :id and state = 'active'";

impl Store {
    /// Changes a webhook; `None` if there is no such one. Metadata that would be too large is answered as it is.
    pub async fn update_webhook(
        &self,
        scope: impl Into<UsersScope>,
        admin: &AdminScope,
        id: WebhookId,
        change: UpdateWebhook,
        now: Timestamp,
    ) -> Result<Option<std::result::Result<Webhook, crate::domain::Invalid>>> {
        let (environment, admin) = (scope.into().environment, admin.clone());
        self.transact(move |tx| async move { update(tx, environment, &admin, id, change, now).await }.boxed())
            .await
    }
}

async fn update(
    tx: &Tx<'_>,
    environment: EnvironmentId,
    admin: &AdminScope,
    id: WebhookId,
    change: UpdateWebhook,
    now: Timestamp,
) -> Result<Option<std::result::Result<Webhook, crate::domain::Invalid>>> {
    tx.lock(&[b"webhook", &id.bytes()]).await?;
    let Some(known) = find(tx, environment, id).await? else {
        return Ok(None);
    };
    let metadata = match known.metadata.merged(&change.metadata.unwrap_or_default()) {
        Ok(metadata) => metadata,
        Err(wrong) => return Ok(Some(Err(wrong))),
    };
    let (url, events) = (change.url.unwrap_or(known.url), change.events.unwrap_or(known.events));
    let described = json!({ "url": url, "events": events.words(), "enabled": change.enabled });
    let row = params![
        url: url, description: change.description.unwrap_or(known.description), events: events.text(),
        metadata: metadata.text(), per_second: change.per_second.unwrap_or(known.per_second).map(i64::from), now: now, id: id.0,
    ];
    tx.execute(CHANGE, &row).await?;
    if let Some(headers) = change.headers {
        let row = params![names: headers.names.join(" "), sealed: headers.sealed, id: id.0];
        tx.execute(HEADERS, &row).await?;
    }
    match change.enabled {
        Some(true) => {
            let place = end_of_log(tx).await?;
            tx.execute(ENABLE, &params![tx: place.tx, seq: place.seq, id: id.0])
                .await?;
        }
        Some(false) => {
            let row = params![why: DisabledWhy::ByYou.as_str(), now: now, id: id.0];
            tx.execute(DISABLE, &row).await?;
        }
        None => {}
    }
    let entry = Entry::of("webhook.updated", environment, id).without_revision();
    audit(tx, admin, entry.saying(described), now).await?;
    Ok(Some(Ok(find(tx, environment, id).await?.ok_or_else(gone)?)))
}
