//! A backlog of events that a webhook was not told of: what a claim costs at its beginning and at its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use jiff::SignedDuration;
use serde_json::json;

use super::super::print;
use super::verbs::fresh_partner;
use crate::clock::{Clock, Stopwatch};
use crate::config::Config;
use crate::domain::{DeliveryId, EVENT_VERSION, EventFilter, EventId, EventType, Metadata, WebhookId, WebhookSecretId};
use crate::instance::Instance;
use crate::sealed;
use crate::store::{
    DeliveryEnd, DeliveryResult, EventClaim, InFlight, MadeAttempt, NewHeaders, NewWebhook, NewWebhookSecret, Once,
    ServerScope,
};

/// What the worker claims at a time.
const BATCH: u32 = 256;
/// Callers that write the log.
const WRITERS: usize = 256;

/// Writes `count` events behind a webhook, then claims and finishes all of them; prints, as one line of JSON, the median
/// time of a claim at the beginning and at the end of the backlog, and the most memory that this process had. With an
/// address `to` it leaves them to a server.
pub async fn backlog(config: &Config, count: u64, to: Option<&str>) -> anyhow::Result<()> {
    let in_flight = InFlight::default();
    let instance = Instance::open(config, Clock::System, in_flight.clone()).await?;
    let (_, _, server) = fresh_partner(&instance).await?;
    let webhook = subscribe(&instance, &server, to.unwrap_or("http://127.0.0.1:9/")).await?;
    write(&instance, server, &in_flight, count).await?;
    if to.is_some() {
        instance.store.close().await;
        return Ok(());
    }
    let claims = claim_all(&instance, webhook, count).await?;
    let tenth = (claims.len() / 10).max(1);
    let (first, last) = (median(&claims[..tenth]), median(&claims[claims.len() - tenth..]));
    let line = json!({
        "events": count, "batch": BATCH, "first_claim_ms": first, "last_claim_ms": last, "peak_mib": peak_mib(),
    });
    print::out(&line.to_string())?;
    instance.store.close().await;
    Ok(())
}

async fn subscribe(instance: &Instance, server: &ServerScope, url: &str) -> anyhow::Result<WebhookId> {
    let (ids, now) = (&instance.ids, instance.clock.now());
    let (id, secret) = (WebhookId(ids.id()), WebhookSecretId(ids.id()));
    let place = sealed::webhook_secret(server.environment(), secret);
    let new = NewWebhook {
        id,
        url: url.to_owned(),
        description: None,
        events: EventFilter::all(),
        version: EVENT_VERSION.to_owned(),
        metadata: Metadata::default(),
        headers: NewHeaders::default(),
        per_second: None,
        enabled: true,
        secret: NewWebhookSecret {
            id: secret,
            sealed: instance.vault.seal(&place, &ids.secret::<32>(), ids.entropy()),
        },
    };
    let admin = instance.admin();
    match instance.store.create_webhook(server, &admin, new, None, now).await? {
        Once::Done(_) => Ok(id),
        _ => anyhow::bail!("a call without a key was replayed"),
    }
}

async fn write(instance: &Instance, server: ServerScope, in_flight: &InFlight, count: u64) -> anyhow::Result<()> {
    let next = Arc::new(AtomicU64::new(0));
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| {
            let (instance, in_flight, next) = (instance.clone(), in_flight.clone(), Arc::clone(&next));
            tokio::spawn(async move {
                while next.fetch_add(1, Ordering::Relaxed) < count {
                    let _running = in_flight.enter();
                    let (id, now) = (EventId(instance.ids.id()), instance.clock.now());
                    let about = (EventType::LoginSucceeded, json!({ "user_id": null, "amr": "otp" }));
                    instance.store.trigger_event(&server, id, about, None, now).await?;
                }
                anyhow::Ok(())
            })
        })
        .collect();
    for writer in writers {
        writer.await??;
    }
    Ok(())
}

/// The time of each claim, in milliseconds.
async fn claim_all(instance: &Instance, webhook: WebhookId, count: u64) -> anyhow::Result<Vec<f64>> {
    let (store, ids, owner) = (&instance.store, &instance.ids, instance.ids.id());
    let (mut claimed, mut times) = (0, Vec::new());
    while claimed < count {
        let now = instance.clock.now();
        let wants = vec![EventClaim { webhook, limit: BATCH }];
        let new = (0..BATCH).map(|_| DeliveryId(ids.id())).collect();
        let until = now + SignedDuration::from_mins(1);
        let watch = Stopwatch::start();
        let mut got = store
            .claim_events(store.system(), owner, wants, new, now, until)
            .await?;
        times.push(milliseconds(watch.elapsed()));
        let due = got.pop().context("the claim answers each webhook")?.due;
        anyhow::ensure!(!due.is_empty(), "{claimed} of {count} events could be claimed");
        claimed += due.len() as u64;
        let results = due.into_iter().map(|due| DeliveryResult {
            id: due.id,
            webhook: Some(webhook),
            made: Some(MadeAttempt {
                at: now,
                duration_us: 1_000,
                answer: Vec::new(),
            }),
            status: Some(204),
            error: None,
            end: DeliveryEnd::Delivered,
        });
        store
            .finish_deliveries(store.system(), owner, results.collect(), now)
            .await?;
    }
    Ok(times)
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

fn median(times: &[f64]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// The most memory that this process had at once; `None` where the system does not say.
fn peak_mib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib / 1024)
}
