//! The delivery of webhooks, to a receiver on this machine.

use std::time::Duration;

use aboard::jobs::webhooks::WorkerOptions;
use aboard::outbound::{Guard, GuardRules};
use aboard_fakes::{Answer, Receiver, Reply, Request};
use aboard_vault::hmac_sha256;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::rig::{Created, Rig, TIMEOUT};

/// Checks a request by the documents, not by the code under test.
fn assert_signed(rig: &Rig, created: &Created, request: &Request) {
    assert_eq!(request.body, created.body);
    let id = request.header("webhook-id").unwrap();
    assert_eq!(id, created.event.to_string());
    let seconds = request.header("webhook-timestamp").unwrap();
    assert_eq!(seconds, rig.clock.now().as_second().to_string());
    let signed = [id.as_bytes(), b".", seconds.as_bytes(), b".", &request.body].concat();
    let signature = STANDARD.encode(hmac_sha256(rig.secret.expose_bytes(), &[&signed]));
    assert_eq!(request.header("webhook-signature").unwrap(), format!("v1,{signature}"));
}

async fn receiver() -> Receiver {
    Receiver::start().await.unwrap()
}

#[tokio::test]
async fn a_new_user_is_told_once_with_the_documented_headers() {
    let (rig, receiver) = (Rig::new().await, receiver().await);
    let created = rig.create_user(&receiver.url("/hooks?a=1")).await;
    assert!(rig.row(&created).has_sealed_body);
    let worker = rig.worker();
    assert_eq!(worker.run_due().await, 1);
    assert_eq!(worker.run_due().await, 0);

    let [request] = receiver.requests().try_into().unwrap();
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/hooks?a=1"));
    assert_signed(&rig, &created, &request);
    assert_eq!(request.header("content-type"), Some("application/json"));
    let agent = request.header("user-agent").unwrap();
    assert_eq!(agent.strip_prefix("Aboard/"), Some(env!("CARGO_PKG_VERSION")));
    let mac = hmac_sha256(rig.secret.expose().as_bytes(), &[&request.body]);
    let hex = mac.map(|byte| format!("{byte:02x}")).concat();
    assert_eq!(request.header("x-webhook-secret"), Some(&*hex));

    let row = rig.row(&created);
    assert_eq!(
        (row.state.as_str(), row.attempts, row.status, row.error),
        ("delivered", 1, Some(200), None)
    );
    assert!(!row.has_sealed_body && row.due_at.is_none());
    assert!(rig.key_is_good(&created).await);
}

#[tokio::test]
async fn a_standard_delivery_carries_no_partner_header() {
    let (rig, receiver) = (Rig::new().await, receiver().await);
    let created = rig.create_user(&receiver.url("/")).await;
    rig.make_standard(&created);
    assert_eq!(rig.worker().run_due().await, 1);
    let [request] = receiver.requests().try_into().unwrap();
    assert_signed(&rig, &created, &request);
    assert_eq!(request.header("x-webhook-secret"), None);
}

#[tokio::test]
async fn two_failures_and_a_success_are_three_attempts_with_one_id() {
    let (rig, receiver) = (Rig::new().await, receiver().await);
    let created = rig.create_user(&receiver.url("/")).await;
    receiver.fail_next(2, 500);
    let worker = rig.worker();
    assert_eq!(worker.run_due().await, 1);
    let row = rig.row(&created);
    assert_eq!(
        (row.state.as_str(), row.attempts, row.status),
        ("pending", 1, Some(500))
    );
    assert!(row.has_sealed_body && rig.key_is_good(&created).await);

    rig.advance(4);
    assert_eq!(worker.run_due().await, 0, "the pause is 5 s, give or take a tenth");
    rig.advance(2);
    assert_eq!(worker.run_due().await, 1);
    rig.advance(50);
    assert_eq!(worker.run_due().await, 0, "the next pause is a minute");
    rig.advance(20);
    assert_eq!(worker.run_due().await, 1);

    let requests = receiver.requests();
    assert_signed(&rig, &created, &requests[2]);
    let ids: Vec<_> = requests.iter().map(|request| request.header("webhook-id")).collect();
    assert!(ids.iter().all(|id| *id == ids[0]) && ids.len() == 3);
    let row = rig.row(&created);
    assert_eq!(
        (row.state.as_str(), row.attempts, row.status),
        ("delivered", 3, Some(200))
    );
}

#[tokio::test]
async fn a_schedule_that_is_used_up_revokes_the_key_and_erases_the_body() {
    let (rig, receiver) = (Rig::new().await, receiver().await);
    let created = rig.create_user(&receiver.url("/")).await;
    receiver.reply_with(|_| Answer::new(503).into());
    let worker = rig.worker();
    for attempt in 1..=3 {
        assert!(rig.key_is_good(&created).await);
        assert_eq!(worker.run_due().await, 1, "attempt {attempt}");
        rig.advance(70);
    }
    assert_eq!(worker.run_due().await, 0);
    let row = rig.row(&created);
    assert_eq!(
        (row.state.as_str(), row.attempts, row.status),
        ("given_up", 3, Some(503))
    );
    assert!(!row.has_sealed_body && !rig.key_is_good(&created).await);
}

#[tokio::test]
async fn gone_means_gone() {
    let (rig, receiver) = (Rig::new().await, receiver().await);
    let created = rig.create_user(&receiver.url("/")).await;
    receiver.fail_next(1, 410);
    assert_eq!(rig.worker().run_due().await, 1);
    let row = rig.row(&created);
    assert_eq!(
        (row.state.as_str(), row.attempts, row.has_sealed_body),
        ("given_up", 1, false)
    );
    assert!(!rig.key_is_good(&created).await);
}

#[tokio::test]
async fn a_receiver_may_ask_for_more_time() {
    let (rig, receiver) = (Rig::new().await, receiver().await);
    let seconds_until_due =
        |created: &Created| (rig.row(created).due_at.unwrap() - rig.clock.now().as_microsecond()) / 1_000_000;
    for (asked, at_least, at_most) in [("8", 8, 9), ("1", 5, 5), ("100000", 10, 10)] {
        let created = rig.create_user(&receiver.url("/")).await;
        receiver.push(Answer::new(429).header("retry-after", asked));
        assert_eq!(rig.worker().run_due().await, 1);
        let seconds = seconds_until_due(&created);
        assert!(
            (at_least..=at_most).contains(&seconds),
            "asked for {asked} s, got {seconds}"
        );
        rig.advance(1_000);
        assert_eq!(rig.worker().run_due().await, 1);
    }
}

#[tokio::test]
async fn a_result_whose_lease_was_lost_changes_nothing() {
    let (rig, receiver) = (Rig::new().await, receiver().await);
    let created = rig.create_user(&receiver.url("/")).await;
    receiver.push(Reply::Hold(Answer::new(410)));
    let (slow, other) = (rig.worker(), rig.worker());
    let first = tokio::spawn(async move { slow.run_due().await });
    receiver.wait_for(1).await;
    assert_eq!(other.run_due().await, 0, "the lease holds");
    rig.advance(61);
    assert_eq!(other.run_due().await, 1);
    receiver.release();
    assert_eq!(first.await.unwrap(), 1);
    let row = rig.row(&created);
    assert_eq!(
        (row.state.as_str(), row.attempts, row.status),
        ("delivered", 1, Some(200))
    );
    assert!(rig.key_is_good(&created).await);
}

/// What one attempt leaves in the row, with a short time-out.
async fn one_attempt(reply: Reply, timeout: Duration) -> (String, Option<u16>, Option<String>) {
    let (rig, receiver) = (Rig::new().await, receiver().await);
    receiver.push(reply);
    let created = rig.create_user(&receiver.url("/")).await;
    let worker = rig.worker_with(timeout, WorkerOptions::default());
    assert_eq!(worker.run_due().await, 1);
    let row = rig.row(&created);
    (row.state, row.status, row.error)
}

fn failed(status: Option<u16>, words: &str) -> (String, Option<u16>, Option<String>) {
    ("pending".to_owned(), status, Some(words.to_owned()))
}

#[tokio::test]
async fn a_receiver_that_never_answers_times_out() {
    let short = Duration::from_millis(100);
    let never = Reply::Hold(Answer::new(200));
    assert_eq!(one_attempt(never, short).await, failed(None, "time-out"));
    let drip = Reply::DripHead(Duration::from_millis(1));
    assert_eq!(one_attempt(drip, short).await, failed(None, "time-out"));
}

#[tokio::test]
async fn an_answer_without_end_is_an_answer() {
    let delivered = ("delivered".to_owned(), Some(200), None);
    let drip = Reply::DripBody(Duration::from_millis(1));
    assert_eq!(one_attempt(drip, Duration::from_millis(200)).await, delivered);
    assert_eq!(one_attempt(Reply::Flood(1 << 40), TIMEOUT).await, delivered);
}

#[tokio::test]
async fn broken_answers_are_told_in_a_few_words() {
    assert_eq!(
        one_attempt(Reply::Reset, TIMEOUT).await,
        failed(None, "connection failed")
    );
    assert_eq!(
        one_attempt(Reply::Garbage, TIMEOUT).await,
        failed(None, "not an HTTP answer")
    );
}

#[tokio::test]
async fn a_redirect_inward_is_not_followed() {
    let inward = receiver().await;
    let redirect = Answer::new(307).header("location", &inward.url("/admin"));
    let left = one_attempt(redirect.into(), TIMEOUT).await;
    assert_eq!(left, failed(Some(307), "redirects are not followed"));
    assert!(inward.requests().is_empty());
}

#[tokio::test]
async fn what_the_guard_refuses_is_a_failed_attempt() {
    let (rig, receiver) = (Rig::new().await, receiver().await);
    let created = rig.create_user(&receiver.url("/")).await;
    let strict = Guard::new(GuardRules::default());
    let worker = rig.worker_of(strict, TIMEOUT, WorkerOptions::default());
    for _ in 0..3 {
        assert_eq!(worker.run_due().await, 1);
        assert_eq!(rig.row(&created).error.as_deref(), Some("the address cannot be called"));
        rig.advance(70);
    }
    assert_eq!(rig.row(&created).state, "given_up");
    assert!(receiver.requests().is_empty() && receiver.connections() == 0);
}

#[tokio::test]
async fn a_port_without_tls_is_told_apart() {
    let (rig, receiver) = (Rig::new().await, receiver().await);
    let created = rig.create_user(&receiver.url("/").replace("http:", "https:")).await;
    assert_eq!(rig.worker().run_due().await, 1);
    assert_eq!(rig.row(&created).error.as_deref(), Some("TLS failed"));
}
