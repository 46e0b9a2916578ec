//! A few hundred events reach a receiver that fails two of three times and goes away, past workers that are killed.
//! `make fault ARGS="--webhooks 100000"` does the same to a server of its own, with SIGKILL.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aboard_fakes::{Answer, Receiver};
use serde_json::json;

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::hooks::{data_of, hook, text};

on_both! {
    every_event_arrives_at_least_once,
}

const EVENTS: usize = 300;

/// What a receiver took, by the ids of the events, and how often it was called.
#[derive(Default)]
struct Taken {
    ids: Mutex<BTreeSet<String>>,
    calls: AtomicUsize,
}

/// A receiver at this port, or at any, that takes every third call.
async fn moody(port: u16, taken: &Arc<Taken>) -> Receiver {
    let receiver = Receiver::start_on(([127, 0, 0, 1], port).into())
        .await
        .expect("the port is free");
    let taken = Arc::clone(taken);
    receiver.reply_with(move |request| {
        if !taken.calls.fetch_add(1, Ordering::Relaxed).is_multiple_of(3) {
            return Answer::new(500).into();
        }
        let id = request.header("webhook-id").unwrap_or_default().to_owned();
        taken.ids.lock().expect("nobody panicked").insert(id);
        Answer::new(204).into()
    });
    receiver
}

async fn every_event_arrives_at_least_once(engine: Engine) {
    let schedule = ["5s"; 60].join(",");
    let app = TestApp::with(engine, &[("webhooks.retry_schedule", &schedule)]).await;
    let taken = Arc::default();
    let mut receiver = moody(0, &taken).await;
    let port = receiver.port();
    hook(&app, &receiver.url("/"), &["user.*"]).await;
    let mut made = BTreeSet::new();
    for round in 0..60 {
        // Events come in while workers die: a third of all in each of the first rounds.
        for _ in 0..if round < 3 { EVENTS / 3 } else { 0 } {
            let answer = app.server().post("/v1/events", &json!({ "type": "user.linked" })).await;
            made.insert(text(&data_of(201, &answer), "event_id"));
        }
        app.settled().await;
        let worker = app.app.webhooks.clone();
        if round < 6 {
            // A worker is killed with attempts under way, whose ends nobody writes down.
            let seen = receiver.requests().len();
            let killed = tokio::spawn(async move { worker.run_due().await });
            receiver.wait_for(seen + 10).await;
            killed.abort();
            let _ = killed.await;
        } else {
            worker.run_due().await;
        }
        if round == 4 {
            drop(receiver);
            // Nobody is there, and then somebody is again.
            app.app.webhooks.run_due().await;
            receiver = moody(port, &taken).await;
        }
        // A lease, a rest of a receiver that fails again and again, a pause of the schedule.
        app.advance(301);
        if round >= 6 && app.count("deliveries where state <> 'delivered'").await == 0 {
            break;
        }
    }
    assert_eq!(made.len(), EVENTS);
    assert_eq!(*taken.ids.lock().expect("nobody panicked"), made);
    assert_eq!(app.count("deliveries where state = 'delivered'").await, EVENTS);
    assert_eq!(app.count("jobs").await, 0);
}
