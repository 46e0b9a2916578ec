//! `GET /v1/events/stream`: server-sent events.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::client::plain_http;
use crate::support::hooks::{data_of, happen, text};

on_both! {
    what_happens_is_streamed_and_resumed_by_the_last_id,
    a_server_that_stops_ends_its_streams,
}

/// A stream that is read event by event.
struct Stream {
    response: reqwest::Response,
    read: String,
}

impl Stream {
    async fn open(app: &TestApp, query: &str, last: Option<&str>) -> Self {
        let mut request = plain_http()
            .build()
            .expect("a client")
            .get(format!("{}/v1/events/stream?{query}", app.app.url))
            .bearer_auth(&app.sandbox.server_key);
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status().as_u16(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut stream = Self {
            response,
            read: String::new(),
        };
        assert_eq!(stream.block().await.as_deref(), Some(": here"));
        stream
    }

    /// What stands before the next empty line; `None` at the end.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.read.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.read = rest;
                return Some(block);
            }
            let chunk = timeout(Duration::from_secs(20), self.response.chunk()).await;
            let chunk = chunk.expect("in time").expect("it arrives whole")?;
            self.read.push_str(std::str::from_utf8(&chunk).expect("UTF-8"));
        }
    }

    async fn event(&mut self) -> (String, String, Value) {
        let block = self.block().await.expect("an event");
        let line = |name: &str| {
            let found = block.lines().find_map(|line| line.strip_prefix(name));
            found.unwrap_or_else(|| panic!("{name}: {block}")).to_owned()
        };
        let data = serde_json::from_str(&line("data: ")).expect("JSON");
        (line("id: "), line("event: "), data)
    }
}

async fn what_happens_is_streamed_and_resumed_by_the_last_id(engine: Engine) {
    let app = TestApp::start(engine).await;
    happen(&app, "before").await;
    // What is not settled yet is told late, to a stream that begins now as well.
    app.settled().await;
    let mut stream = Stream::open(&app, "types=user.*", None).await;
    happen(&app, "ada").await;
    let (id, kind, data) = stream.event().await;
    assert_eq!(
        (&*kind, &data["data"]["email"]),
        ("user.linked", &json!("ada@example.com"))
    );
    assert_eq!(data["event_id"], json!(id));
    drop(stream);
    happen(&app, "bob").await;
    let mut stream = Stream::open(&app, "", Some(&id)).await;
    assert_eq!(stream.event().await.2["data"]["email"], json!("bob@example.com"));
    app.settled().await;
    let listed = data_of(200, &app.server().get("/v1/events?types=user.*&limit=1").await);
    let first = text(&listed[0], "event_id");
    let mut stream = Stream::open(&app, &format!("after={first}"), None).await;
    assert_eq!(stream.event().await.0, id);
    for wrong in ["after=x", "types=user.link", "after=evt_7zzzzzzzzzzzzzzzzzzzzzzzzz"] {
        let answer = app.server().get(&format!("/v1/events/stream?{wrong}")).await;
        assert_eq!(answer.status, 400, "{answer:?}");
    }
}

async fn a_server_that_stops_ends_its_streams(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.settled().await;
    let mut stream = Stream::open(&app, "", None).await;
    app.instance().store.stop_waiting();
    assert_eq!(stream.block().await, None);
}
