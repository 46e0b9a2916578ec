//! `POST /v1/users/link`: who is somebody known, and who is not.

use aboard::domain::Code;
use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both, user};
use crate::support::users::{assert_refused, data, link, link_with, linked, person};

on_both! {
    a_phone_alone_matches_nobody_unless_it_is_proven,
    a_phone_that_two_users_share_names_neither,
    partners_users_are_never_matched_or_touched,
    somebody_elses_verified_address_asks_for_a_proof_and_says_nothing_else,
    ones_own_verified_email_stays_and_asks_for_nothing,
    an_external_id_is_kept_and_belongs_to_one_user,
}

async fn a_phone_alone_matches_nobody_unless_it_is_proven(engine: Engine) {
    let app = TestApp::start(engine).await;
    let first = linked(&app.server(), &person("ada")).await;
    let proven = link_with(&json!({ "email": "new@example.com", "name": "ada", "phone_proven": true }));
    assert_eq!(linked(&app.server(), &proven).await, first);
    // The other e-mail took the place of the first, which is free again.
    let other = linked(&app.server(), &person("ada")).await;
    assert_ne!(other, first);
    let shown = data(&app.server().get(&format!("/v1/users/{first}")).await);
    assert_eq!(shown["email"], "new@example.com");
}

async fn a_phone_that_two_users_share_names_neither(engine: Engine) {
    let app = TestApp::start(engine).await;
    let known = [
        linked(&app.server(), &person("ada")).await,
        linked(&app.server(), &person("bob")).await,
    ];
    assert_ne!(known[0], known[1]);
    let proven = link_with(&json!({ "email": "new@example.com", "phone_proven": true }));
    let third = linked(&app.server(), &proven).await;
    assert!(!known.contains(&third));
}

async fn partners_users_are_never_matched_or_touched(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut theirs = user("ada");
    theirs["phone"] = json!("+1234567890");
    assert_eq!(app.partner().post("/api/v1/external_login", &theirs).await.status, 200);
    let before = app.rows("select * from identities").await;
    let mut body = person("ada");
    body["phone_proven"] = json!(true);
    let answer = data(&link(&app.server(), &body).await);
    assert_eq!(
        (app.count("users").await, &answer["verification_required"]),
        (2, &json!(false))
    );
    for row in before {
        assert!(app.rows("select * from identities").await.contains(&row), "{row}");
    }
}

async fn somebody_elses_verified_address_asks_for_a_proof_and_says_nothing_else(engine: Engine) {
    let app = TestApp::start(engine).await;
    let owner = linked(&app.server(), &person("owner")).await;
    app.prove(&owner, "email", "taken@example.com").await;
    app.prove(&owner, "phone", "+306900000000").await;
    let free = data(&link(&app.server(), &person("free")).await);
    let by_email = data(&link(&app.server(), &person("taken")).await);
    let by_phone = person("other");
    let by_phone = data(
        &link(&app.server(), &{
            let mut body = by_phone;
            body["phone"] = json!("+306900000000");
            body
        })
        .await,
    );
    for (answer, asked) in [(&free, false), (&by_email, true), (&by_phone, true)] {
        assert_eq!(answer["verification_required"], asked);
        assert_ne!(answer["user_id"], json!(owner));
        let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(answer), names(&free));
        let path = format!("/v1/users/{}", answer["user_id"].as_str().unwrap());
        let shown = data(&app.server().get(&path).await);
        assert_eq!(shown["verification_status"]["email_verified"], false);
        assert_eq!(shown["verification_status"]["phone_verified"], false);
    }
    // In another environment nobody has proven it.
    let production = app
        .anonymous()
        .with("authorization", &format!("Bearer {}", app.production.server_key));
    assert_eq!(
        data(&link(&production, &person("taken")).await)["verification_required"],
        false
    );
}

async fn ones_own_verified_email_stays_and_asks_for_nothing(engine: Engine) {
    let app = TestApp::start(engine).await;
    let ada = linked(&app.server(), &person("ada")).await;
    app.prove(&ada, "email", "ada@example.com").await;
    app.advance(1);
    let answer = data(&link(&app.server(), &person("ada")).await);
    assert_eq!(
        (&answer["user_id"], &answer["verification_required"], &answer["status"]),
        (&json!(ada), &json!(false), &json!("verified"))
    );
    let shown = data(&app.server().get(&format!("/v1/users/{ada}")).await);
    assert_eq!(shown["verification_status"]["email_verified"], true);
}

async fn an_external_id_is_kept_and_belongs_to_one_user(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut body = person("ada");
    body["external_id"] = json!("crm-7");
    let ada = linked(&app.server(), &body).await;
    assert_eq!(linked(&app.server(), &body).await, ada);
    let path = format!("/v1/users/{ada}");
    assert_eq!(data(&app.server().get(&path).await)["external_id"], "crm-7");
    let before = app.contents().await;
    let mut other = person("bob");
    other["external_id"] = json!("crm-7");
    let answer = link(&app.server(), &other).await;
    let message = format!(
        "This external_id is that of {ada}, whom you brought with another e-mail. Change that user, or send another external_id."
    );
    assert_refused(
        &answer,
        Code::Conflict,
        &message,
        Some(json!({ "field": "external_id" })),
    );
    assert_eq!(app.contents().await, before);
    // Another id takes the place of the first, which is free then.
    body["external_id"] = json!("crm-8");
    assert_eq!(linked(&app.server(), &body).await, ada);
    assert_eq!(data(&app.server().get(&path).await)["external_id"], "crm-8");
    assert_ne!(linked(&app.server(), &other).await, ada);
}
