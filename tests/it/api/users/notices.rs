//! People are told, at the addresses that they have proven, when something changes that concerns them.

use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::codes::EMAIL;
use crate::support::users::{data, link, link_with, linked, person};
use crate::support::wallets::{bearer, data_of, text};

on_both! {
    a_new_address_is_told_to_the_old_one_that_is_proven,
    what_nobody_has_proven_is_told_nothing,
    a_further_proof_is_told_to_the_older_ones,
    a_wallet_that_moved_is_told_to_whoever_had_it,
    an_erasure_takes_what_is_on_its_way,
}

const ADA: &str = "ada@example.com";
const PHONE: &str = "+1234567890";

/// The notices in the sandbox's inbox for somebody, as their subjects or texts.
async fn notices(app: &TestApp, to: &str) -> Vec<Value> {
    app.app.messages.run_due().await;
    let kept = app.inbox(to).await;
    let notices = kept
        .as_array()
        .into_iter()
        .flatten()
        .filter(|kept| kept["code"].is_null());
    notices.cloned().collect()
}

/// A user that the back end brought and who has proven the e-mail.
async fn proven(app: &TestApp) -> String {
    let user = linked(&app.server(), &person("ada")).await;
    assert_eq!(app.verify(&user, "email", ADA).await.status, 200);
    app.advance(1);
    user
}

async fn a_new_address_is_told_to_the_old_one_that_is_proven(engine: Engine) {
    let app = TestApp::start(engine).await;
    let user = proven(&app).await;
    assert_eq!(
        notices(&app, ADA).await,
        [json!(null); 0],
        "a first proof is no news to anybody"
    );
    let put = async |fields: Value| {
        let call = app.server().call("PUT", &format!("/v1/users/{user}"));
        data(&call.json(&fields).send().await)
    };
    put(json!({ "email": "new@example.com", "name": "Ada" })).await;
    let told = notices(&app, ADA).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["channel"], "email");
    assert_eq!(told[0]["subject"], "Your contact details at Northwind were changed");
    let words = told[0]["text"].as_str().unwrap();
    assert!(
        words.contains("goes on logging you in") && words.contains("tell Northwind at once"),
        "{words}"
    );
    assert!(
        !words.contains("new@example.com"),
        "whoever reads the old one need not learn the new one"
    );
    assert_eq!(notices(&app, "new@example.com").await.len(), 0);
    // The same again, another name, another phone: nothing of that is about the e-mail.
    put(json!({ "email": "new@example.com", "phone": "+1987654321" })).await;
    put(json!({ "name": "Grace" })).await;
    assert_eq!(notices(&app, ADA).await.len(), 1);
    // The old one logs in until the new one is proven.
    app.advance(60);
    let token = app.log_in(EMAIL, &app.shop().await).await;
    assert_eq!(app.me(&token).await.json()["data"]["user_id"], json!(user));
    let happened = app
        .rows("select count(*) from events where type = 'message.delivered' and user_id is not null")
        .await;
    assert_ne!(happened, ["0"]);
}

async fn what_nobody_has_proven_is_told_nothing(engine: Engine) {
    let app = TestApp::start(engine).await;
    linked(&app.server(), &person("ada")).await;
    let again = link_with(&json!({ "email": ADA, "name": "ada", "phone": "+1987654321" }));
    assert_eq!(link(&app.server(), &again).await.status, 200);
    for to in [ADA, PHONE, "+1987654321"] {
        assert_eq!(notices(&app, to).await.len(), 0, "{to}");
    }
    assert_eq!(app.count("messages").await, 0);
}

async fn a_further_proof_is_told_to_the_older_ones(engine: Engine) {
    let app = TestApp::start(engine).await;
    let user = proven(&app).await;
    app.confirm(&user, "sms", PHONE, ADA).await;
    let told = notices(&app, ADA).await;
    assert_eq!(told.len(), 1);
    assert_eq!(
        told[0]["subject"],
        "Another address logs in to your account at Northwind"
    );
    assert_eq!(notices(&app, PHONE).await.len(), 0, "whoever has just proven it knows");
    // A phone that is proven is told of another one by SMS.
    app.advance(60);
    let another = link_with(&json!({ "email": ADA, "name": "ada", "phone": "+1987654321" }));
    assert_eq!(link(&app.server(), &another).await.status, 200);
    let told = notices(&app, PHONE).await;
    assert_eq!(told.len(), 1);
    assert_eq!(
        (&told[0]["channel"], &told[0]["subject"]),
        (&json!("sms"), &Value::Null)
    );
    assert_eq!(
        told[0]["text"],
        "Your contact details at Northwind were changed. If this was not you, tell Northwind at once."
    );
}

async fn a_wallet_that_moved_is_told_to_whoever_had_it(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let made = app.new_wallet(EMAIL, &shop, json!({})).await;
    let other = EMAIL.with("bob@example.com");
    let access = text(&app.enter(other, &shop).await, "accessToken");
    let file = json!({ "file": made["secret0"] });
    data_of(&bearer(&shop, &access).post("/api/v2/account/recover", &file).await);
    let told = notices(&app, ADA).await;
    assert_eq!(told.len(), 1);
    assert_eq!(
        told[0]["subject"],
        "Your wallet at Northwind was moved to another log-in"
    );
    assert_eq!(notices(&app, other.to).await.len(), 0);
}

async fn an_erasure_takes_what_is_on_its_way(engine: Engine) {
    let app = TestApp::start(engine).await;
    let user = proven(&app).await;
    let path = format!("/v1/users/{user}");
    let change = json!({ "email": "new@example.com" });
    assert_eq!(app.server().call("PUT", &path).json(&change).send().await.status, 200);
    assert_eq!(
        app.count("messages where notice is not null and sealed is not null")
            .await,
        1
    );
    assert_eq!(app.server().call("DELETE", &path).send().await.status, 200);
    assert_eq!(app.count("messages").await + app.count("jobs").await, 0);
    assert_eq!(app.app.messages.run_due().await, 0);
}
