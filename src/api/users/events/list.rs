//! `GET /v1/events`: what happened in this environment, the oldest first, for 30 days.
//!
//! Send `meta.next_cursor` as `after`, keep it, and you see every event once, whatever happens at the same time; the id
//! of any event will do as well. With `wait` the call waits for the next event when there is none. Events that your
//! webhooks were told of stand here all the same.

use std::time::Duration;

use axum::extract::State;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use super::{after, schema, shown, shown_example, types, types_schema, unknown_place};
use crate::api::users::envelope::{Enveloped, envelope, open_page};
use crate::api::users::limit_schema;
use crate::domain::{EventFilter, Invalid, KeyScope};
use crate::store::{AfterEvent, EventPage};
use crate::web::reference::{Operation, Schema, Takes, always, example, meta};
use crate::web::{Context, Failure, Query, ServerKey, Web};

const USUAL: u32 = 25;
const MOST: u32 = 100;
/// The longest wait, in seconds: a request may take 30.
const LONGEST_WAIT: u32 = 25;
/// Events of other nodes wake nobody here: they are looked for this often.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What the reference says of it.
pub fn doc() -> Operation {
    let [request_id, timestamp] = meta();
    let next = Schema::text()
        .or_null()
        .says("Send it as `after`, now or later, to get what follows. `null` while the log is empty.");
    let meta = Schema::object([
        request_id,
        timestamp,
        always("has_more", Schema::boolean().says("Whether there is more already.")),
        always("next_cursor", next),
    ]);
    let answer = Schema::object([
        always("success", Schema::just(true)),
        always("data", Schema::list(schema())),
        always("meta", meta.named("LogMeta")),
    ]);
    let mut example = envelope(&example::context(), &[shown_example()]).example();
    example["meta"]["has_more"] = json!(false);
    example["meta"]["next_cursor"] = json!(example::EVENT);
    let wait = Schema::integer(0, LONGEST_WAIT.into()).usually(0);
    Operation::new("listEvents", include_str!("list.rs"))
        .takes(Takes::ServerKey(Some(KeyScope::Events)))
        .query(
            "after",
            Schema::id("evt").says("`next_cursor` of the page before, or the id of any event."),
        )
        .query("types", types_schema())
        .query("limit", limit_schema())
        .query("wait", wait.says("Seconds to wait for an event when there is none."))
        .answers(
            200,
            "A page of the log, the oldest first. With `types` it may hold fewer, or none, although more follow.",
            answer,
            example,
        )
}

/// 200 with at most `limit` events (1 to 100, usually 25) after `after`, or from the oldest that is kept.
pub async fn list(
    State(web): State<Web>,
    context: Context,
    ServerKey(scope): ServerKey<{ KeyScope::Events as u8 }>,
    mut query: Query,
) -> Result<Enveloped, Failure> {
    let mut place = query
        .optional("after", after)?
        .map_or(AfterEvent::Start, AfterEvent::Event);
    let filter = query.optional("types", types)?.unwrap_or_else(EventFilter::all);
    let limit = query
        .optional("limit", |text| whole(text, "limit", 1, MOST))?
        .unwrap_or(USUAL);
    let wait = query
        .optional("wait", |text| whole(text, "wait", 0, LONGEST_WAIT))?
        .unwrap_or(0);
    let store = &web.instance.store;
    let mut happened = store.happened();
    let deadline = Instant::now() + Duration::from_secs(wait.into());
    let waiting = (wait > 0).then(|| web.waits.enter(scope.environment())).transpose()?;
    let page = loop {
        happened.mark_unchanged();
        let page = store.events(&scope, place, &filter, limit).await?;
        let page = page.ok_or_else(|| Failure::field("after", unknown_place()))?;
        let (now, stops) = (Instant::now(), *happened.borrow() == u64::MAX);
        if !page.events.is_empty() || now >= deadline || waiting.is_none() || stops {
            break page;
        }
        if let Some(next) = page.next {
            // What the filter does not want is not looked at again.
            place = AfterEvent::Event(next);
        }
        if !page.has_more {
            let _ = timeout_at(deadline.min(now + LOOK_EVERY), happened.changed()).await;
        }
    };
    Ok(answer(&context, &page))
}

fn answer(context: &Context, page: &EventPage) -> Enveloped {
    let data: Vec<Value> = page.events.iter().map(shown).collect();
    open_page(context, &data, page.has_more, page.next.map(|id| id.to_string()))
}

/// A whole number of a query, between two others.
fn whole(text: &str, name: &str, least: u32, most: u32) -> Result<u32, Invalid> {
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| Invalid::new(format!("Send a {name} of {least} to {most}.")))
}
