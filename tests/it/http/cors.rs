//! Calls from browsers on other origins.

use aboard::admin;
use serde_json::json;

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::client::{Answer, Client};

on_both! {
    an_apps_page_may_ask_and_read,
    an_origin_that_nobody_registered_is_told_nothing,
    pages_say_nothing_of_origins,
    a_new_apps_origin_is_known_at_once,
    options_without_an_origin_is_a_method_like_another,
}

const ORIGIN: &str = "https://app.example.com";
const ALLOWED: [&str; 3] = [
    "access-control-allow-origin",
    "access-control-allow-methods",
    "access-control-allow-headers",
];

async fn with_app(engine: Engine) -> TestApp {
    let app = TestApp::start(engine).await;
    // The origins of any environment's app: a preflight does not say which it is for.
    register(&app, &[ORIGIN, "http://localhost:3000"]).await;
    app
}

async fn register(app: &TestApp, origins: &[&str]) {
    let origins = origins.iter().map(|origin| (*origin).to_owned()).collect();
    let made = admin::create_app(app.instance(), &app.production.environment, "web", origins).await;
    made.expect("made");
}

async fn preflight(client: &Client, path: &str, origin: &str) -> Answer {
    let call = client.call("OPTIONS", path).header("origin", origin);
    let call = call.header("access-control-request-method", "POST");
    call.header("access-control-request-headers", "authorization, content-type")
        .send()
        .await
}

async fn an_apps_page_may_ask_and_read(engine: Engine) {
    let app = with_app(engine).await;
    for path in ["/v1/login_codes/exchange", "/api/v1/login", "/api/v2/wallet/address"] {
        for origin in [ORIGIN, "http://localhost:3000"] {
            let asked = preflight(&app.anonymous(), path, origin).await;
            assert_eq!((asked.status, asked.text()), (204, ""), "{path}");
            assert_eq!(asked.header("access-control-allow-origin"), origin);
            assert_eq!(
                asked.header("access-control-allow-headers"),
                "authorization, content-type, idempotency-key, x-app-id, x-client-secret, x-device-token"
            );
            assert!(asked.header("access-control-allow-methods").contains("POST"));
            assert_eq!(asked.header("access-control-allow-credentials"), "");
            assert_eq!(asked.header("x-ratelimit-limit"), "", "a question is not counted");
            assert_eq!(
                (asked.header("vary"), asked.header("access-control-max-age")),
                ("origin", "7200")
            );
        }
    }
    // Success and errors alike: a page has to see what went wrong.
    let calls = [
        (app.server(), "/v1/login_codes/exchange", 400),
        (app.anonymous(), "/v1/login_codes/exchange", 401),
        (app.anonymous(), "/v1/nothing", 404),
    ];
    for (client, path, status) in calls {
        let answer = client.with("origin", ORIGIN).post(path, &json!({})).await;
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), ORIGIN, "{path}");
        let exposed: Vec<&str> = answer.header("access-control-expose-headers").split(", ").collect();
        for name in [
            "x-request-id",
            "retry-after",
            "idempotent-replayed",
            "ratelimit",
            "x-ratelimit-remaining",
            "x-device-token",
        ] {
            assert!(exposed.contains(&name), "{exposed:?}");
        }
        assert_eq!(answer.header("vary"), "origin");
    }
}

async fn an_origin_that_nobody_registered_is_told_nothing(engine: Engine) {
    let app = with_app(engine).await;
    for origin in [
        "https://evil.example.com",
        "http://app.example.com",
        "https://app.example.com:444",
        "https://app.example.com.evil.com",
        "https://APP.example.com",
        "null",
        "",
        "https://app.example.com http://localhost:3000",
    ] {
        let asked = preflight(&app.anonymous(), "/v1/login_codes/exchange", origin).await;
        assert_eq!(asked.status, 405, "{origin}");
        let answer = app
            .server()
            .with("origin", origin)
            .post("/v1/login_codes/exchange", &json!({}))
            .await;
        assert_eq!(answer.status, 400, "{origin}");
        for name in ALLOWED {
            assert_eq!((asked.header(name), answer.header(name)), ("", ""), "{origin}");
        }
        assert_eq!((asked.header("vary"), answer.header("vary")), ("origin", "origin"));
    }
}

async fn pages_say_nothing_of_origins(engine: Engine) {
    let app = with_app(engine).await;
    for path in ["/account", "/", "/assets/aboard.css", "/healthz"] {
        let asked = preflight(&app.anonymous(), path, ORIGIN).await;
        let answer = app.anonymous().with("origin", ORIGIN).get(path).await;
        assert_eq!(asked.status, 405, "{path}");
        for name in ALLOWED {
            assert_eq!((asked.header(name), answer.header(name)), ("", ""), "{path}");
        }
    }
    // Nor does a host that is not ours.
    let asked = preflight(&app.anonymous().with("host", "evil.example.com"), "/v1/nothing", ORIGIN).await;
    assert_eq!((asked.status, asked.header(ALLOWED[0])), (421, ""));
}

async fn a_new_apps_origin_is_known_at_once(engine: Engine) {
    let app = with_app(engine).await;
    let new = "https://new.example.com";
    assert_eq!(preflight(&app.anonymous(), "/v1/nothing", new).await.status, 404);
    register(&app, &[new]).await;
    assert_eq!(preflight(&app.anonymous(), "/v1/nothing", new).await.status, 204);
    assert_eq!(preflight(&app.anonymous(), "/v1/nothing", ORIGIN).await.status, 204);
}

async fn options_without_an_origin_is_a_method_like_another(engine: Engine) {
    let app = with_app(engine).await;
    let answer = app.anonymous().call("OPTIONS", "/api/v1/login").send().await;
    assert_eq!((answer.status, answer.header("allow")), (405, "POST"));
    let answer = app.anonymous().call("OPTIONS", "/api/v1/nothing").send().await;
    assert_eq!(answer.status, 404);
}
