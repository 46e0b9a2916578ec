//! `POST /v1/users/{user_id}/tokens`

use aboard::admin::{self, Allowed};
use std::net::Ipv4Addr;

use aboard::domain::{Amr, Code, KeyKind, KeyScope, RequestId, UserId};
use aboard::web::{Context, Failure, Surface, UserToken};
use axum::extract::FromRequestParts as _;
use serde_json::{Value, json};

use super::super::partner::login;
use crate::support::app::{Engine, Plane, TestApp, on_both};
use crate::support::client::{Answer, Client};
use crate::support::token::{jose, parts};

on_both! {
    a_back_end_gets_a_token_for_its_user,
    a_published_key_verifies_it,
    its_life_may_be_chosen,
    no_token_for_a_user_that_is_not_there,
    no_token_for_a_suspended_user,
    a_key_without_the_scope_gets_none,
    a_replay_mints_another_token,
    it_opens_nothing_of_the_partner_surface,
    the_extractor_tells_whose_word_a_token_is,
}

/// A user of the sandbox, brought by its partner.
pub async fn ada(app: &TestApp) -> UserId {
    app.user(&app.signed_in("ada").await).await
}

pub fn path(user: impl std::fmt::Display) -> String {
    format!("/v1/users/{user}/tokens")
}

/// A token for a user of the sandbox.
pub async fn token(app: &TestApp, user: UserId) -> String {
    let answer = app.server().post(&path(user), &json!({})).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.json()["data"]["token"].as_str().expect("a text").to_owned()
}

pub fn server_of(app: &TestApp, plane: &Plane) -> Client {
    app.anonymous()
        .with("authorization", &format!("Bearer {}", plane.server_key))
}

#[track_caller]
fn assert_refused(answer: &Answer, status: u16, code: Code, message: &str) {
    let (found, body) = answer.whole();
    let error = json!({ "code": code.slug(), "message": message });
    assert_eq!((found, &body["error"]), (status, &error), "{body}");
    assert_eq!(body["success"], json!(false));
}

async fn a_back_end_gets_a_token_for_its_user(engine: Engine) {
    let app = TestApp::start(engine).await;
    let user = ada(&app).await;
    let before = app.contents().await;
    // No body at all, and an empty one.
    let answer = app.server().call("POST", &path(user)).send().await;
    let (status, body) = answer.whole();
    let token = body["data"]["token"].as_str().expect("a text");
    let whole = json!({
        "success": true,
        "data": { "user_id": user, "token": token, "token_type": "Bearer", "expires_at": "2027-01-15T08:15:00Z" },
        "meta": { "request_id": answer.header("x-request-id"), "timestamp": "2027-01-15T08:00:00Z" },
    });
    assert_eq!((status, &body), (201, &whole));
    assert_eq!(answer.header("cache-control"), "no-store");
    let (header, claims, _) = parts(token);
    let (now, issuer) = (app.now(), app.app.web.tokens.issuer(app.sandbox.environment.id));
    assert_eq!(
        (&header["alg"], &header["typ"]),
        (&json!("EdDSA"), &json!("aboard-org-user+jwt"))
    );
    let expected = json!({
        "iss": issuer, "aud": "aboard:org-user", "sub": user, "iat": now.as_second(), "exp": now.as_second() + 900,
        "iat_us": now.as_microsecond(), "amr": "org", "auth_time": now.as_second(),
    });
    assert_eq!(claims, expected);
    assert_eq!(app.server().post(&path(user), &json!({})).await.status, 201);
    assert_eq!(app.contents().await, before, "a token is no row");
}

async fn a_published_key_verifies_it(engine: Engine) {
    let app = TestApp::start(engine).await;
    let user = ada(&app).await;
    let token = token(&app, user).await;
    let issuer = app.app.web.tokens.issuer(app.sandbox.environment.id);
    let (audience, kind) = ("aboard:org-user", "aboard-org-user+jwt");
    let said = jose(&token, &issuer, audience, kind, app.now())
        .await
        .expect("jose takes it");
    assert_eq!(
        (&said["claims"]["sub"], &said["claims"]["amr"]),
        (&json!(user), &json!("org"))
    );
    let refused = jose(&token, &issuer, "aboard:user", kind, app.now())
        .await
        .expect_err("another audience");
    assert!(refused.contains("\"aud\""), "{refused}");
}

async fn its_life_may_be_chosen(engine: Engine) {
    let app = TestApp::start(engine).await;
    let user = ada(&app).await;
    let ask = |value: Value| {
        let (server, path) = (app.server(), path(user));
        async move { server.post(&path, &json!({ "expires_in": value, "unknown": 1 })).await }
    };
    for (asked, life) in [(json!(60), 60), (json!(3600), 3_600), (Value::Null, 900)] {
        let answer = ask(asked).await;
        let (_, claims, _) = parts(answer.json()["data"]["token"].as_str().expect("a text"));
        assert_eq!(
            claims["exp"].as_i64().expect("a number") - claims["iat"].as_i64().expect("a number"),
            life
        );
    }
    for wrong in [
        json!(59),
        json!(3601),
        json!(-1),
        json!(900.5),
        json!("900"),
        json!(u64::MAX),
        json!(true),
    ] {
        let (status, body) = ask(wrong.clone()).await.whole();
        let details = json!({ "field": "expires_in", "value": wrong });
        assert_eq!((status, &body["error"]["details"]), (400, &details), "{body}");
    }
    for (kind, status) in [
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/json", 400),
    ] {
        let call = app.server().call("POST", &path(user)).header("content-type", kind);
        assert_eq!(call.body("expires_in=900").send().await.status, status, "{kind}");
    }
}

async fn no_token_for_a_user_that_is_not_there(engine: Engine) {
    let app = TestApp::start(engine).await;
    let user = ada(&app).await;
    let ask = |client: Client, id: String| async move { client.post(&path(&id), &json!({})).await };
    let unknown = UserId(app.instance().ids.id()).to_string();
    for id in [unknown.as_str(), "ada", "usr_", &app.sandbox.environment.id.to_string()] {
        let answer = ask(app.server(), id.to_owned()).await;
        assert_refused(
            &answer,
            404,
            Code::UserNotFound,
            &format!("User with ID {id} not found"),
        );
    }
    // What is somebody else's is as if it were not there.
    for plane in [&app.production, &app.stranger] {
        let answer = ask(server_of(&app, plane), user.to_string()).await;
        assert_refused(
            &answer,
            404,
            Code::UserNotFound,
            &format!("User with ID {user} not found"),
        );
    }
    app.execute("update users set status = 'erased'").await;
    let answer = ask(app.server(), user.to_string()).await;
    assert_refused(
        &answer,
        404,
        Code::UserNotFound,
        &format!("User with ID {user} not found"),
    );
    for id in ["%00", "%FF", &"x".repeat(2_000)] {
        assert_refused(
            &ask(app.server(), id.to_owned()).await,
            404,
            Code::UserNotFound,
            Code::UserNotFound.title(),
        );
    }
}

async fn no_token_for_a_suspended_user(engine: Engine) {
    let app = TestApp::start(engine).await;
    let user = ada(&app).await;
    let (store, environment) = (&app.instance().store, app.sandbox.environment.id);
    for (suspended, status) in [(true, 409), (false, 201)] {
        let changed = store
            .set_suspended(&app.admin(), environment, user, suspended, app.now())
            .await;
        assert!(changed.expect("it answers"));
        let answer = app.server().post(&path(user), &json!({})).await;
        assert_eq!(answer.status, status, "{answer:?}");
        if suspended {
            let message = format!(
                "User with ID {user} is suspended. Let it in again first: `aboard users resume {user} --environment sandbox`."
            );
            assert_refused(&answer, 409, Code::Conflict, &message);
        }
    }
}

async fn a_key_without_the_scope_gets_none(engine: Engine) {
    let app = TestApp::start(engine).await;
    let user = ada(&app).await;
    let environment = &app.sandbox.environment;
    let key = admin::create_key(
        app.instance(),
        environment,
        KeyKind::Server,
        environment.id.0,
        "reader",
        Allowed::to(&[KeyScope::Users]),
    );
    let key = key.await.expect("made").secret;
    let reader = app.anonymous().with("authorization", &key);
    // The same for a user that is not there: the key may not even ask.
    for id in [user, UserId(app.instance().ids.id())] {
        let answer = reader.post(&path(id), &json!({})).await;
        let message = "This key lacks the scope users:token. Use one that has it: `aboard keys create --scope users:token` makes one.";
        assert_refused(&answer, 403, Code::Forbidden, message);
    }
}

async fn a_replay_mints_another_token(engine: Engine) {
    let app = TestApp::start(engine).await;
    let user = ada(&app).await;
    let ask = async |key: &str, body: Value| {
        let call = app.server().call("POST", &path(user)).header("idempotency-key", key);
        call.json(&body).send().await
    };
    let first = ask("k-1", json!({ "expires_in": 60 })).await;
    app.advance(30);
    let again = ask("k-1", json!({ "expires_in": 60 })).await;
    assert_eq!((first.status, again.status), (201, 201), "{again:?}");
    assert_eq!(
        (first.header("idempotent-replayed"), again.header("idempotent-replayed")),
        ("", "true")
    );
    let exp = |answer: &Answer| parts(answer.json()["data"]["token"].as_str().expect("a text")).1["exp"].clone();
    assert_eq!(exp(&again).as_i64(), exp(&first).as_i64().map(|end| end + 30));
    assert_eq!(ask("k-1", json!({ "expires_in": 61 })).await.status, 422);
    assert!(
        !app.contents().await.join("\n").contains("eyJ"),
        "a token is never stored"
    );
    // A user that may have none any more gets none by a replay either; one that was refused may try again.
    app.execute("update users set status = 'suspended'").await;
    assert_eq!(ask("k-1", json!({ "expires_in": 60 })).await.status, 409);
    assert_eq!(ask("k-2", json!({})).await.status, 409);
    app.execute("update users set status = 'linked'").await;
    assert_eq!(ask("k-2", json!({})).await.header("idempotent-replayed"), "");
}

async fn it_opens_nothing_of_the_partner_surface(engine: Engine) {
    let app = TestApp::start(engine).await;
    let token = token(&app, ada(&app).await).await;
    let caller = app.anonymous().with("authorization", &format!("Bearer {token}"));
    let answer = caller.get("/api/v1/tenant_details").await;
    assert_eq!(answer.status, 401, "{answer:?}");
}

/// What `GET /v1/users/me` and its like see of a caller.
async fn extracted(app: &TestApp, credential: &str) -> Result<UserToken, Failure> {
    let request = axum::http::Request::builder().header("authorization", credential);
    let (mut parts, ()) = request.body(()).expect("a request").into_parts();
    let id = RequestId(app.instance().ids.id());
    parts.extensions.insert(Context::new(
        id,
        app.now(),
        Surface::Users,
        Ipv4Addr::LOCALHOST.into(),
        None,
    ));
    UserToken::from_request_parts(&mut parts, &app.app.web).await
}

async fn the_extractor_tells_whose_word_a_token_is(engine: Engine) {
    let app = TestApp::start(engine).await;
    let user = ada(&app).await;
    let (api_key, id) = login::issue(&app, "ada").await;
    let partners = format!("Bearer {}", login::token(&app, &api_key, &id).await);
    let own = token(&app, user).await;
    let by_partner = extracted(&app, &partners).await.expect("it stands");
    let by_us = extracted(&app, &own).await.expect("it stands");
    let partner = app.sandbox.partner.created.partner;
    for (found, amr, partner) in [(&by_partner, Amr::UserKey, Some(partner)), (&by_us, Amr::Org, None)] {
        let scope = found.scope();
        assert_eq!((found.amr(), scope.user(), scope.partner()), (amr, user, partner));
        assert_eq!(scope.environment(), app.sandbox.environment.id);
    }
    assert!(matches!(by_partner, UserToken::UserKey(_)) && matches!(by_us, UserToken::Organization(_)));
    for wrong in [&api_key, &app.sandbox.server_key, &own[1..], "Bearer "] {
        assert!(
            extracted(&app, wrong)
                .await
                .is_err_and(|failure| failure.code == Code::Unauthorized),
            "{wrong}"
        );
    }
    app.execute("update users set status = 'suspended'").await;
    for gone in [&partners, &own] {
        assert!(extracted(&app, gone).await.is_err(), "{gone}");
    }
}
