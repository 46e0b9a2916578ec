//! `/v1/events`: the log of what happened, to be pulled; for whoever has no public address, or wants to catch up.

pub mod catalogue;
pub mod get;
pub mod list;
pub mod stream;
pub mod trigger;

use serde_json::{Map, Value, json};

use crate::domain::{EventFilter, EventId, EventType, Invalid};
use crate::store::Event;
use crate::web::reference::{Schema, always, example};

/// An event as it is pulled: what is delivered, with its id.
pub fn shown(event: &Event) -> Value {
    let body: Map<String, Value> = serde_json::from_slice(&event.body).unwrap_or_default();
    let mut shown = Map::new();
    shown.insert("event_id".to_owned(), json!(event.id));
    shown.extend(body);
    Value::Object(shown)
}

/// The schema of an event that is pulled.
pub fn schema() -> Schema {
    let kind = Schema::text().says("One of the `webhooks` of this document; later releases may bring others.");
    Schema::object([
        always(
            "event_id",
            Schema::id("evt").says("The same as the `webhook-id` of its deliveries."),
        ),
        always("type", kind.such_as(EventType::UserLinked.as_str())),
        always("timestamp", Schema::time()),
        always("data", Schema::map()),
    ])
    .named("Event")
}

/// One such event.
pub fn shown_example() -> Value {
    let (_, data) = catalogue::data(EventType::UserLinked);
    json!({
        "event_id": example::EVENT, "type": EventType::UserLinked.as_str(), "timestamp": crate::web::whole_seconds(example::time()),
        "data": data,
    })
}

/// The parameter of a query that says which events are wanted.
pub fn types_schema() -> Schema {
    Schema::text()
        .says("Types with commas between them, like `user.created,login.*`. Without it all of them.")
        .such_as("user.*,login.refused")
}

/// Which events are wanted, by a query.
pub fn types(text: &str) -> Result<EventFilter, Invalid> {
    EventFilter::parse(text.split(',').map(str::trim))
}

/// The event that a page begins after.
pub fn after(text: &str) -> Result<EventId, Invalid> {
    text.parse().map_err(|_| unknown_place())
}

/// A place in the log that is none.
pub fn unknown_place() -> Invalid {
    Invalid::new("Send the next_cursor of the page before, or the id of an event of this environment.")
}
