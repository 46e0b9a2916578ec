//! Every kind of event stands in the reference, and what is written is what stands there.

use std::collections::BTreeSet;

use aboard::domain::{Email, EventId, EventType, IdentityId, Metadata, UserId};
use aboard::store::{ImportUser, ImportUsers};
use aboard_fakes::{Answer, Receiver};
use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::codes::{EMAIL, WHATSAPP, other_than};
use crate::support::hooks::{data_of, deliver, happen, hook, text};
use crate::support::join::Person;
use crate::support::logins::Federation;
use crate::support::reference::{documents, validator};

on_both! {
    what_happens_is_what_the_reference_says,
    every_way_in_is_told,
    every_end_of_a_session_is_told,
}

#[test]
fn every_kind_is_described_with_an_example_that_fits() {
    let documents = documents("https://id.example.com");
    let users = documents
        .iter()
        .find(|document| document.name == "users")
        .expect("it is there");
    let hooks = users.json["webhooks"].as_object().expect("webhooks");
    let names: Vec<&str> = EventType::ALL.iter().map(|kind| kind.as_str()).collect();
    assert_eq!(hooks.keys().map(String::as_str).collect::<Vec<_>>(), names);
    for (name, hook) in hooks {
        let content = &hook["post"]["requestBody"]["content"]["application/json"];
        let judge = validator(users, &content["schema"], true);
        let example = &content["examples"]["usual"]["value"];
        assert!(
            judge.validate(example).is_ok(),
            "{name}: {:?}",
            judge.validate(example).err()
        );
    }
    assert!(
        documents
            .iter()
            .filter(|document| document.name != "users")
            .all(|one| one.json.get("webhooks").is_none())
    );
}

async fn what_happens_is_what_the_reference_says(engine: Engine) {
    let app = TestApp::start(engine).await;
    users_come_and_go(&app).await;
    people_log_in_and_out(&app).await;
    keys_and_webhooks_change(&app).await;
    let documents = documents("https://id.example.com");
    let users = documents
        .iter()
        .find(|document| document.name == "users")
        .expect("it is there");
    app.settled().await;
    let (mut happened, mut after) = (BTreeSet::new(), String::new());
    loop {
        let page = app.server().get(&format!("/v1/events?limit=100{after}")).await;
        for event in data_of(200, &page).as_array().expect("a list") {
            let kind = text(event, "type");
            let schema = &users.json["webhooks"][&kind]["post"]["requestBody"]["content"]["application/json"]["schema"];
            let mut body: Value = event.clone();
            body.as_object_mut().expect("an object").remove("event_id");
            let judge = validator(users, schema, true);
            assert!(
                judge.validate(&body).is_ok(),
                "{event}: {:?}",
                judge.validate(&body).err()
            );
            happened.insert(kind);
        }
        let meta = page.json()["meta"].clone();
        if meta["has_more"] == json!(false) {
            break;
        }
        after = format!("&after={}", text(&meta, "next_cursor"));
    }
    let elsewhere = ["wallet.", "transaction.", "consent."];
    let all = EventType::ALL.iter().map(|kind| kind.as_str().to_owned());
    let all: BTreeSet<_> = all
        .filter(|kind| !elsewhere.iter().any(|group| kind.starts_with(group)))
        .collect();
    let never: Vec<_> = all.difference(&happened).collect();
    assert!(never.is_empty(), "nothing writes {never:?}");
}

/// Two accounts that are joined and separated; one that is changed and erased; one that is imported.
async fn users_come_and_go(app: &TestApp) {
    let two = app.two_accounts().await;
    let person = Person::at(app, &two.url);
    person.show(app, 0, "+1234567890").await;
    person.show(app, 0, EMAIL.to).await;
    person.press("do=join").await;
    app.advance(86_400);
    person.show(app, 0, EMAIL.to).await;
    person.press("do=undo").await;
    let path = format!("/v1/users/{}", happen(app, "bob").await);
    let change = json!({ "name": "New" });
    app.server().call("PUT", &path).json(&change).send().await;
    app.server().call("DELETE", &path).send().await;
    let instance = app.instance();
    let ids = &instance.ids;
    let comer = ImportUser {
        id: None,
        new_id: UserId(ids.id()),
        external_id: None,
        email: Some((Email::parse("imported@example.com").expect("an e-mail"), false)),
        phone: None,
        name: None,
        metadata: Metadata::default(),
        suspended: false,
        created_at: app.now(),
        identities: std::array::from_fn(|_| IdentityId(ids.id())),
    };
    let call = ImportUsers {
        users: vec![comer],
        event: EventId(ids.id()),
        now: app.now(),
    };
    let scope = app.system().users_of(app.sandbox.environment.id);
    instance.store.import_users(scope, call).await.expect("imported");
}

/// By a link, a code, a wrong one, one that comes too late, an app's own word, and with a stolen refresh token.
async fn people_log_in_and_out(app: &TestApp) {
    let browser = app.signed_in("grace").await;
    app.user(&browser).await;
    browser.submit("/account/logout_everywhere", "").await;
    let shop = app.shop().await;
    let (late, wrong) = (EMAIL.with("late@example.com"), EMAIL.with("wrong@example.com"));
    late.begin(&shop).await;
    app.advance(700);
    app.app.messages.run_due().await;
    let token = wrong.begin(&shop).await;
    let code = app.code_for(wrong.to).await;
    assert_eq!(wrong.verify(&shop, &token, other_than(&code)).await.status, 401);
    let made = app.new_wallet(EMAIL.with("eve@example.com"), &shop, json!({})).await;
    let next = app.refresh(&shop, &made).await;
    app.refresh(&shop, &next).await;
    app.advance(61);
    let stolen = json!({ "refreshToken": made["refreshToken"] });
    assert_eq!(shop.post("/api/v2/wallet/refresh", &stolen).await.status, 401);
    WHATSAPP.ask(&shop.with("origin", "https://shop.example.com")).await;
}

async fn keys_and_webhooks_change(app: &TestApp) {
    let plane = &app.sandbox.environment;
    let key = aboard::admin::create_server_key(app.instance(), plane, "second")
        .await
        .expect("made");
    let store = &app.instance().store;
    store
        .revoke_key(&app.admin(), key.key, app.now())
        .await
        .expect("revoked");
    let gone = Receiver::start().await.expect("a free port");
    gone.reply_with(|_| Answer::new(410).into());
    hook(app, &gone.url("/"), &["user.*"]).await;
    happen(app, "last").await;
    deliver(app).await;
}

/// Whoever logs in is told of, however they do it, with how their log-in was born; and so is who is kept out.
async fn every_way_in_is_told(engine: Engine) {
    let at = Federation::start(engine).await;
    let app = &at.app;
    app.signed_in("grace").await;
    app.log_in(EMAIL, &at.shop).await;
    let google = json!({ "credential": at.google("1001") });
    assert_eq!(at.shop.post("/api/v2/auth/google", &google).await.status, 200);
    let user = json!({ "username": "ada", "password": "correct horse battery" });
    assert_eq!(at.shop.post("/api/v2/auth/register", &user).await.status, 200);
    assert_eq!(at.shop.post("/api/v2/auth/login", &user).await.status, 200);
    let custody = json!({ "subId": "42" });
    assert_eq!(
        at.shop.post("/api/v2/auth/register-custody", &custody).await.status,
        200
    );
    let ada = app
        .whose(&at.shop.post("/api/v2/auth/login-custody", &custody).await)
        .await;
    let store = &app.instance().store;
    let ada: UserId = ada.as_str().unwrap_or_default().parse().expect("an id");
    let environment = app.sandbox.environment.id;
    store
        .set_suspended(&app.admin(), environment, ada, true, app.now())
        .await
        .expect("done");
    assert_ne!(at.shop.post("/api/v2/auth/login-custody", &custody).await.status, 200);

    app.settled().await;
    let events = data_of(
        200,
        &app.server()
            .get("/v1/events?limit=100&types=login.*,user.created")
            .await,
    );
    let told: Vec<_> = events
        .as_array()
        .expect("a list")
        .iter()
        .map(|event| {
            let data = &event["data"];
            let of = |name: &str| data[name].as_str().unwrap_or("-").to_owned();
            format!(
                "{} {} {}{}",
                text(event, "type"),
                of("amr"),
                of("kind"),
                data["reason"].as_str().map_or(String::new(), |why| format!(" {why}"))
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "user.created - -",
            "login.succeeded partner -",
            "user.created - -",
            "login.succeeded otp email",
            "user.created - google",
            "login.succeeded federated google",
            "user.created - username",
            "login.succeeded password username",
            "login.succeeded password username",
            "user.created - custody",
            "login.succeeded custody custody",
            "login.succeeded custody custody",
            "login.refused - custody suspended",
        ]
    );
    // An app's own name of a person is a personal value.
    assert!(!events.to_string().contains("\"ada\""), "{events}");
    let grace = &events[1]["data"];
    assert!(
        grace["partner_id"].is_string() && grace["user_id"].is_string(),
        "{grace}"
    );
}

/// What ends everything that was signed in says so, and why.
async fn every_end_of_a_session_is_told(engine: Engine) {
    let app = TestApp::start(engine).await;
    // A first proof, a join, and the undo of one.
    let two = app.two_accounts().await;
    let person = Person::at(&app, &two.url);
    person.show(&app, 0, "+1234567890").await;
    person.show(&app, 0, EMAIL.to).await;
    person.press("do=join").await;
    // The back end's word, and a person's own.
    let all = app
        .server()
        .call("DELETE", &format!("/v1/users/{}/tokens", two.second))
        .send()
        .await;
    assert!(all.status < 300, "{all:?}");
    let browser = app.signed_in("grace").await;
    browser.submit("/account/logout", "").await;
    app.settled().await;
    let events = data_of(200, &app.server().get("/v1/events?types=session.revoked").await);
    let told: Vec<_> = events
        .as_array()
        .expect("a list")
        .iter()
        .map(|event| {
            let data = &event["data"];
            let whose = data["user_id"].as_str().unwrap_or_default();
            let who = if whose == two.first {
                "first"
            } else if whose == two.second {
                "second"
            } else {
                "grace"
            };
            format!("{who} {} {}", text(data, "reason"), data["session_id"].is_string())
        })
        .collect();
    assert_eq!(
        told,
        [
            "first first_proof false",
            "first joined false",
            "second joined false",
            "second log_out_everywhere false",
            "grace log_out true",
        ]
    );
}
