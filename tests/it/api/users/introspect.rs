//! `POST /v1/tokens/introspect`

use aboard::admin::{self, Allowed};
use serde_json::{Value, json};

use super::super::partner::login::{issue, token as user_key_token};
use super::tokens::{ada, path, server_of, token};
use crate::support::app::{Engine, TestApp, on_both};
use crate::support::client::{Answer, Client};
use crate::support::token::parts;

on_both! {
    a_token_that_stands_says_what_it_is,
    a_user_keys_token_stands_as_well,
    whatever_else_is_sent_is_not_active_and_nothing_more,
    a_token_of_another_environment_is_not_active,
    a_logout_everywhere_ends_tokens_to_the_microsecond,
    a_call_that_is_none_is_refused,
}

const PATH: &str = "/v1/tokens/introspect";

/// As the RFC sends it.
async fn ask(client: &Client, token: &str) -> Answer {
    let call = client
        .call("POST", PATH)
        .header("content-type", "application/x-www-form-urlencoded");
    call.body(format!("token={token}&token_type_hint=access_token"))
        .send()
        .await
}

#[track_caller]
fn assert_not_active(answer: &Answer, why: &str) {
    assert_eq!((answer.status, answer.text()), (200, "{\"active\":false}"), "{why}");
}

async fn a_token_that_stands_says_what_it_is(engine: Engine) {
    let app = TestApp::start(engine).await;
    let user = ada(&app).await;
    let token = token(&app, user).await;
    let answer = ask(&app.server(), &token).await;
    let now = app.now().as_second();
    let said = json!({
        "active": true, "token_type": "Bearer", "iss": app.app.web.tokens.issuer(app.sandbox.environment.id),
        "aud": "aboard:org-user", "sub": user, "iat": now, "exp": now + 900, "amr": "org",
    });
    assert_eq!(answer.whole(), (200, said.clone()));
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(
        app.server().post(PATH, &json!({ "token": token })).await.whole(),
        (200, said)
    );
    app.advance(899);
    assert_eq!(ask(&app.server(), &token).await.json()["active"], json!(true));
    app.advance(1);
    assert_not_active(&ask(&app.server(), &token).await, "it has ended");
}

async fn a_user_keys_token_stands_as_well(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (api_key, id) = issue(&app, "ada").await;
    let jwt = user_key_token(&app, &api_key, &id).await;
    let (_, claims, _) = parts(&jwt);
    let said = ask(&app.server(), &jwt).await.json();
    for name in ["iss", "aud", "sub", "iat", "exp", "amr", "uky", "prt"] {
        assert_eq!(said[name], claims[name], "{name}");
    }
    assert_eq!(
        (&said["active"], &said["prt"]),
        (&json!(true), &json!(app.sandbox.partner.created.partner))
    );
    app.execute("update user_keys set revoked_at = created_at").await;
    assert_not_active(&ask(&app.server(), &jwt).await, "its key is revoked");
    assert_not_active(&ask(&app.server(), &api_key).await, "a user key is no token");
}

async fn whatever_else_is_sent_is_not_active_and_nothing_more(engine: Engine) {
    let app = TestApp::start(engine).await;
    let token = token(&app, ada(&app).await).await;
    let server = app.server();
    let (signed, _) = token.rsplit_once('.').expect("a token");
    for wrong in [
        "x",
        "",
        "a.b.c",
        "..",
        signed,
        &format!("{token}x"),
        &app.sandbox.server_key,
        &"x".repeat(100_000),
    ] {
        assert_not_active(&ask(&server, wrong).await, wrong);
    }
    for status in ["suspended", "erased"] {
        app.execute(&format!("update users set status = '{status}'")).await;
        assert_not_active(&ask(&server, &token).await, status);
    }
    app.execute("update users set status = 'verified'").await;
    assert_eq!(ask(&server, &token).await.json()["active"], json!(true));
    app.execute("delete from users").await;
    assert_not_active(&ask(&server, &token).await, "nobody");
}

async fn a_token_of_another_environment_is_not_active(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (api_key, id) = issue(&app, "ada").await;
    let tokens = [
        token(&app, ada(&app).await).await,
        user_key_token(&app, &api_key, &id).await,
    ];
    for token in tokens {
        assert_eq!(ask(&app.server(), &token).await.json()["active"], json!(true));
        for plane in [&app.production, &app.stranger] {
            assert_not_active(&ask(&server_of(&app, plane), &token).await, "foreign");
        }
    }
}

async fn a_logout_everywhere_ends_tokens_to_the_microsecond(engine: Engine) {
    let app = TestApp::start(engine).await;
    let user = app.user(&app.signed_in("ada").await).await;
    let earlier = token(&app, user).await;
    let ended = app
        .server()
        .call("DELETE", &format!("/v1/users/{user}/tokens"))
        .send()
        .await;
    assert_eq!(ended.status, 200);
    assert_not_active(&ask(&app.server(), &earlier).await, "logged out everywhere");
    // A token of the same second, but after it.
    app.clock.advance(std::time::Duration::from_micros(1));
    let later = token(&app, user).await;
    assert_eq!(ask(&app.server(), &later).await.json()["active"], json!(true));
    assert_not_active(&ask(&app.server(), &earlier).await, "logged out everywhere");
}

async fn a_call_that_is_none_is_refused(engine: Engine) {
    let app = TestApp::start(engine).await;
    let token = token(&app, ada(&app).await).await;
    let send = |kind: &'static str, body: String| {
        let call = app.server().call("POST", PATH).header("content-type", kind).body(body);
        async move { call.send().await.whole() }
    };
    let form = "application/x-www-form-urlencoded";
    let code = |(status, body): (u16, Value)| (status, body["error"]["code"].as_str().expect("a code").to_owned());
    for (kind, body, expected) in [
        (form, String::new(), (400, "VALIDATION_ERROR")),
        (form, format!("tokens={token}"), (400, "VALIDATION_ERROR")),
        (form, format!("token={token}&token={token}"), (400, "MALFORMED_BODY")),
        ("application/json", "{}".to_owned(), (400, "VALIDATION_ERROR")),
        (
            "application/json",
            "{\"token\":1}".to_owned(),
            (400, "VALIDATION_ERROR"),
        ),
        ("application/json", "[]".to_owned(), (400, "MALFORMED_BODY")),
        ("text/plain", token.clone(), (415, "UNSUPPORTED_MEDIA_TYPE")),
    ] {
        let (status, slug) = code(send(kind, body.clone()).await);
        assert_eq!((status, &*slug), expected, "{kind}: {body}");
    }
    // Nobody asks without a server key, not even about one's own token; any server key may ask.
    for credential in [&token, &app.sandbox.partner.created.partner_key] {
        assert_eq!(
            ask(&app.anonymous().with("authorization", credential), &token)
                .await
                .status,
            401
        );
    }
    assert_eq!(ask(&app.anonymous(), &token).await.status, 401);
    let environment = &app.sandbox.environment;
    let kind = aboard::domain::KeyKind::Server;
    let bare = admin::create_key(
        app.instance(),
        environment,
        kind,
        environment.id.0,
        "bare",
        Allowed::default(),
    )
    .await
    .expect("made");
    let bare = app.anonymous().with("authorization", &bare.secret);
    assert_eq!(ask(&bare, &token).await.json()["active"], json!(true));
    assert_eq!(bare.post(&path("usr_x"), &json!({})).await.status, 403);
}
