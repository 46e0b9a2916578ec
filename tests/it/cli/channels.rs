//! `aboard channels`, beside a running server and without one.

use std::io::Write as _;
use std::process::Stdio;

use aboard_fakes::{Twilio, WhatsApp};
use serde_json::{Value, json};

use super::place::Place;
use super::server::Server;

const PRODUCTION: [&str; 2] = ["--environment", "production"];

fn channels<'a>(words: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [&["channels"], words, &PRODUCTION[..], more].concat()
}

/// Credentials of a Twilio that is nowhere.
fn twilio() -> Value {
    json!({
        "account_sid": "AC00000000000000000000000000000001", "auth_token": "a-very-secret-token",
        "from": "+15005550006",
    })
}

/// Runs a command that has to work, with a text on standard input.
fn with_input(place: &Place, arguments: &[&str], input: &str) -> String {
    let mut child = place.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let ended = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(ended.stderr).unwrap(), "");
    assert!(ended.status.success());
    String::from_utf8(ended.stdout).unwrap()
}

#[test]
fn a_channel_is_set_listed_and_removed_without_showing_a_secret() {
    let (place, _) = Place::with_organization();
    let key = ["--set", "keys.file=kek"];
    let list = || place.works(&[&["channels", "list"][..], &key].concat());
    assert!(list().starts_with("There is no channel yet."));
    place.write("twilio.json", &twilio().to_string());
    let set = place.works(&channels(&["set", "sms", "--file", "twilio.json"], &key));
    assert!(set.starts_with("sms is set in the production of Example.\n"), "{set}");
    let json = json!({
        "phone_number_id": "106540352242922", "access_token": "EAAsecret", "app_secret": "app-secret-value",
        "verify_token": "verify-secret-value", "template": "login_code", "languages": ["en_US", "el"],
    });
    let public = [
        "--set",
        "keys.file=kek",
        "--set",
        "server.public_url=https://id.example.com",
    ];
    let said = with_input(&place, &channels(&["set", "whatsapp"], &public), &json.to_string());
    assert!(said.contains("https://id.example.com/e/env_"), "{said}");
    let shown = list();
    for word in [
        "whatsapp",
        "sms",
        "production",
        "working",
        "106540352242922",
        "login_code",
        "+15005550006",
    ] {
        assert!(shown.contains(word), "{shown}");
    }
    let audit = place.works(&[&["audit", "list"][..], &key].concat());
    let rows = place.json(&[&["channels", "list"][..], &key].concat());
    for secret in [
        "a-very-secret-token",
        "EAAsecret",
        "app-secret-value",
        "verify-secret-value",
    ] {
        for place in [&set, &said, &shown, &audit, &rows.to_string()] {
            assert!(!place.contains(secret), "{place}");
        }
    }
    assert!(audit.contains("channel.set"), "{audit}");
    assert_eq!(
        place.works(&channels(&["remove", "sms"], &key)),
        "sms is removed from the production of Example; its credentials are gone.\n"
    );
    let error = place.fails(&channels(&["remove", "sms"], &key));
    assert!(error.contains("sms is not set in the production of Example"), "{error}");
    assert!(!list().contains("+15005550006"));
}

#[test]
fn what_cannot_be_set_is_named_and_never_repeated() {
    let (place, _) = Place::with_organization();
    let key = ["--set", "keys.file=kek"];
    let fails = |credentials: &str, channel: &str| {
        place.write("credentials", credentials);
        place.fails(&channels(&["set", channel, "--file", "credentials"], &key))
    };
    let wrong = |name: &str, value: Value| {
        let mut credentials = twilio();
        credentials[name] = value;
        fails(&credentials.to_string(), "sms")
    };
    for (error, said) in [
        (wrong("from", json!("a-very-secret-token")), "from: Send"),
        (
            wrong("auth_token", json!("a-very-secret-token with spaces")),
            "auth_token: ",
        ),
        (
            wrong("fromm", json!("a-very-secret-token")),
            "fromm: There is no such field",
        ),
        (
            wrong("base_url", json!("http://127.0.0.1:1/a-very-secret-token")),
            "address may not be called",
        ),
        (fails("a-very-secret-token", "sms"), "one JSON object"),
        (fails("", "sms"), "there are no credentials"),
        (fails(&" ".repeat(40_000), "sms"), "longer than"),
    ] {
        assert!(error.contains(said), "{error}");
        assert!(!error.contains("a-very-secret-token"), "{error}");
    }
    let missing = place.fails(&channels(&["set", "sms", "--file", "nowhere"], &key));
    assert!(missing.contains("--file: cannot read nowhere"), "{missing}");
    place.write("credentials", &twilio().to_string());
    let sandbox = [
        "channels",
        "set",
        "sms",
        "--file",
        "credentials",
        "--environment",
        "sandbox",
    ];
    let error = place.fails(&[&sandbox[..], &key].concat());
    assert!(error.contains("a sandbox sends nothing"), "{error}");
    assert!(
        place
            .works(&[&["channels", "list"][..], &key].concat())
            .starts_with("There is no channel yet.")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_in_goes_out_over_a_channel_that_was_set_beside_the_running_server() {
    let (place, fake) = (Place::new(), WhatsApp::start().await.unwrap());
    let server = Server::dev(&place, &[]);
    place.write("whatsapp.json", &fake.credentials().to_string());
    let set = place.works(&channels(&["set", "whatsapp", "--file", "whatsapp.json"], &[]));
    let callback = set
        .lines()
        .find(|line| line.contains("/channels/whatsapp"))
        .unwrap()
        .trim()
        .to_owned();
    assert!(callback.starts_with(server.url()), "{set}");
    fake.set_webhook(&callback);

    let tested = place.works(&channels(&["test", "whatsapp", "--to", "+306912345678"], &[]));
    assert!(
        tested.starts_with("The provider took the message to +306912345678."),
        "{tested}"
    );
    assert!(
        tested.contains("wamid.") && tested.contains(&fake.messages()[0].code),
        "{tested}"
    );

    let secret = server.ready["production"]["client_secret"].as_str().unwrap().to_owned();
    let ask = |path: &str, body: &Value| server.ask("POST", path, ("x-client-secret", &secret), body);
    let (status, begun) = ask("/api/v2/auth/login-whatsapp", &json!({ "phoneNumber": "306912345678" }));
    assert_eq!(status, 200, "{begun}");
    let code = fake.wait_for(2).await[1].code.clone();
    let token = &begun["data"]["verifyToken"];
    let (status, done) = ask(
        "/api/v2/auth/verify-whatsapp",
        &json!({ "verificationToken": token, "otp": code }),
    );
    assert_eq!(
        (status, &done["data"]["isWalletCreated"]),
        (200, &json!(false)),
        "{done}"
    );
    // Each of the two messages is reported as sent, delivered and read, and the calls are taken.
    let reports = fake.wait_for_reports(6).await;
    assert!(reports.iter().all(|(_, status)| *status == 200), "{reports:?}");
    drop(server);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_says_what_the_provider_said_and_puts_a_stopped_channel_back_to_work() {
    let (place, fake) = (Place::new(), Twilio::start().await.unwrap());
    let server = Server::dev(&place, &[]);
    let mut wrong = fake.credentials();
    wrong["auth_token"] = json!("wrong");
    place.write("twilio.json", &wrong.to_string());
    place.works(&channels(&["set", "sms", "--file", "twilio.json"], &[]));
    let test = ["test", "sms", "--to", "+306912345678"];
    let error = place.fails(&channels(&test, &[]));
    assert!(
        error.contains("20003") && error.contains("it says: Authenticate"),
        "{error}"
    );
    let told = place.json(&channels(&test, &[]));
    assert_eq!(
        (&told["taken"], &told["failure"]["code"]),
        (&json!(false), &json!(20_003))
    );

    place.write("twilio.json", &fake.credentials().to_string());
    place.works(&channels(&["set", "sms", "--file", "twilio.json"], &[]));
    let database = rusqlite::Connection::open(place.path("data").join("aboard.db")).unwrap();
    let stop = "update channel_credentials set stopped_at = updated_at, stopped_why = 'unpaid'";
    assert_eq!(database.execute(stop, []).unwrap(), 1);
    let listed = place.works(&["channels", "list"]);
    assert!(listed.contains("stopped") && listed.contains(": unpaid"), "{listed}");
    let tested = place.works(&channels(&test, &[]));
    assert!(
        tested.ends_with("The channel was stopped, and works again.\n"),
        "{tested}"
    );
    assert!(place.works(&["channels", "list"]).contains("working"));
    for (to, said) in [("nobody", "--to"), ("ada@example.com", "--to")] {
        let error = place.fails(&channels(&["test", "sms", "--to", to], &[]));
        assert!(error.contains(said), "{error}");
    }
    drop(server);
}
