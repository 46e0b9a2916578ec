//! `DELETE /v1/users/{user_id}`.

use aboard::domain::UserId;
use serde_json::json;

use crate::support::app::{Engine, TestApp, login_url, on_both, user, user_with};
use crate::support::client::Answer;
use crate::support::codes::EMAIL;
use crate::support::store::race;
use crate::support::users::{assert_unknown, data, linked, person};
use crate::support::wallets::{bearer, claims, data_of, text};

on_both! {
    a_deleted_user_is_gone_and_its_name_is_free,
    every_credential_of_a_partners_user_ends_at_once,
    nothing_that_names_the_person_is_left,
    a_key_that_was_not_delivered_is_erased_with_its_job,
    of_many_deletions_one_is_answered,
    what_a_partner_wrote_for_the_person_is_gone,
    others_stay_as_they_are,
    a_recovery_file_ends_with_the_user,
}

async fn delete(app: &TestApp, id: &str) -> Answer {
    app.server().call("DELETE", &format!("/v1/users/{id}")).send().await
}

async fn a_deleted_user_is_gone_and_its_name_is_free(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut body = person("ada");
    body["external_id"] = json!("crm-7");
    let id = linked(&app.server(), &body).await;
    app.prove(&id, "email", "ada@example.com").await;
    assert_eq!(
        data(&delete(&app, &id).await),
        json!({ "user_id": id, "deleted": true })
    );
    let path = format!("/v1/users/{id}");
    assert_unknown(&app.server().get(&path).await, &id);
    assert_unknown(&delete(&app, &id).await, &id);
    let put = app.server().call("PUT", &path).json(&json!({ "name": "x" }));
    assert_unknown(&put.send().await, &id);
    let again = data(&app.server().post("/v1/users/link", &body).await);
    assert_ne!(again["user_id"], json!(id));
    assert_eq!(again["verification_required"], false);
}

async fn every_credential_of_a_partners_user_ends_at_once(engine: Engine) {
    let app = TestApp::start(engine).await;
    let browser = app.signed_in("ada").await;
    let id = app.user(&browser).await.to_string();
    let unused = app.link("ada").await;
    let key = app.partner().post("/api/v1/users/ada/api_key", &json!({})).await;
    let log_in = json!({ "api_key": key.json()["api_key"], "email": "ada@example.com" });
    let token = app.anonymous().post("/api/v1/login", &log_in).await;
    let token = token.json()["data"]["attributes"]["jwt"].as_str().unwrap().to_owned();
    let holder = app.anonymous().with("authorization", &format!("Bearer {token}"));
    assert_eq!(holder.get("/api/v1/tenant_details").await.status, 200);

    assert_eq!(delete(&app, &id).await.status, 200);
    assert!(!browser.get("/account").await.text().contains(&id));
    assert_ne!(app.browser().submit(&unused, "").await.status, 303);
    assert_eq!(holder.get("/api/v1/tenant_details").await.status, 401);
    assert_eq!(holder.get("/v1/users/me").await.status, 401);
    assert_eq!(app.anonymous().post("/api/v1/login", &log_in).await.status, 401);
    let check = json!({ "partner_user_id": "ada" });
    assert_eq!(
        app.partner().post("/api/v1/embedded_check_user", &check).await.status,
        404
    );
    // For the partner it is somebody new.
    let anew = app.browser();
    assert_eq!(anew.submit(&app.link("ada").await, "").await.status, 303);
    assert_ne!(app.user(&anew).await.to_string(), id);
}

async fn nothing_that_names_the_person_is_left(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut body = person("marker");
    body["metadata"] = json!({ "note": "marker" });
    body["external_id"] = json!("marker");
    body["phone"] = json!("+306999999999");
    let call = app
        .server()
        .call("POST", "/v1/users/link")
        .header("idempotency-key", "k");
    let id = data(&call.json(&body).send().await)["user_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let change = json!({ "email": "marker2@example.com" });
    let put = app.server().call("PUT", &format!("/v1/users/{id}")).json(&change);
    assert_eq!(put.send().await.status, 200);
    let everything = async || app.contents().await.concat();
    let found = |text: &str| text.contains("marker") || text.contains("6d61726b6572") || text.contains("306999999999");
    assert!(found(&everything().await));
    assert_eq!(delete(&app, &id).await.status, 200);
    let left: Vec<_> = app.contents().await.into_iter().filter(|row| found(row)).collect();
    assert_eq!(left, [""; 0]);
    let events = app
        .rows("select type from events where type like 'user.%' order by seq")
        .await
        .concat();
    assert!(events.contains("user.linked") && events.contains("user.updated") && events.contains("user.deleted"));
}

async fn a_key_that_was_not_delivered_is_erased_with_its_job(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut ids = Vec::new();
    for name in ["ada", "bob"] {
        let call = user_with(name, &json!({ "webhook_endpoint": "https://example.com/hook" }));
        let answer = app.partner().post("/api/v1/external_login", &call).await;
        let browser = app.browser();
        assert_eq!(browser.submit(&login_url(&answer), "").await.status, 303);
        ids.push(app.user(&browser).await.to_string());
    }
    assert_eq!(
        (
            app.count("jobs").await,
            app.count("deliveries where sealed_body is not null").await
        ),
        (2, 2)
    );
    assert_eq!(delete(&app, &ids[0]).await.status, 200);
    assert_eq!(
        (
            app.count("jobs").await,
            app.count("deliveries where sealed_body is not null").await
        ),
        (1, 1)
    );
    assert_eq!(app.count("deliveries where state = 'given_up'").await, 1);
    assert_eq!(app.count("user_keys where revoked_at is not null").await, 1);
}

async fn what_a_partner_wrote_for_the_person_is_gone(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut ids = Vec::new();
    for name in ["marker", "bob"] {
        let hook = format!("https://example.com/hook?of={name}");
        let call = user_with(
            name,
            &json!({ "webhook_endpoint": hook, "state": format!("state-{name}") }),
        );
        let answer = app.partner().post("/api/v1/external_login", &call).await;
        let browser = app.browser();
        assert_eq!(browser.submit(&login_url(&answer), "").await.status, 303);
        ids.push(app.user(&browser).await.to_string());
        // A link that nobody has clicked.
        app.partner().post("/api/v1/external_login", &call).await;
    }
    // One of the deliveries has arrived, with a complaint on the way.
    app.execute("update deliveries set state = 'delivered', last_error = 'marker' where url like '%marker'")
        .await;
    assert_eq!(delete(&app, &ids[0]).await.status, 200);
    let found: Vec<_> = app
        .contents()
        .await
        .into_iter()
        .filter(|row| row.contains("marker"))
        .collect();
    assert_eq!(found, [""; 0]);
    assert_eq!(app.count("login_links where state = 'state-bob'").await, 2);
    assert_eq!(app.count("deliveries where url like '%bob'").await, 1);
}

async fn of_many_deletions_one_is_answered(engine: Engine) {
    let app = TestApp::start(engine).await;
    let id = linked(&app.server(), &person("ada")).await;
    let (server, path) = (app.server(), format!("/v1/users/{id}"));
    let mut statuses = race(10, |_| {
        let call = server.call("DELETE", &path);
        async move { call.send().await.status }
    })
    .await;
    statuses.sort_unstable();
    assert_eq!((statuses[0], &statuses[1..]), (200, &[404; 9][..]));
    assert_eq!(app.count("events where type = 'user.deleted'").await, 1);
}

async fn others_stay_as_they_are(engine: Engine) {
    let app = TestApp::start(engine).await;
    let ada = app.user(&app.signed_in("ada").await).await;
    app.partner().post("/api/v1/external_login", &user("bob")).await;
    linked(&app.server(), &person("carol")).await;
    let of_others = async || -> Vec<String> {
        let ada = match engine {
            Engine::Sqlite => ada
                .0
                .into_bytes()
                .iter()
                .map(u8::to_string)
                .collect::<Vec<_>>()
                .join(", "),
            Engine::Postgres => ada.0.to_string(),
        };
        let rows = app.contents().await.into_iter();
        rows.filter(|row| !row.contains(&ada) && !row.contains("user.deleted"))
            .collect()
    };
    let before = of_others().await;
    assert!(before.len() > 8, "{before:?}");
    let id = UserId(ada.0).to_string();
    assert_eq!(delete(&app, &id).await.status, 200);
    assert_eq!(of_others().await, before);
}

async fn a_recovery_file_ends_with_the_user(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let ada = app.new_wallet(EMAIL, &shop, json!({})).await;
    let link = text(&ada, "secret0Link");
    let link = link.strip_prefix(&app.app.url).expect("an address of ours");
    let bob = EMAIL.with("bob@example.com");
    let made = app.new_wallet(bob, &shop, json!({ "isCustodian": false })).await;
    let unlocked = bearer(&shop, &text(&app.refresh(&shop, &made).await, "walletToken"));
    let half = json!({ "secret": made["secret0"] });
    data_of(&unlocked.post("/api/v2/wallet/unlock", &half).await);
    assert_ne!(app.count("riding_halves").await, 0);
    assert_eq!(app.anonymous().get(link).await.status, 200);
    for wallet in [&ada, &made] {
        let user = text(&claims(&text(wallet, "walletToken")), "uid");
        assert_eq!(delete(&app, &user).await.status, 200);
    }
    assert_eq!(app.anonymous().get(link).await.status, 404);
    assert_eq!(
        (app.count("riding_halves").await, app.count("secret_links").await),
        (0, 0)
    );
}
