//! `GET /e/{environment}/.well-known/jwks.json`

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::partner::login::{issue, token};
use crate::support::app::{Engine, TestApp, on_both};

on_both! {
    each_environment_publishes_its_own_key,
    a_published_key_checks_a_users_token,
    what_is_no_environment_is_404,
}

async fn jwks(app: &TestApp, environment: impl std::fmt::Display) -> Value {
    let answer = app
        .anonymous()
        .get(&format!("/e/{environment}/.well-known/jwks.json"))
        .await;
    assert_eq!(answer.header("cache-control"), "public, max-age=300");
    assert_eq!(answer.status, 200);
    answer.json()
}

async fn each_environment_publishes_its_own_key(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut seen = Vec::new();
    for plane in [&app.sandbox, &app.production, &app.stranger] {
        let published = jwks(&app, plane.environment.id).await;
        let key = &published["keys"][0];
        let x = key["x"].as_str().expect("a text");
        let whole = json!({ "keys": [{
            "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": key["kid"], "x": x,
        }] });
        assert_eq!(published, whole);
        assert_eq!(URL_SAFE_NO_PAD.decode(x).expect("base64url").len(), 32);
        assert!(!seen.contains(&x.to_owned()));
        seen.push(x.to_owned());
    }
}

async fn a_published_key_checks_a_users_token(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (api_key, id) = issue(&app, "ada").await;
    let jwt = token(&app, &api_key, &id).await;
    let parts: Vec<&str> = jwt.split('.').collect();
    let read = |part: &str| URL_SAFE_NO_PAD.decode(part).expect("base64url");
    let header: Value = serde_json::from_slice(&read(parts[0])).expect("JSON");
    let claims: Value = serde_json::from_slice(&read(parts[1])).expect("JSON");
    let issuer = claims["iss"].as_str().expect("an address").to_owned();
    assert_eq!(issuer, format!("{}/e/{}", app.app.url, app.sandbox.environment.id));

    let published = app
        .anonymous()
        .get(&format!("{issuer}/.well-known/jwks.json"))
        .await
        .json();
    let key = &published["keys"][0];
    assert_eq!(
        header,
        json!({ "alg": "EdDSA", "typ": "aboard-user+jwt", "kid": key["kid"] })
    );
    assert_eq!(
        (&claims["aud"], &claims["amr"]),
        (&json!("aboard:user"), &json!("user_key"))
    );
    assert_eq!(
        claims["exp"].as_i64().expect("a number") - claims["iat"].as_i64().expect("a number"),
        86_400
    );
    let public: [u8; 32] = read(key["x"].as_str().expect("a text")).try_into().expect("32 bytes");
    let signed = format!("{}.{}", parts[0], parts[1]);
    assert!(aboard_vault::verify(&public, signed.as_bytes(), &read(parts[2])));

    let other = jwks(&app, app.production.environment.id).await;
    let public: [u8; 32] = read(other["keys"][0]["x"].as_str().expect("a text"))
        .try_into()
        .expect("32 bytes");
    assert!(!aboard_vault::verify(&public, signed.as_bytes(), &read(parts[2])));
}

async fn what_is_no_environment_is_404(engine: Engine) {
    let app = TestApp::start(engine).await;
    let sandbox = app.sandbox.environment.id.to_string();
    let unknown = format!("{}0000", &sandbox[..sandbox.len() - 4]);
    for id in [
        &unknown,
        "sandbox",
        "env_",
        "%00",
        "%FF",
        &app.sandbox.partner.created.partner.to_string(),
    ] {
        let answer = app.anonymous().get(&format!("/e/{id}/.well-known/jwks.json")).await;
        assert_eq!(answer.status, 404, "{id}");
        assert!(
            answer.page().contains("ROUTE") || answer.page().contains("404"),
            "{answer:?}"
        );
    }
}
