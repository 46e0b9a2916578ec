//! Events and webhooks, as an operator looks at them.

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::command::{environment, environments, within};
use crate::domain::{DeliveryId, EventFilter, EventId, ReplayId, UserId, WebhookId};
use crate::instance::Instance;
use crate::store::{Delivery, Event, NewReplay, Once, ReplayFrom};

/// The most webhooks of one environment that are shown.
const MOST_SHOWN: u32 = 1_000;

/// The newest events of one environment or of all, the newest last.
pub async fn list(
    instance: &Instance,
    in_environment: Option<&str>,
    types: Option<&str>,
    limit: u32,
) -> anyhow::Result<Value> {
    let filter = match types {
        None => EventFilter::all(),
        Some(types) => EventFilter::parse(types.split(',').map(str::trim)).context("--types")?,
    };
    let environments = environments(instance, in_environment).await?;
    let store = &instance.store;
    let mut found = Vec::new();
    for environment in &environments {
        let scope = store.system().users_of(environment.id);
        found.extend(store.newest_events(scope, &filter, limit).await?);
    }
    found.sort_by_key(|event| std::cmp::Reverse(event.id));
    found.truncate(limit as usize);
    let shown = found.iter().rev().filter_map(|event| {
        let environment = environments.iter().find(|one| one.id == event.environment)?;
        Some(within(environment, shown(event)))
    });
    Ok(json!({ "events": shown.collect::<Vec<_>>() }))
}

/// One event, with what became of its deliveries.
pub async fn show(instance: &Instance, in_environment: &str, event: EventId) -> anyhow::Result<Value> {
    let environment = environment(instance, in_environment).await?;
    let scope = instance.store.system().users_of(environment.id);
    let found = instance.store.event(scope, event).await?;
    let found = found.with_context(|| format!("there is no event {event}; see `aboard events list`"))?;
    let deliveries = instance.store.deliveries_of_event(scope, &found).await?;
    let deliveries: Vec<Value> = deliveries
        .iter()
        .map(|(webhook, one)| delivery(*webhook, one))
        .collect();
    let mut answer = shown(&found);
    answer["body"] = serde_json::from_slice(&found.body).unwrap_or_default();
    answer["deliveries"] = deliveries.into();
    Ok(within(&environment, answer))
}

/// Tells a webhook again: one event, or what never arrived since a time.
pub async fn replay(
    instance: &Instance,
    in_environment: &str,
    webhook: WebhookId,
    event: Option<EventId>,
    missing_since: Option<Timestamp>,
) -> anyhow::Result<Value> {
    let environment = environment(instance, in_environment).await?;
    let (ids, store) = (&instance.ids, &instance.store);
    let from = match (event, missing_since) {
        (Some(event), None) => ReplayFrom::Event(event, DeliveryId(ids.id())),
        (None, Some(since)) => ReplayFrom::MissingSince(since),
        _ => bail!("name an event, or a time with --missing-since"),
    };
    let new = NewReplay {
        id: ReplayId(ids.id()),
        from,
    };
    let scope = store.system().users_of(environment.id);
    match store.replay(scope, webhook, new, None, instance.clock.now()).await? {
        Once::Done(true) => Ok(within(&environment, json!({ "webhook": webhook, "replay": new.id }))),
        _ => bail!("there is no such webhook or event; see `aboard webhooks list` and `aboard events list`"),
    }
}

/// The webhooks of one environment or of all, and how they fare.
pub async fn webhooks(instance: &Instance, in_environment: Option<&str>, failing: bool) -> anyhow::Result<Value> {
    let mut shown = Vec::new();
    for environment in environments(instance, in_environment).await? {
        let scope = instance.store.system().users_of(environment.id);
        for webhook in instance.store.webhooks(scope, None, MOST_SHOWN).await? {
            if failing && webhook.failing_since.is_none() && webhook.disabled.is_none() {
                continue;
            }
            let state = webhook.disabled.map_or("active", |(why, _)| why.as_str());
            let row = json!({
                "id": webhook.id,
                "url": webhook.url,
                "events": webhook.events.words(),
                "state": state,
                "failing_since": webhook.failing_since,
                "delivered": webhook.delivered,
                "failed": webhook.failed,
                "last_delivery_at": webhook.last_delivery_at,
                "created_at": webhook.created_at,
            });
            shown.push(within(&environment, row));
        }
    }
    Ok(json!({ "webhooks": shown }))
}

/// What every list says of an event: nothing of whom it is about but the id.
fn shown(event: &Event) -> Value {
    let mut row = Map::new();
    // The row of a log-in by link says it in its body alone.
    let in_body = || {
        serde_json::from_slice::<Value>(&event.body).ok()?["data"]["user_id"]
            .as_str()?
            .parse()
            .ok()
    };
    let user: Option<UserId> = event.user.or_else(in_body);
    row.insert("id".to_owned(), json!(event.id));
    row.insert("type".to_owned(), json!(event.kind));
    row.insert("time".to_owned(), json!(event.created_at));
    row.insert("user".to_owned(), json!(user));
    Value::Object(row)
}

/// A delivery to a webhook, or to a partner's own.
fn delivery(webhook: Option<WebhookId>, delivery: &Delivery) -> Value {
    json!({
        "webhook": webhook,
        "url": delivery.url,
        "delivery": delivery.id,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "status": delivery.last_status,
        "error": delivery.last_error,
        "next_at": delivery.next_at,
    })
}
