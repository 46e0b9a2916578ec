//! A webhook is told of what happens: from the change to the receiver.

use aboard_fakes::{Answer, Receiver};
use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::hooks::{body, deliver, happen, hook, hook_with, signatures, signed_by, text, types};

on_both! {
    what_happens_is_told_signed_and_counted,
    what_happened_before_and_what_it_does_not_want_is_not_told,
    each_webhook_is_told_once,
    headers_of_ones_own_are_sent_and_never_shown,
    a_failing_receiver_is_tried_by_the_schedule_and_given_up,
    a_receiver_that_says_gone_is_switched_off_and_that_is_an_event,
    whoever_runs_the_environment_is_told_by_mail_if_it_says_whom,
    a_receiver_that_fails_for_five_days_is_switched_off,
    a_receiver_that_fails_again_and_again_is_left_alone_and_loses_nothing,
    a_limit_a_second_holds,
    an_erased_user_is_told_of_by_id_alone,
    what_is_done_to_keys_and_sessions_is_told,
}

async fn what_happens_is_told_signed_and_counted(engine: Engine) {
    let app = TestApp::start(engine).await;
    let receiver = Receiver::start().await.expect("a free port");
    let hook = hook(&app, &receiver.url("/hook"), &["user.*"]).await;
    let user = happen(&app, "ada").await;
    deliver(&app).await;

    let requests = receiver.requests();
    let [request] = &requests[..] else {
        panic!("{requests:?}")
    };
    assert_eq!((&*request.method, &*request.path), ("POST", "/hook"));
    let told = body(request);
    assert_eq!(told["type"], json!("user.linked"));
    assert_eq!(told["data"]["user_id"], json!(user));
    assert_eq!(told["data"]["email"], json!("ada@example.com"));
    assert!(told["data"].get("waffy_token").is_none(), "{told}");
    assert_eq!(told.as_object().map(serde_json::Map::len), Some(3));
    assert!(request.header("webhook-id").is_some_and(|id| id.starts_with("evt_")));
    assert_eq!(signatures(request)[0], signed_by(&hook.secret, request));
    assert!(signatures(request)[1].starts_with("v1a,"), "{request:?}");
    let waffy = format!("sha256={}", hook.secret.sign_body(&request.body));
    assert_eq!(request.header("waffy-signature"), Some(&*waffy));
    assert_eq!(request.header("content-type"), Some("application/json"));

    let shown = hook.get(&app).await;
    assert_eq!(
        (&shown["successful_deliveries"], &shown["failed_deliveries"]),
        (&json!(1), &json!(0))
    );
    assert!(shown["last_delivery"].is_string(), "{shown}");
    assert_eq!(app.count("jobs").await, 0);
    deliver(&app).await;
    assert_eq!(receiver.requests().len(), 1, "once is enough");
}

async fn what_happened_before_and_what_it_does_not_want_is_not_told(engine: Engine) {
    let app = TestApp::start(engine).await;
    let receiver = Receiver::start().await.expect("a free port");
    happen(&app, "before").await;
    hook(&app, &receiver.url("/"), &["user.updated"]).await;
    let user = happen(&app, "ada").await;
    let change = app
        .server()
        .call("PUT", &format!("/v1/users/{user}"))
        .json(&json!({ "name": "Ada" }));
    assert_eq!(change.send().await.status, 200);
    deliver(&app).await;
    assert_eq!(types(&receiver), ["user.updated"]);
}

async fn each_webhook_is_told_once(engine: Engine) {
    let app = TestApp::start(engine).await;
    let receivers = [
        Receiver::start().await.expect("a port"),
        Receiver::start().await.expect("a port"),
    ];
    for receiver in &receivers {
        hook(&app, &receiver.url("/"), &["user.*"]).await;
    }
    for number in 0..40 {
        happen(&app, &format!("user{number}")).await;
    }
    deliver(&app).await;
    for receiver in &receivers {
        let mut ids: Vec<_> = receiver
            .requests()
            .iter()
            .map(|request| request.header("webhook-id").expect("an id").to_owned())
            .collect();
        ids.sort();
        let count = ids.len();
        ids.dedup();
        assert_eq!((ids.len(), count), (40, 40));
    }
}

async fn headers_of_ones_own_are_sent_and_never_shown(engine: Engine) {
    let app = TestApp::start(engine).await;
    let receiver = Receiver::start().await.expect("a free port");
    let asked = json!({
        "url": receiver.url("/"), "events": ["user.*"], "headers": { "Authorization": "Bearer sesame", "X-Env": "test" },
    });
    let hook = hook_with(&app.server(), &asked).await;
    happen(&app, "ada").await;
    deliver(&app).await;
    let request = receiver.requests().remove(0);
    assert_eq!(request.header("authorization"), Some("Bearer sesame"));
    assert_eq!(request.header("x-env"), Some("test"));

    assert_eq!(hook.get(&app).await["header_names"], json!(["authorization", "x-env"]));
    let delivery = hook.deliveries(&app).await.remove(0);
    let attempts = hook
        .delivery(&app, delivery["delivery_id"].as_str().expect("an id"))
        .await;
    let sent = &attempts["attempt_log"][0]["request_headers"];
    assert_eq!(sent["authorization"], json!("[redacted]"));
    assert!(
        !app.contents().await.join("\n").contains("sesame"),
        "it is stored as it is"
    );

    hook.update(&app, &json!({ "headers": {} })).await;
    happen(&app, "bob").await;
    deliver(&app).await;
    assert_eq!(receiver.requests()[1].header("authorization"), None);
}

async fn a_failing_receiver_is_tried_by_the_schedule_and_given_up(engine: Engine) {
    let app = TestApp::with(engine, &[("webhooks.retry_schedule", "5s,1m")]).await;
    let receiver = Receiver::start().await.expect("a free port");
    receiver.reply_with(|_| {
        Answer {
            body: "x".repeat(5_000).into(),
            ..Answer::new(500)
        }
        .into()
    });
    let hook = hook(&app, &receiver.url("/"), &["user.*"]).await;
    happen(&app, "ada").await;
    for seconds in [0, 6, 70] {
        app.advance(seconds);
        deliver(&app).await;
    }
    assert_eq!(receiver.requests().len(), 3);
    let ids: Vec<_> = receiver
        .requests()
        .iter()
        .map(|one| one.header("webhook-id").map(str::to_owned))
        .collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");

    let delivery = hook.deliveries(&app).await.remove(0);
    assert_eq!(
        (&delivery["status"], &delivery["attempts"]),
        (&json!("given_up"), &json!(3))
    );
    let whole = hook
        .delivery(&app, delivery["delivery_id"].as_str().expect("an id"))
        .await;
    let attempts = whole["attempt_log"].as_array().expect("a list");
    let statuses: Vec<_> = attempts.iter().map(|one| one["response_status"].clone()).collect();
    assert_eq!(statuses, [json!(500), json!(500), json!(500)]);
    assert_eq!(attempts[0]["response_body"].as_str().map(str::len), Some(4_096));
    assert!(
        attempts[0]["next_attempt_at"].is_string() && attempts[2]["next_attempt_at"].is_null(),
        "{whole}"
    );
    let shown = hook.get(&app).await;
    assert_eq!(shown["failed_deliveries"], json!(3));
    assert!(shown["failing_since"].is_string(), "{shown}");
    // It arrives again, and nothing is failing any more.
    receiver.reply_with(|_| Answer::new(204).into());
    let again = hook
        .post(&app, "replay", &json!({ "event_id": delivery["event_id"] }))
        .await;
    assert_eq!(again.status, 202, "{again:?}");
    deliver(&app).await;
    assert_eq!(hook.get(&app).await["failing_since"], Value::Null);
}

async fn a_receiver_that_says_gone_is_switched_off_and_that_is_an_event(engine: Engine) {
    let app = TestApp::start(engine).await;
    let [gone, other] = [
        Receiver::start().await.expect("a port"),
        Receiver::start().await.expect("a port"),
    ];
    gone.reply_with(|_| Answer::new(410).into());
    let hook_gone = hook(&app, &gone.url("/"), &["user.*"]).await;
    hook(&app, &other.url("/"), &["webhook.disabled"]).await;
    happen(&app, "ada").await;
    deliver(&app).await;
    deliver(&app).await;
    let shown = hook_gone.get(&app).await;
    assert_eq!(
        (&shown["status"], &shown["disabled_reason"]),
        (&json!("disabled"), &json!("gone"))
    );
    let told = body(&other.requests()[0]);
    assert_eq!(told["data"]["webhook_id"], json!(hook_gone.id));
    assert_eq!(told["data"]["reason"], json!("gone"));
    happen(&app, "bob").await;
    deliver(&app).await;
    assert_eq!(gone.requests().len(), 1, "it is told of nothing any more");
}

async fn whoever_runs_the_environment_is_told_by_mail_if_it_says_whom(engine: Engine) {
    let app = TestApp::start(engine).await;
    let ops = "ops@northwind.example.com";
    for (email, told) in [("", 0), (ops, 1)] {
        app.set("notices.email", &format!("\"{email}\"")).await;
        let gone = Receiver::start().await.expect("a port");
        gone.reply_with(|_| Answer::new(410).into());
        let hook = hook(&app, &gone.url("/secret-path"), &["user.*"]).await;
        happen(&app, &format!("user{told}")).await;
        deliver(&app).await;
        assert_eq!(hook.get(&app).await["status"], json!("disabled"));
        app.app.messages.run_due().await;
        let kept = app.inbox(ops).await;
        assert_eq!(kept.as_array().map(Vec::len), Some(told), "{kept}");
        if told == 1 {
            assert_eq!(kept[0]["subject"], "A webhook of Northwind was switched off");
            assert!(
                kept[0]["text"]
                    .as_str()
                    .unwrap_or_default()
                    .contains(&gone.url("/secret-path")),
                "{kept}"
            );
            assert_eq!(kept[0]["code"], Value::Null);
        }
    }
}

async fn a_receiver_that_fails_for_five_days_is_switched_off(engine: Engine) {
    let app = TestApp::with(engine, &[("webhooks.retry_schedule", "5s")]).await;
    let receiver = Receiver::start().await.expect("a free port");
    receiver.reply_with(|_| Answer::new(500).into());
    let hook = hook(&app, &receiver.url("/"), &["user.*"]).await;
    let mut users = Vec::new();
    for day in 0..=5 {
        assert_eq!(hook.get(&app).await["status"], json!("active"), "day {day}");
        users.push(happen(&app, &format!("user{day}")).await);
        deliver(&app).await;
        app.advance(86_400);
    }
    let shown = hook.get(&app).await;
    assert_eq!(
        (&shown["status"], &shown["disabled_reason"]),
        (&json!("disabled"), &json!("failing"))
    );
    // Switched on again it is told of what happens then; what it missed it may ask for.
    receiver.reply_with(|_| Answer::new(200).into());
    let before = receiver.requests().len();
    let told = || {
        let requests = receiver.requests();
        let about = requests[before..]
            .iter()
            .map(|request| text(&body(request)["data"], "user_id"));
        let mut about: Vec<String> = about.collect();
        about.sort();
        about
    };
    hook.update(&app, &json!({ "enabled": true })).await;
    let later = happen(&app, "later").await;
    deliver(&app).await;
    // Those of the last day may still be tried, or were never begun; the others were given up.
    assert!(told().contains(&later) && users[..4].iter().all(|user| !told().contains(user)));
    users.push(later);
    users.sort();
    let since = json!({ "missing_since": "2020-01-01T00:00:00Z" });
    assert_eq!(hook.post(&app, "replay", &since).await.status, 202);
    deliver(&app).await;
    assert_eq!(told(), users, "what never arrived does now, once");
    assert_eq!(hook.post(&app, "replay", &since).await.status, 202);
    deliver(&app).await;
    assert_eq!(told(), users, "and only what never arrived");
}

async fn a_receiver_that_fails_again_and_again_is_left_alone_and_loses_nothing(engine: Engine) {
    let app = TestApp::start(engine).await;
    let [bad, good] = [
        Receiver::start().await.expect("a port"),
        Receiver::start().await.expect("a port"),
    ];
    bad.reply_with(|_| Answer::new(503).into());
    let hook_bad = hook(&app, &bad.url("/"), &["user.*"]).await;
    hook(&app, &good.url("/"), &["user.*"]).await;
    for number in 0..60 {
        happen(&app, &format!("user{number}")).await;
    }
    deliver(&app).await;
    assert_eq!(good.requests().len(), 60);
    assert!(
        bad.requests().len() <= 16,
        "{} attempts on a dead receiver",
        bad.requests().len()
    );
    bad.reply_with(|_| Answer::new(200).into());
    // The pauses of the schedule, and of the rest.
    for _ in 0..4 {
        app.advance(3 * 3_600);
        deliver(&app).await;
    }
    let shown = hook_bad.get(&app).await;
    assert_eq!(shown["successful_deliveries"], json!(60), "{shown}");
}

async fn a_limit_a_second_holds(engine: Engine) {
    let app = TestApp::start(engine).await;
    let receiver = Receiver::start().await.expect("a free port");
    hook_with(
        &app.server(),
        &json!({ "url": receiver.url("/"), "events": ["user.*"], "per_second": 3 }),
    )
    .await;
    for number in 0..5 {
        happen(&app, &format!("user{number}")).await;
    }
    deliver(&app).await;
    assert_eq!(receiver.requests().len(), 3);
}

async fn an_erased_user_is_told_of_by_id_alone(engine: Engine) {
    let app = TestApp::start(engine).await;
    let receiver = Receiver::start().await.expect("a free port");
    hook(&app, &receiver.url("/"), &["user.*"]).await;
    let user = happen(&app, "ada").await;
    assert_eq!(
        app.server()
            .call("DELETE", &format!("/v1/users/{user}"))
            .send()
            .await
            .status,
        200
    );
    deliver(&app).await;
    let told: Vec<Value> = receiver
        .requests()
        .iter()
        .map(|one| body(one)["data"].clone())
        .collect();
    assert_eq!(told.len(), 2);
    assert!(told.contains(&json!({ "user_id": user, "erased": true })), "{told:?}");
    assert!(told.contains(&json!({ "user_id": user, "deleted": true })), "{told:?}");
    assert!(!app.contents().await.join("\n").contains("ada@example.com"));
}

async fn what_is_done_to_keys_and_sessions_is_told(engine: Engine) {
    let app = TestApp::start(engine).await;
    let receiver = Receiver::start().await.expect("a free port");
    hook(&app, &receiver.url("/"), &["key.*", "session.*"]).await;
    let plane = &app.sandbox.environment;
    let made = aboard::admin::create_server_key(app.instance(), plane, "second")
        .await
        .expect("made");
    let store = &app.instance().store;
    assert!(
        store
            .revoke_key(&app.admin(), made.key, app.now())
            .await
            .expect("revoked")
    );
    let browser = app.signed_in("ada").await;
    let user = app.user(&browser).await;
    assert!(browser.submit("/account/logout_everywhere", "").await.status < 400);
    deliver(&app).await;
    let mut told: Vec<Value> = receiver.requests().iter().map(body).collect();
    told.sort_by_key(|one| one["type"].to_string());
    let types: Vec<_> = told
        .iter()
        .map(|one| one["type"].as_str().unwrap_or_default())
        .collect();
    assert_eq!(types, ["key.created", "key.revoked", "session.revoked"]);
    assert_eq!(told[0]["data"]["key_id"], json!(made.key));
    assert!(!told[0].to_string().contains(&made.secret), "{told:?}");
    assert_eq!(told[2]["data"]["user_id"], json!(user));
}
