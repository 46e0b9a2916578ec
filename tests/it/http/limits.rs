//! Requests per minute and key.

use aboard::domain::{Code, EnvironmentKind, KeyKind, NewKey};
use jiff::Timestamp;
use serde_json::json;
use tokio::task::JoinSet;

use crate::support::app::{Engine, Setup, TestApp, on_both, plain_refusal, user};
use crate::support::client::Answer;

on_both! {
    of_a_hundred_and_fifty_at_once_a_hundred_are_admitted,
    the_headers_count_down_and_move_with_the_clock,
    each_key_has_a_window_of_its_own,
    production_has_its_own_limit,
    a_users_key_and_its_token_share_a_window,
    a_refused_key_is_counted_by_its_address_and_not_by_its_owner,
    an_address_without_a_key_has_a_window_of_its_own,
    of_many_guesses_at_once_exactly_the_limit_is_told_what_is_wrong,
    a_good_key_is_never_refused_for_its_neighbours,
    unknown_paths_and_methods_count_for_the_key_that_is_presented,
    a_key_may_have_a_limit_of_its_own,
}

const HUNDRED: (&str, &str) = ("limits.sandbox_per_minute", "100");
/// On a whole second, so that times are easy to read.
const START: i64 = 1_800_000_000;

async fn limited(engine: Engine, settings: &[(&str, &str)]) -> TestApp {
    let setup = Setup {
        settings,
        starts_at: Some(Timestamp::from_second(START).expect("a time")),
        ..Setup::default()
    };
    TestApp::set_up(engine, setup).await
}

/// Both families of headers, after a look whether they say the same: limit, remaining, seconds until the reset.
#[track_caller]
fn told(app: &TestApp, answer: &Answer) -> (u64, u64, u64) {
    let number = |name: &str| {
        answer
            .header(name)
            .parse::<u64>()
            .unwrap_or_else(|_| panic!("{name}: {answer:?}"))
    };
    let (limit, remaining) = (number("x-ratelimit-limit"), number("x-ratelimit-remaining"));
    let reset = number("x-ratelimit-reset") - app.now().as_second().cast_unsigned();
    assert_eq!(answer.header("ratelimit-policy"), format!("\"default\";q={limit};w=60"));
    assert_eq!(
        answer.header("ratelimit"),
        format!("\"default\";r={remaining};t={reset}")
    );
    (limit, remaining, reset)
}

async fn check(app: &TestApp) -> Answer {
    app.partner()
        .post("/api/v1/embedded_check_user", &json!({ "partner_user_id": "nobody" }))
        .await
}

async fn of_a_hundred_and_fifty_at_once_a_hundred_are_admitted(engine: Engine) {
    let app = limited(engine, &[HUNDRED]).await;
    let mut calls = JoinSet::new();
    for at in 0..150 {
        let (client, body) = (app.partner().clone(), user(&format!("user-{at}")));
        calls.spawn(async move { client.post("/api/v1/external_login", &body).await });
    }
    let answers = calls.join_all().await;
    let (admitted, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!((admitted.len(), refused.len()), (100, 50));
    let mut left: Vec<_> = admitted.iter().map(|answer| told(&app, answer).1).collect();
    left.sort_unstable();
    assert_eq!(left, (0..100).collect::<Vec<_>>());
    for answer in refused {
        assert_eq!(answer.whole(), plain_refusal(Code::RateLimited));
        assert_eq!((told(&app, answer), answer.header("retry-after")), ((100, 0, 60), "60"));
    }
    assert_eq!(app.count("users").await, 100, "a refused call changes nothing");
}

async fn the_headers_count_down_and_move_with_the_clock(engine: Engine) {
    let app = limited(engine, &[("limits.sandbox_per_minute", "3")]).await;
    assert_eq!(told(&app, &check(&app).await), (3, 2, 60));
    app.advance(20);
    assert_eq!(told(&app, &check(&app).await), (3, 1, 60));
    app.advance(20);
    // None is left: the next one is free when the first is a minute old.
    assert_eq!(told(&app, &check(&app).await), (3, 0, 20));
    let refused = check(&app).await;
    assert_eq!(
        (refused.status, told(&app, &refused), refused.header("retry-after")),
        (429, (3, 0, 20), "20")
    );
    app.advance(19);
    assert_eq!(check(&app).await.header("retry-after"), "1");
    app.advance(1);
    // What Retry-After promised is true; a refused call was not counted.
    assert_eq!(told(&app, &check(&app).await), (3, 0, 20));
    assert_eq!(check(&app).await.status, 429);
    app.advance(60);
    assert_eq!(told(&app, &check(&app).await), (3, 2, 60));
}

async fn each_key_has_a_window_of_its_own(engine: Engine) {
    let app = limited(engine, &[("limits.sandbox_per_minute", "1")]).await;
    let body = json!({ "partner_user_id": "nobody", "code": "x" });
    for client in [app.partner(), &app.sandbox.rival.client, &app.stranger.partner.client] {
        let first = client.post("/api/v1/embedded_check_user", &body).await;
        assert_eq!((first.status, told(&app, &first)), (404, (1, 0, 60)));
        assert_eq!(client.post("/api/v1/embedded_check_user", &body).await.status, 429);
        // Whatever the operation is, and wherever the path leads.
        assert_eq!(client.post("/api/v1/users/ada/api_key", &body).await.status, 429);
    }
    let server = app.server();
    assert_eq!(server.post("/v1/login_codes/exchange", &body).await.status, 400);
    let refused = server.post("/v1/login_codes/exchange", &body).await;
    let meta = json!({ "request_id": refused.header("x-request-id"), "timestamp": "2027-01-15T08:00:00Z" });
    let error = json!({ "code": "RATE_LIMIT_EXCEEDED", "message": "Too many requests." });
    assert_eq!(
        refused.whole(),
        (429, json!({ "success": false, "error": error, "meta": meta }))
    );
    assert_eq!(
        (told(&app, &refused), refused.header("retry-after")),
        ((1, 0, 60), "60")
    );
}

async fn production_has_its_own_limit(engine: Engine) {
    let app = limited(engine, &[HUNDRED]).await;
    let answer = app
        .production
        .partner
        .client
        .post("/api/v1/embedded_check_user", &json!({}))
        .await;
    // A request that is answered with 422 counts as well.
    assert_eq!((answer.status, told(&app, &answer)), (422, (1000, 999, 60)));
}

async fn a_users_key_and_its_token_share_a_window(engine: Engine) {
    let app = limited(engine, &[("limits.sandbox_per_minute", "4")]).await;
    let (api_key, id) = crate::api::partner::login::issue(&app, "ada").await;
    let jwt = crate::api::partner::login::token(&app, &api_key, &id).await;
    let user = app.anonymous().with("authorization", &jwt);
    for left in [2, 1, 0] {
        let answer = user.get("/api/v1/tenant_details").await;
        assert_eq!((answer.status, told(&app, &answer)), (200, (4, left, 60)));
    }
    assert_eq!(user.get("/api/v1/tenant_details").await.status, 429);
    let login = app
        .anonymous()
        .post("/api/v1/login", &json!({ "api_key": api_key, "wrapp_user_id": id }))
        .await;
    assert_eq!(
        (login.whole(), login.header("retry-after")),
        (plain_refusal(Code::RateLimited), "60")
    );
    // The partner's own window is another.
    assert_eq!(check(&app).await.status, 404);
}

async fn a_refused_key_is_counted_by_its_address_and_not_by_its_owner(engine: Engine) {
    let settings = [("limits.sandbox_per_minute", "1"), ("limits.anonymous_per_minute", "9")];
    let app = limited(engine, &settings).await;
    let key = &app.sandbox.partner.created.partner_key;
    for (left, wrong) in [(8, &key[..key.len() - 1]), (7, &app.sandbox.server_key)] {
        let caller = app.anonymous().with("x-partner-api-key", wrong);
        let refused = caller.post("/api/v1/embedded_check_user", &json!({})).await;
        assert_eq!((refused.status, told(&app, &refused)), (401, (9, left, 60)));
    }
    assert_eq!(told(&app, &check(&app).await), (1, 0, 60));
}

/// Without a key, with keys that are none, and for a user's key that nobody has.
async fn an_address_without_a_key_has_a_window_of_its_own(engine: Engine) {
    let settings = [
        ("limits.anonymous_per_minute", "4"),
        ("server.trusted_proxies", "[\"127.0.0.0/8\"]"),
    ];
    let app = limited(engine, &settings).await;
    let from = |address: &str| app.anonymous().with("x-forwarded-for", address);
    let (login, caller) = (
        json!({ "api_key": "abu_test_x", "wrapp_user_id": "wrp_x" }),
        from("203.0.113.7"),
    );
    let unknown = app.anonymous().call("GET", "/api/v1/nothing");
    let unknown = unknown.header("x-forwarded-for", "203.0.113.7").send().await;
    assert_eq!((unknown.status, told(&app, &unknown)), (404, (4, 3, 60)));
    let guess = caller.post("/api/v1/login", &login).await;
    assert_eq!((guess.status, told(&app, &guess)), (401, (4, 2, 60)));
    let method = caller.get("/v1/login_codes/exchange").await;
    assert_eq!((method.status, told(&app, &method)), (405, (4, 1, 60)));
    let wallet = caller.get("/api/v2/wallet/nothing").await;
    assert_eq!((wallet.status, told(&app, &wallet)), (404, (4, 0, 60)));

    let refused = caller.post("/api/v1/login", &login).await;
    assert_eq!(refused.whole(), plain_refusal(Code::RateLimited));
    assert_eq!(
        (told(&app, &refused), refused.header("retry-after")),
        ((4, 0, 60), "60")
    );
    let refused = caller.get("/v1/nothing").await;
    assert_eq!(
        (refused.status, &refused.json()["error"]["code"]),
        (429, &json!("RATE_LIMIT_EXCEEDED"))
    );
    let refused = caller.get("/api/v2/wallet/address").await;
    assert_eq!(
        refused.json(),
        json!({ "status": 429, "message": "Too many requests.", "data": null })
    );

    // Neighbours have windows of their own: an IPv4 address, an IPv6 network of 64 bits.
    assert_eq!(from("203.0.113.8").get("/v1/nothing").await.status, 404);
    for (left, address) in [
        (3, "2001:db8:1:2::1"),
        (2, "2001:db8:1:2:ffff::2"),
        (3, "2001:db8:1:3::1"),
    ] {
        let answer = from(address).get("/v1/nothing").await;
        assert_eq!(told(&app, &answer), (4, left, 60), "{address}");
    }
    // A page is counted like them, and a person reads no headers.
    let page = async || {
        let page = caller.get("/account").await;
        (page.status, page.header("x-ratelimit-limit").to_owned())
    };
    assert_eq!(page().await, (429, String::new()));
    app.advance(60);
    assert_eq!(page().await, (200, String::new()));
    assert_eq!(caller.get("/v1/nothing").await.status, 404);
}

async fn of_many_guesses_at_once_exactly_the_limit_is_told_what_is_wrong(engine: Engine) {
    let app = limited(engine, &[("limits.anonymous_per_minute", "40")]).await;
    let mut calls = JoinSet::new();
    for _ in 0..70 {
        let ids = &app.instance().ids;
        let guess = NewKey::new(KeyKind::Partner, EnvironmentKind::Sandbox, ids.id(), ids.secret());
        let client = app.anonymous().with("x-partner-api-key", guess.expose());
        calls.spawn(async move { client.post("/api/v1/embedded_check_user", &json!({})).await.status });
    }
    let mut statuses = calls.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses, [[401; 40].as_slice(), &[429; 30]].concat());
}

async fn a_good_key_is_never_refused_for_its_neighbours(engine: Engine) {
    let app = limited(engine, &[("limits.anonymous_per_minute", "1")]).await;
    for status in [401, 429, 429] {
        let guess = app.anonymous().post("/api/v1/embedded_check_user", &json!({})).await;
        assert_eq!(guess.status, status);
    }
    for _ in 0..3 {
        assert_eq!(check(&app).await.status, 404);
    }
}

async fn unknown_paths_and_methods_count_for_the_key_that_is_presented(engine: Engine) {
    let app = limited(engine, &[("limits.sandbox_per_minute", "3")]).await;
    let (api_key, id) = crate::api::partner::login::issue(&app, "ada").await;
    let jwt = crate::api::partner::login::token(&app, &api_key, &id).await;
    app.advance(60);
    let user = app.anonymous().with("authorization", &jwt);
    let in_the_wrong_place = app
        .anonymous()
        .with("authorization", &app.sandbox.partner.created.partner_key);
    for (client, left) in [
        (app.partner(), 2),
        (&app.server(), 2),
        (&user, 2),
        (&in_the_wrong_place, 1),
    ] {
        let answer = client.get("/v1/nothing").await;
        assert_eq!((answer.status, told(&app, &answer)), (404, (3, left, 60)));
    }
    let answer = app.partner().get("/api/v1/external_login").await;
    assert_eq!((answer.status, told(&app, &answer)), (405, (3, 0, 60)));
    assert_eq!(answer.header("allow"), "POST");
    let refused = app.partner().get("/api/v1/nothing").await;
    assert_eq!(refused.whole(), plain_refusal(Code::RateLimited));
    assert_eq!(
        (told(&app, &refused), refused.header("retry-after")),
        ((3, 0, 60), "60")
    );
    assert_eq!(check(&app).await.status, 429, "it is one window");
    // A key that is revoked is nobody's.
    let key = app.sandbox.partner.created.key;
    assert!(
        app.instance()
            .store
            .revoke_key(&app.admin(), key, app.now())
            .await
            .expect("it answers")
    );
    let answer = app.partner().get("/api/v1/nothing").await;
    assert_eq!((answer.status, told(&app, &answer).0), (404, 100_000));
}

async fn a_key_may_have_a_limit_of_its_own(engine: Engine) {
    let app = limited(engine, &[HUNDRED]).await;
    let key = app.sandbox.partner.created.key;
    let set = async |per_minute| {
        let store = &app.instance().store;
        store
            .set_key_limit(&app.admin(), key, per_minute, app.now())
            .await
            .expect("it answers")
    };
    assert_eq!(told(&app, &check(&app).await), (100, 99, 60));
    assert!(set(Some(2)).await);
    // What was used stays used.
    assert_eq!(told(&app, &check(&app).await), (2, 0, 60));
    assert_eq!(check(&app).await.status, 429);
    assert!(set(None).await);
    assert_eq!(told(&app, &check(&app).await), (100, 97, 60));
    let rival = &app.sandbox.rival.client;
    let other = rival
        .post("/api/v1/embedded_check_user", &json!({ "partner_user_id": "nobody" }))
        .await;
    assert_eq!(told(&app, &other), (100, 99, 60));
}
