//! `POST /api/v1/external_login`: each outcome and each refusal.

use aboard::domain::Code;
use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, login_url, on_both, refusal, user, user_with};

on_both! {
    the_documented_call_answers_a_login_url,
    a_known_user_gets_another_link,
    unknown_fields_and_unregistered_return_urls_are_ignored,
    a_bad_field_is_named_and_nothing_is_written,
    a_webhook_endpoint_must_be_public_and_https,
    the_link_is_made_from_the_public_url_never_from_the_host,
}

const PATH: &str = "/api/v1/external_login";

async fn the_documented_call_answers_a_login_url(engine: Engine) {
    let app = TestApp::start(engine).await;
    let body = r#"{
        "email": "user@example.com",
        "partner_user_id": "abc123",
        "phone": "1234567890",
        "webhook_endpoint": "https://yoursite.com/webhook"
    }"#;
    let call = app
        .partner()
        .call("POST", PATH)
        .header("content-type", "application/json");
    let answer = call.body(body).send().await;
    let url = login_url(&answer);
    assert_eq!(answer.whole(), (200, json!({ "login_url": url })));
    let token = url.strip_prefix(&format!("{}/", app.app.url)).expect("the public URL");
    assert_eq!(token.len(), 64);
    assert!(
        token
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')),
        "{token}"
    );
    let names = [
        "cache-control",
        "content-length",
        "content-type",
        "cross-origin-resource-policy",
        "date",
        "ratelimit",
        "ratelimit-policy",
        "referrer-policy",
        "vary",
        "x-content-type-options",
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
        "x-request-id",
    ];
    assert_eq!(answer.header_names(), names);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(answer.header("x-request-id").starts_with("req_"), "{answer:?}");
    let counts = [
        app.count("users").await,
        app.count("events where type like 'user.%'").await,
        app.count("user_keys").await,
    ];
    assert_eq!(
        (counts, app.count("deliveries").await, app.count("jobs").await),
        ([1, 1, 1], 1, 1)
    );
    // Nothing that opens anything is stored as it is.
    let contents = app.contents().await.join("\n");
    assert!(!contents.contains(token), "{contents}");
}

async fn a_known_user_gets_another_link(engine: Engine) {
    let app = TestApp::start(engine).await;
    let first = app.partner().post(PATH, &user("ada")).await;
    let again = app
        .partner()
        .post(
            PATH,
            &user_with("ada", &json!({ "webhook_endpoint": "https://example.com" })),
        )
        .await;
    assert_ne!(login_url(&first), login_url(&again));
    assert_eq!(first.header_names(), again.header_names());
    assert_eq!(app.count("users").await, 1);
    assert_eq!(app.count("login_links").await, 2);
    // Only a call that creates the user sends a webhook and makes a key; the first one named no endpoint.
    assert_eq!((app.count("deliveries").await, app.count("user_keys").await), (0, 0));
}

async fn unknown_fields_and_unregistered_return_urls_are_ignored(engine: Engine) {
    let app = TestApp::with(engine, &[("login.return_urls", "[\"https://app.example.com/back\"]")]).await;
    let fields =
        json!({ "name": "Ada", "vat": 123, "tags": [{}], "return_url": "https://evil.example.com/", "state": null });
    login_url(&app.partner().post(PATH, &user_with("ada", &fields)).await);
    assert_eq!(app.count("login_links where return_url is null").await, 1);
    let registered = json!({ "return_url": "https://app.example.com/back" });
    login_url(&app.partner().post(PATH, &user_with("ada", &registered)).await);
    assert_eq!(
        app.count("login_links where return_url = 'https://app.example.com/back'")
            .await,
        1
    );
}

async fn a_bad_field_is_named_and_nothing_is_written(engine: Engine) {
    let app = TestApp::start(engine).await;
    let before = app.contents().await;
    let address = "Send a valid e-mail address, like ada@example.com.";
    let id = "Send your own id of the user, 1 to 255 characters.";
    let number = "Send a phone number of 3 to 20 digits, like +306912345678.";
    let challenge = "Send the S256 challenge of RFC 7636: base64url of the verifier's SHA-256, 43 characters.";
    let cases = [
        ("email", Value::Null, "email is required."),
        ("email", json!(5), "email must be a text."),
        ("email", json!(["ada@example.com"]), "email must be a text."),
        ("email", json!({}), "email must be a text."),
        ("email", json!(true), "email must be a text."),
        ("email", json!(""), address),
        ("email", json!("ada"), address),
        ("email", json!("ada@example"), address),
        ("email", json!("ada@example.com\r\nBcc: eve@example.com"), address),
        (
            "email",
            json!("\u{212a}im@example.com"),
            "Send an e-mail address whose part before the @ is ASCII.",
        ),
        (
            "email",
            json!(format!("{}@example.com", "a".repeat(300))),
            "Send an e-mail address of at most 254 characters.",
        ),
        ("partner_user_id", Value::Null, "partner_user_id is required."),
        ("partner_user_id", json!(123), "partner_user_id must be a text."),
        ("partner_user_id", json!(""), id),
        ("partner_user_id", json!("é".repeat(256)), id),
        ("phone", Value::Null, "phone is required."),
        ("phone", json!(1_234_567_890), "phone must be a text."),
        ("phone", json!("12"), number),
        ("phone", json!("call me"), number),
        ("phone", json!("+123456789012345678901"), number),
        ("webhook_endpoint", json!(false), "webhook_endpoint must be a text."),
        (
            "state",
            json!("s".repeat(513)),
            "Send a state of at most 512 characters.",
        ),
        ("state", json!(1), "state must be a text."),
        ("code_challenge", json!("plain"), challenge),
        ("return_url", json!({}), "return_url must be a text."),
    ];
    for (field, value, message) in cases {
        let body = user_with("ada", &json!({ (field): value }));
        let answer = app.partner().post(PATH, &body).await;
        assert_eq!(
            answer.whole(),
            refusal(422, Code::Validation, Some(field), message),
            "{body}"
        );
    }
    let mut without = user("ada");
    without.as_object_mut().expect("an object").remove("phone");
    let answer = app.partner().post(PATH, &without).await;
    assert_eq!(
        answer.whole(),
        refusal(422, Code::Validation, Some("phone"), "phone is required.")
    );
    assert_eq!(app.contents().await, before);
    // The longest that is taken.
    let longest = json!({ "partner_user_id": "é".repeat(255), "state": "s".repeat(512) });
    login_url(&app.partner().post(PATH, &user_with("ada", &longest)).await);
}

async fn a_webhook_endpoint_must_be_public_and_https(engine: Engine) {
    let app = TestApp::with(engine, &[("webhooks.sandbox_loopback", "false")]).await;
    let before = app.contents().await;
    let not_public = "Use an address that is reachable on the public internet.";
    let not_https = "Use an address that starts with https://.";
    let cases = [
        ("", "Use a complete address, such as https://example.com/hooks."),
        ("/webhook", "Use a complete address, such as https://example.com/hooks."),
        ("ftp://example.com/", not_https),
        ("javascript:alert(1)", not_https),
        ("https://127.0.0.1/", not_public),
        ("https://2130706433/", not_public),
        ("https://[::ffff:10.0.0.1]/", not_public),
        ("https://169.254.169.254/latest/meta-data", not_public),
        ("https://localhost/", not_public),
        (
            "https://ada:secret@example.com/",
            "Remove the user name and the password from the address.",
        ),
        (
            "https://example.com/\nx",
            "Remove spaces, control characters and backslashes from the address.",
        ),
    ];
    for client in [app.partner(), &app.production.partner.client] {
        for (url, message) in cases {
            let answer = client
                .post(PATH, &user_with("ada", &json!({ "webhook_endpoint": url })))
                .await;
            assert_eq!(
                answer.whole(),
                refusal(422, Code::Validation, Some("webhook_endpoint"), message),
                "{url}"
            );
        }
    }
    let http = user_with("ada", &json!({ "webhook_endpoint": "http://example.com/hook" }));
    let refused = app.production.partner.client.post(PATH, &http).await;
    assert_eq!(
        refused.whole(),
        refusal(422, Code::Validation, Some("webhook_endpoint"), not_https)
    );
    assert_eq!(app.contents().await, before);
    login_url(&app.partner().post(PATH, &http).await);
}

async fn the_link_is_made_from_the_public_url_never_from_the_host(engine: Engine) {
    let settings = [
        ("server.public_url", "https://id.example.com/"),
        ("server.hosts", "[\"other.example.com\"]"),
    ];
    let app = TestApp::with(engine, &settings).await;
    for host in ["id.example.com", "other.example.com"] {
        let call = app.partner().call("POST", PATH).json(&user("ada")).header("host", host);
        let answer = call.header("x-forwarded-host", "evil.example.com").send().await;
        assert!(login_url(&answer).starts_with("https://id.example.com/"), "{answer:?}");
        assert_eq!(answer.header("strict-transport-security"), "max-age=31536000");
    }
}
