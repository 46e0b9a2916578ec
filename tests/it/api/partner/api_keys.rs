//! `GET /api/v1/users/{partner_user_id}/api_keys`

use aboard::domain::Code;
use serde_json::json;

use crate::support::app::{Engine, TestApp, on_both, plain_refusal};

on_both! {
    the_keys_of_a_user_are_listed_newest_first,
    a_user_that_is_not_there_has_no_list,
}

async fn the_keys_of_a_user_are_listed_newest_first(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.link("ada").await;
    let list = async || app.partner().get("/api/v1/users/ada/api_keys").await;
    assert_eq!(list().await.whole(), (200, json!({ "api_keys": [] })));
    let mut made = Vec::new();
    for _ in 0..2 {
        app.advance(1);
        let issued = app.partner().post("/api/v1/users/ada/api_key", &json!({})).await.json();
        made.push(issued["api_key"].as_str().expect("a text").to_owned());
    }
    let answer = list().await;
    let keys = answer.json()["api_keys"].as_array().expect("a list").clone();
    for (shown, key) in keys.iter().zip(made.iter().rev()) {
        let hint = format!("{}…{}", &key[..12], &key[key.len() - 4..]);
        assert_eq!(shown["hint"], json!(hint));
        assert!(shown["id"].as_str().is_some_and(|id| id.starts_with("uky_")), "{shown}");
        assert!(!answer.text().contains(key), "a key is shown once");
    }
    assert_eq!(
        (keys.len(), &keys[0]["created_at"]),
        (2, &json!("2027-01-15T08:00:02Z"))
    );
}

async fn a_user_that_is_not_there_has_no_list(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.sandbox.rival.link("ada").await;
    for id in ["ada", "%00", "%FF", &"x".repeat(256)] {
        let answer = app.partner().get(&format!("/api/v1/users/{id}/api_keys")).await;
        assert_eq!(answer.whole(), plain_refusal(Code::UserNotFound), "{id}");
    }
}
