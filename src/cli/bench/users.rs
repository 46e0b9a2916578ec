//! The verbs of the users surface, from callers inside the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::verbs::drive;
use crate::domain::{Email, EventId, IdentityId, MetadataChange, PersonName, Phone, RequiredProofs, UserId};
use crate::instance::Instance;
use crate::resource;
use crate::store::{InFlight, LinkOutcome, LinkUser, Once, ServerScope, UpdateUser};

/// Measures `link` of new users, then `get_user` and `put_user` of those; calls per second go into `row`.
pub async fn measure(
    instance: &Instance,
    scope: ServerScope,
    in_flight: &InFlight,
    callers: usize,
    time: Duration,
    row: &mut Map<String, Value>,
) -> anyhow::Result<()> {
    let salt = instance.ids.id().simple().to_string();
    let linked = Arc::new(std::sync::Mutex::new(Vec::new()));
    let number = Arc::new(AtomicU64::new(0));
    let rate = {
        let (instance, in_flight, linked) = (instance.clone(), in_flight.clone(), Arc::clone(&linked));
        drive(callers, time, move || {
            let name = format!("{salt}-{}@example.com", number.fetch_add(1, Ordering::Relaxed));
            let (instance, in_flight, linked) = (instance.clone(), in_flight.clone(), Arc::clone(&linked));
            async move {
                let _running = in_flight.enter();
                let user = link(&instance, &scope, &name).await?;
                let mut linked = linked.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                linked.extend(user);
                Ok(true)
            }
        })
        .await?
    };
    row.insert("link_user_new".into(), json!(rate));
    let users: Arc<Vec<UserId>> = {
        let linked = linked.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Arc::new(linked.clone())
    };
    let next = Arc::new(AtomicU64::new(0));
    for verb in ["get_user", "put_user"] {
        let (instance, in_flight) = (instance.clone(), in_flight.clone());
        let (users, next) = (Arc::clone(&users), Arc::clone(&next));
        let rate = drive(callers, time, move || {
            let (instance, in_flight, users) = (instance.clone(), in_flight.clone(), Arc::clone(&users));
            let turn = next.fetch_add(1, Ordering::Relaxed);
            async move {
                let _running = in_flight.enter();
                let at = usize::try_from(turn)? % users.len().max(1);
                let Some(user) = users.get(at) else { return Ok(false) };
                if verb == "get_user" {
                    instance.store.user(&scope, *user).await?;
                } else {
                    put(&instance, &scope, *user, turn).await?;
                }
                Ok(true)
            }
        })
        .await?;
        row.insert(verb.into(), json!(rate));
    }
    Ok(())
}

async fn link(instance: &Instance, scope: &ServerScope, email: &str) -> anyhow::Result<Option<UserId>> {
    let ids = &instance.ids;
    let call = LinkUser {
        now: instance.clock.now(),
        email: Email::parse(email)?,
        phone: Phone::parse_e164("+1234567890")?,
        name: PersonName::parse("John Doe")?,
        metadata: MetadataChange::parse(json!({ "source": "web_app", "campaign_id": "summer_2024" }))?,
        external_id: None,
        phone_proven: false,
        demanded: RequiredProofs::default(),
        user: UserId(ids.id()),
        identities: std::array::from_fn(|_| IdentityId(ids.id())),
        event: EventId(ids.id()),
        event_data: resource::user,
        saved_answer: |_| String::new(),
        idempotency: None,
    };
    Ok(match instance.store.link_user(scope, call).await? {
        Once::Done(LinkOutcome::Linked(linked)) => Some(linked.user.id),
        _ => None,
    })
}

async fn put(instance: &Instance, scope: &ServerScope, user: UserId, turn: u64) -> anyhow::Result<()> {
    let ids = &instance.ids;
    let call = UpdateUser {
        now: instance.clock.now(),
        user,
        name: Some(PersonName::parse(&format!("John {turn}"))?),
        email: None,
        phone: None,
        metadata: None,
        identities: std::array::from_fn(|_| IdentityId(ids.id())),
        event: EventId(ids.id()),
        event_data: resource::user,
    };
    instance.store.update_user(scope, call).await?;
    Ok(())
}
