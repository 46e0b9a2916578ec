//! `GET /v1/events/stream`: what happens, as it happens, as server-sent events.
//!
//! Each has the event's id as `id`, its type as `event` and what `GET /v1/events` shows as `data`. It begins with what
//! happens from now on, or behind `after` (`Last-Event-ID`, which browsers and libraries send when they come back). The
//! stream ends after five minutes: come back with the last id, and nothing is missed.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use futures_util::stream;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::{after, shown, types, types_schema, unknown_place};
use crate::domain::{EventFilter, KeyScope};
use crate::store::{AfterEvent, ServerScope};
use crate::web::reference::{Operation, Schema, Takes};
use crate::web::{Failure, Query, ServerKey, Wait, Web};

/// Events that are read at once.
const PAGE: u32 = 100;
/// How long a stream lasts: a key that was revoked is noticed then.
const LONGEST: Duration = Duration::from_mins(5);
/// Events of other nodes wake nobody here: they are looked for this often.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// When nothing happens, a comment says that the stream is alive.
const BEAT_EVERY: Duration = Duration::from_secs(15);

/// What the reference says of it.
pub fn doc() -> Operation {
    let example = "id: evt_01kf0m5etg7000000000000000\nevent: user.deleted\ndata: {\"event_id\":\"evt_…\",…}\n\n";
    Operation::new("streamEvents", include_str!("stream.rs"))
        .takes(Takes::ServerKey(Some(KeyScope::Events)))
        .query("after", Schema::id("evt").says("The last event that you have seen."))
        .query("types", types_schema())
        .streams("What happens, one event after the other.", example.into())
}

/// 200 with the stream. 429 when the environment has too many of them.
pub async fn stream(
    State(web): State<Web>,
    ServerKey(scope): ServerKey<{ KeyScope::Events as u8 }>,
    headers: HeaderMap,
    mut query: Query,
) -> Result<Response, Failure> {
    let last_seen = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let place = match query.optional("after", after)? {
        Some(id) => Some(id),
        None => last_seen
            .map(after)
            .transpose()
            .map_err(|wrong| Failure::field("Last-Event-ID", wrong))?,
    };
    let filter = query.optional("types", types)?.unwrap_or_else(EventFilter::all);
    let store = &web.instance.store;
    let happened = store.happened();
    let place = if let Some(id) = place {
        let known = store.events(&scope, AfterEvent::Event(id), &filter, 1).await?;
        known.ok_or_else(|| Failure::field("after", unknown_place()))?;
        AfterEvent::Event(id)
    } else {
        let newest = store.newest_events(&scope, &EventFilter::all(), 1).await?;
        newest
            .first()
            .map_or(AfterEvent::Start, |event| AfterEvent::Event(event.id))
    };
    let follower = Follower {
        _wait: web.waits.enter(scope.environment())?,
        web: web.clone(),
        scope,
        filter,
        place,
        happened,
        began: Instant::now(),
        said: Instant::now(),
        // So that the other end knows at once that it is heard.
        ready: Some(Bytes::from_static(b": here\n\n")),
    };
    let chunks = stream::unfold(follower, |mut follower| async move {
        let chunk = follower.next().await?;
        Some((Ok::<_, Infallible>(chunk), follower))
    });
    let mut response = Response::new(Body::from_stream(chunks));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// One stream.
struct Follower {
    _wait: Wait,
    web: Web,
    scope: ServerScope,
    filter: EventFilter,
    place: AfterEvent,
    happened: watch::Receiver<u64>,
    began: Instant,
    said: Instant,
    ready: Option<Bytes>,
}

impl Follower {
    /// What is sent next; `None` at the end of the stream.
    async fn next(&mut self) -> Option<Bytes> {
        if let Some(ready) = self.ready.take() {
            return Some(ready);
        }
        loop {
            if self.began.elapsed() >= LONGEST || *self.happened.borrow_and_update() == u64::MAX {
                return None;
            }
            let store = &self.web.instance.store;
            // A store that does not answer ends the stream: the other end comes back.
            let page = store.events(&self.scope, self.place, &self.filter, PAGE).await.ok()??;
            if let Some(next) = page.next {
                self.place = AfterEvent::Event(next);
            }
            if !page.events.is_empty() {
                let lines = page
                    .events
                    .iter()
                    .map(|event| format!("id: {}\nevent: {}\ndata: {}\n\n", event.id, event.kind, shown(event)));
                self.said = Instant::now();
                return Some(lines.collect::<String>().into());
            }
            if page.has_more {
                continue;
            }
            if self.said.elapsed() >= BEAT_EVERY {
                self.said = Instant::now();
                return Some(Bytes::from_static(b": still here\n\n"));
            }
            let _ = timeout(LOOK_EVERY, self.happened.changed()).await;
        }
    }
}
