//! A few hundred events reach a receiver that fails two of three times and goes away, past workers that are killed.
//! `make fault ARGS="--webhooks 100000"` does the same to a server of its own, with SIGKILL.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aboard_fakes::{Answer, Receiver};
use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::hooks::{data_of, hook, text};

on_both! {
    every_event_arrives_at_least_once,
}

const EVENTS: usize = 300;

/// A receiver at this port, or at any, that takes every third call.
async fn moody(port: u16, calls: &Arc<AtomicUsize>) -> Receiver {
    let receiver = Receiver::start_on(([127, 0, 0, 1], port).into()).await.expect("the port is free");
    let calls = Arc::clone(calls);
    receiver.reply_with(move |_| {
        let taken = calls.fetch_add(1, Ordering::Relaxed) % 3 == 0;
        Answer::new(if taken { 204 } else { 500 }).into()
    });
    receiver
}

async fn every_event_arrives_at_least_once(engine: Engine) {
    let schedule = ["5s"; 60].join(",");
    let app = TestApp::with(engine, &[("webhooks.retry_schedule", &schedule)]).await;
    let calls = Arc::default();
    let mut receiver = moody(0, &calls).await;
    let port = receiver.port();
    hook(&app, &receiver.url("/"), &["user.*"]).await;
    let (mut made, mut attempts) = (BTreeSet::new(), 0);
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
            attempts += receiver.requests().len();
            drop(receiver);
            // Nobody is there, and then somebody is again.
            app.app.webhooks.run_due().await;
            receiver = moody(port, &calls).await;
        }
        // A lease, a rest of a receiver that fails again and again, a pause of the schedule.
        app.advance(301);
        if round >= 6 && app.count("deliveries where state <> 'delivered'").await == 0 {
            break;
        }
    }
    assert_eq!(made.len(), EVENTS);
    let (_, delivered) = (attempts, app.count("deliveries where state = 'delivered'").await);
    assert_eq!((delivered, app.count("jobs").await), (EVENTS, 0));
    let told = app
        .rows("select count(distinct event_id) from deliveries where state = 'delivered'")
        .await;
    assert_eq!(told, [EVENTS.to_string()]);
    let last: Vec<Value> = receiver
        .requests()
        .iter()
        .map(|one| serde_json::from_slice(&one.body).expect("whole"))
        .collect();
    assert!(last.iter().all(|one| one["type"] == "user.linked"));
}
