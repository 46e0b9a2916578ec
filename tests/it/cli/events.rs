//! `aboard listen`, `trigger`, `events` and `webhooks`.

use aboard::domain::webhook::WebhookSecret;
use aboard_fakes::Receiver;
use serde_json::{Value, json};

use super::place::{PATIENCE, Place, end, lines};
use super::server::Server;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_triggered_is_forwarded_signed_and_listed() {
    let place = Place::new();
    let server = Server::dev(&place, &[]);
    let receiver = Receiver::start().await.unwrap();
    let to = receiver.url("/hook");
    let arguments = [
        "listen",
        "--url",
        server.url(),
        "--forward-to",
        &to,
        "--count",
        "2",
        "--json",
    ];
    let mut listening = place.command(&arguments).spawn().unwrap();
    let out = lines(listening.stdout.take().unwrap());
    let line = || -> Value { serde_json::from_str(&out.recv_timeout(PATIENCE).expect("a line")).unwrap() };
    let secret = WebhookSecret::parse(line()["secret"].as_str().unwrap()).unwrap();

    let made = place.json(&["trigger", "user.created", "--url", server.url()]);
    let own = [
        "trigger",
        "user.deleted",
        "--event-data",
        r#"{"user_id":"usr_1"}"#,
        "--url",
        server.url(),
    ];
    assert!(place.works(&own).starts_with("Made user.deleted evt_"));
    let forwarded = [line(), line()];
    assert_eq!(
        (&forwarded[0]["event"], &forwarded[0]["status"]),
        (&made["event_id"], &json!(200))
    );
    assert!(listening.wait().unwrap().success());
    let requests = receiver.requests();
    let header = |name: &str| requests[0].header(name).unwrap_or_default().to_owned();
    assert_eq!(requests[0].path, "/hook");
    let seconds = header("webhook-timestamp").parse().unwrap();
    let signed = secret.sign(&header("webhook-id"), seconds, &requests[0].body);
    assert!(header("webhook-signature").starts_with(&signed));
    let body: Value = serde_json::from_slice(&requests[1].body).unwrap();
    assert_eq!(
        (&body["type"], &body["data"]),
        (&json!("user.deleted"), &json!({ "user_id": "usr_1" }))
    );

    let listed = place.json(&["events", "list", "--environment", "sandbox", "--types", "user.*"]);
    let types: Vec<_> = listed["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["type"].clone())
        .collect();
    assert_eq!(types, ["user.created", "user.deleted"]);
    // Whose log-in it was, where the event's body alone says so.
    let user = "usr_00000000000000000000000001";
    let log_in = format!(r#"{{"user_id":"{user}"}}"#);
    place.json(&["trigger", "login.succeeded", "--event-data", &log_in]);
    let listed = place.json(&[
        "events",
        "list",
        "--environment",
        "sandbox",
        "--types",
        "login.succeeded",
    ]);
    assert_eq!(listed["events"][0]["user"], json!(user));
    let id = made["event_id"].as_str().unwrap();
    let shown = place.works(&["events", "show", id, "--environment", "sandbox"]);
    assert!(
        shown.contains(id) && shown.contains("No webhook was told of it."),
        "{shown}"
    );
    assert!(
        place
            .works(&["webhooks", "list"])
            .starts_with("There is no such webhook.")
    );
}

#[test]
fn what_cannot_be_done_says_why() {
    let place = Place::new();
    let alone = place.run(&["trigger", "user.created", "--url", "http://127.0.0.1:9"]);
    assert!(
        alone.err.contains("--key") && alone.err.contains("ABOARD_SERVER_KEY"),
        "{}",
        alone.err
    );
    let server = Server::dev(&place, &[]);
    let mistyped = place.run(&["trigger", "user.create", "--url", server.url()]);
    assert!(mistyped.err.contains("user.created"), "{}", mistyped.err);
    let refused = place.run(&["listen", "--url", server.url(), "--key", "abs_test_nobody"]);
    assert!(refused.err.contains("401"), "{}", refused.err);
    let unknown = place.run(&[
        "events",
        "show",
        "evt_00000000000000000000000001",
        "--environment",
        "sandbox",
    ]);
    assert!(unknown.err.contains("aboard events list"), "{}", unknown.err);
    let mut listening = place.command(&["listen", "--url", server.url()]).spawn().unwrap();
    let out = lines(listening.stdout.take().unwrap());
    assert!(
        out.recv_timeout(PATIENCE)
            .unwrap()
            .starts_with("Listening to the events of")
    );
    end(&mut listening);
}
