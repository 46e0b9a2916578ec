//! `GET /v1/inbox`

use aboard::domain::Code;
use serde_json::json;

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::codes::{EMAIL, WHATSAPP};
use crate::support::users::{assert_refused, data};

on_both! {
    newest_first_and_as_many_as_were_asked_for,
    production_has_none,
    what_is_asked_for_wrongly_is_named,
    it_is_kept_for_a_day,
}

async fn newest_first_and_as_many_as_were_asked_for(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    assert_eq!(data(&app.server().get("/v1/inbox").await), json!([]));
    for way in [WHATSAPP, EMAIL, WHATSAPP.with("306912345678")] {
        way.begin(&shop).await;
        app.app.messages.run_due().await;
        app.advance(1);
    }
    let all = data(&app.server().get("/v1/inbox").await);
    let shown: Vec<_> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|kept| kept["to"].as_str().unwrap())
        .collect();
    assert_eq!(shown, ["+306912345678", "ada@example.com", "+65212232422"]);
    assert_eq!(all[0]["created_at"], "2027-01-15T08:00:02Z");
    assert!(all[0]["id"].as_str().unwrap().starts_with("inb_"));
    let one = data(&app.server().get("/v1/inbox?limit=1").await);
    assert_eq!(one, json!([all[0]]));
    for to in ["65212232422", "%2B65212232422", "+65212232422", "65-212-232-422"] {
        assert_eq!(
            data(&app.server().get(&format!("/v1/inbox?to={to}")).await),
            json!([all[2]]),
            "{to}"
        );
    }
    assert_eq!(
        data(&app.server().get("/v1/inbox?to=ADA@example.com").await),
        json!([all[1]])
    );
}

async fn production_has_none(engine: Engine) {
    let app = TestApp::start(engine).await;
    let server = app.anonymous().with("authorization", &app.production.server_key);
    let message = "Production sends its messages and keeps none. Use a server key of the sandbox.";
    assert_refused(&server.get("/v1/inbox").await, Code::Forbidden, message, None);
    assert_eq!(app.anonymous().get("/v1/inbox").await.status, 401);
    assert_eq!(app.shop().await.get("/v1/inbox").await.status, 401);
}

async fn what_is_asked_for_wrongly_is_named(engine: Engine) {
    let app = TestApp::start(engine).await;
    for (query, field) in [
        ("to=nobody", "to"),
        ("to=", "to"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
    ] {
        let answer = app.server().get(&format!("/v1/inbox?{query}")).await;
        assert_eq!(
            (answer.status, &answer.json()["error"]["details"]["field"]),
            (400, &json!(field)),
            "{query}"
        );
    }
}

async fn it_is_kept_for_a_day(engine: Engine) {
    let app = TestApp::start(engine).await;
    EMAIL.begin(&app.shop().await).await;
    app.app.messages.run_due().await;
    let store = &app.instance().store;
    app.advance(86_400);
    store.sweep(app.system(), app.now()).await.unwrap();
    assert_eq!(app.count("inbox").await, 1);
    app.advance(1);
    store.sweep(app.system(), app.now()).await.unwrap();
    for table in ["inbox", "challenges", "code_sends"] {
        assert_eq!(app.count(table).await, 0, "{table}");
    }
}
