//! `GET /e/{environment}/.well-known/jwks.json` and `GET /.well-known/oauth-authorization-server/e/{environment}`

use aboard::admin::{self, AdminCommand, SigningAlgorithm};
use aboard::domain::{SigningPurpose, UserId};
use aboard::store::SigningKeyRotation;
use aboard::tokens::{OrganizationClaims, Tokens, UserTokenClaims};
use aboard_vault::Algorithm;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::partner::login::{issue, token};
use super::users::tokens;
use crate::support::app::{Engine, TestApp, on_both};
use crate::support::token::{jose, parts};

on_both! {
    each_environment_publishes_its_own_key,
    a_published_key_checks_a_users_token,
    jose_verifies_all_three_algorithms_while_keys_overlap,
    an_old_key_is_gone_when_its_overlap_is_over,
    a_copy_of_the_keys_does_not_outlive_them,
    another_node_learns_of_a_new_key_from_its_token,
    strangers_cannot_make_a_node_read_its_keys_over_and_over,
    private_keys_are_not_published,
    an_issuer_says_where_its_keys_are,
    what_is_no_environment_is_404,
    a_page_of_any_origin_may_read_them,
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

/// Rotates the sandbox's key as `aboard keys signing rotate` does through the socket.
async fn rotate(app: &TestApp, algorithm: SigningAlgorithm, overlap_seconds: u32) -> String {
    let made = rotate_elsewhere(app, algorithm, overlap_seconds).await;
    app.app
        .web
        .tokens
        .load(app.instance())
        .await
        .expect("the keys are read");
    made
}

/// The same by another node: this one is not told.
async fn rotate_elsewhere(app: &TestApp, algorithm: SigningAlgorithm, overlap_seconds: u32) -> String {
    let command = AdminCommand::RotateSigningKey {
        environment: app.sandbox.environment.id.to_string(),
        algorithm: Some(algorithm),
        overlap_seconds,
    };
    let made = admin::execute(app.instance(), command).await.expect("rotated");
    made["id"].as_str().expect("a text").to_owned()
}

fn kid(token: &str) -> String {
    parts(token).0["kid"].as_str().expect("a text").to_owned()
}

async fn published(app: &TestApp) -> (Vec<String>, String) {
    let path = format!("/e/{}/.well-known/jwks.json", app.sandbox.environment.id);
    let answer = app.anonymous().get(&path).await;
    let keys = answer.json()["keys"].as_array().expect("a list").clone();
    let kids = keys.iter().map(|key| key["kid"].as_str().expect("a text").to_owned());
    (kids.collect(), answer.header("cache-control").to_owned())
}

async fn jose_verifies_all_three_algorithms_while_keys_overlap(engine: Engine) {
    let app = TestApp::start(engine).await;
    let user = tokens::ada(&app).await;
    let (api_key, id) = issue(&app, "ada").await;
    let mut made = vec![(tokens::token(&app, user).await, "EdDSA".to_owned())];
    for algorithm in [
        SigningAlgorithm::Rs256,
        SigningAlgorithm::Es256,
        SigningAlgorithm::EdDsa,
    ] {
        app.advance(1);
        let new = rotate(&app, algorithm, 3_600).await;
        let token = tokens::token(&app, user).await;
        assert_eq!(kid(&token), new, "the new key signs at once");
        let name = parts(&token).0["alg"].as_str().expect("a text").to_owned();
        made.push((token, name));
    }
    let names: Vec<_> = made.iter().map(|(_, name)| &**name).collect();
    assert_eq!(names, ["EdDSA", "RS256", "ES256", "EdDSA"]);
    assert_eq!(
        published(&app).await.0,
        made.iter().map(|(token, _)| kid(token)).collect::<Vec<_>>()
    );
    let issuer = app.app.web.tokens.issuer(app.sandbox.environment.id);
    for (token, name) in &made {
        let said = jose(token, &issuer, "aboard:org-user", "aboard-org-user+jwt", app.now()).await;
        let said = said.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(
            (&said["header"]["alg"], &said["claims"]["sub"]),
            (&json!(name), &json!(user))
        );
        let asked = app
            .server()
            .post("/v1/tokens/introspect", &json!({ "token": token }))
            .await;
        assert_eq!(asked.json()["active"], json!(true), "{name}");
        let elsewhere = app.app.web.tokens.issuer(app.production.environment.id);
        let refused = jose(token, &elsewhere, "aboard:org-user", "aboard-org-user+jwt", app.now()).await;
        assert!(refused.is_err_and(|said| said.contains("JWKSNoMatchingKey")), "{name}");
    }
    let jwt = token(&app, &api_key, &id).await;
    let said = jose(&jwt, &issuer, "aboard:user", "aboard-user+jwt", app.now())
        .await
        .expect("jose takes it");
    assert_eq!(said["claims"]["amr"], json!("user_key"));
}

async fn an_old_key_is_gone_when_its_overlap_is_over(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (api_key, id) = issue(&app, "ada").await;
    let old = token(&app, &api_key, &id).await;
    let new = rotate(&app, SigningAlgorithm::Es256, 3_600).await;
    let details = async |jwt: &str| {
        let caller = app.anonymous().with("authorization", &format!("Bearer {jwt}"));
        caller.get("/api/v1/tenant_details").await.status
    };
    app.advance(3_599);
    assert_eq!(
        (details(&old).await, published(&app).await.0),
        (200, vec![kid(&old), new.clone()])
    );
    // A later rotation does not let it live longer.
    let newest = rotate(&app, SigningAlgorithm::EdDsa, 86_400).await;
    app.advance(1);
    assert_eq!(
        (details(&old).await, published(&app).await.0),
        (401, vec![new.clone(), newest.clone()])
    );
    let issuer = app.app.web.tokens.issuer(app.sandbox.environment.id);
    let refused = jose(&old, &issuer, "aboard:user", "aboard-user+jwt", app.now())
        .await
        .expect_err("its key is gone");
    assert!(refused.contains("JWKSNoMatchingKey"), "{refused}");
    // The same after a fresh start.
    app.app
        .web
        .tokens
        .load(app.instance())
        .await
        .expect("the keys are read");
    assert_eq!((details(&old).await, published(&app).await.0), (401, vec![new, newest]));
    // No overlap ends every other key at once.
    let last = rotate(&app, SigningAlgorithm::EdDsa, 0).await;
    assert_eq!(published(&app).await.0, [last]);
}

async fn a_copy_of_the_keys_does_not_outlive_them(engine: Engine) {
    let app = TestApp::start(engine).await;
    assert_eq!(published(&app).await.1, "public, max-age=300");
    rotate(&app, SigningAlgorithm::Es256, 400).await;
    for (seconds, max_age) in [(0, 300), (99, 300), (1, 300), (1, 299), (298, 1), (1, 300)] {
        app.advance(seconds);
        assert_eq!(published(&app).await.1, format!("public, max-age={max_age}"));
    }
}

async fn another_node_learns_of_a_new_key_from_its_token(engine: Engine) {
    let app = TestApp::start(engine).await;
    let user = tokens::ada(&app).await;
    let node = Tokens::new(&app.app.url);
    node.load(app.instance()).await.expect("the keys are read");
    rotate(&app, SigningAlgorithm::Es256, 3_600).await;
    let token = tokens::token(&app, user).await;
    let environment = app.sandbox.environment.id;
    let known = |node: &Tokens| node.published(environment, app.now()).expect("it is there").keys.len();
    assert_eq!(known(&node), 1);
    // All who bring it at once pass, not the first alone.
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (node, instance, token, now) = (node.clone(), app.instance().clone(), token.clone(), app.now());
        callers.spawn(async move { node.read_user_token(&instance, &token, now).await });
    }
    for read in callers.join_all().await {
        assert!(matches!(read, Some(UserTokenClaims::Organization(read)) if read.subject == user));
    }
    assert_eq!(known(&node), 2);
    // A node that has not read anything at all.
    let fresh = Tokens::new(&app.app.url);
    assert!(fresh.read_user_token(app.instance(), &token, app.now()).await.is_some());
}

async fn strangers_cannot_make_a_node_read_its_keys_over_and_over(engine: Engine) {
    let app = TestApp::start(engine).await;
    let user = tokens::ada(&app).await;
    let (node, ahead) = (Tokens::new(&app.app.url), Tokens::new(&app.app.url));
    node.load(app.instance()).await.expect("the keys are read");
    let made = async || {
        rotate_elsewhere(&app, SigningAlgorithm::EdDsa, 3_600).await;
        ahead.load(app.instance()).await.expect("the keys are read");
        let (now, life) = (app.now(), SignedDuration::from_hours(1));
        let signed = ahead.sign(
            app.sandbox.environment.id,
            user,
            OrganizationClaims::new(now),
            life,
            now,
        );
        signed.expect("it has a key").token
    };
    let read = async |token: &str| node.read_user_token(app.instance(), token, app.now()).await.is_some();
    assert!(read(&made().await).await);
    let token = made().await;
    assert!(!read(&token).await, "it has just looked");
    app.clock.advance(std::time::Duration::from_millis(999));
    assert!(!read(&token).await, "it has just looked");
    app.clock.advance(std::time::Duration::from_millis(1));
    assert!(read(&token).await);
}

async fn private_keys_are_not_published(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (instance, environment) = (app.instance(), app.sandbox.environment.id);
    let (before, token) = (
        published(&app).await,
        tokens::token(&app, tokens::ada(&app).await).await,
    );
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256] {
        let rotation = SigningKeyRotation {
            environment,
            purpose: SigningPurpose::Private,
            algorithm,
            key: admin::new_signing_key(instance, environment, algorithm).expect("made"),
            until: app.now() + SignedDuration::from_hours(1),
        };
        let stored = instance
            .store
            .rotate_signing_key(&app.admin(), rotation, app.now())
            .await;
        assert!(stored.expect("it answers"));
    }
    app.app.web.tokens.load(instance).await.expect("the keys are read");
    assert_eq!(published(&app).await, before);
    let listed = AdminCommand::ListSigningKeys {
        environment: Some(environment.to_string()),
    };
    let listed = admin::execute(instance, listed).await.expect("listed");
    assert_eq!(listed["signing_keys"].as_array().map(Vec::len), Some(1));
    // And they sign no user's token: the published key goes on doing that.
    let user: UserId = parts(&token).1["sub"].as_str().expect("a text").parse().expect("an id");
    assert_eq!(kid(&tokens::token(&app, user).await), before.0[0]);
}

async fn an_issuer_says_where_its_keys_are(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (url, environment) = (&app.app.url, app.sandbox.environment.id);
    let answer = app
        .anonymous()
        .get(&format!("/.well-known/oauth-authorization-server/e/{environment}"))
        .await;
    let document = json!({
        "issuer": format!("{url}/e/{environment}"),
        "jwks_uri": format!("{url}/e/{environment}/.well-known/jwks.json"),
        "introspection_endpoint": format!("{url}/v1/tokens/introspect"),
        "introspection_endpoint_auth_methods_supported": ["Bearer"],
        "response_types_supported": [],
        "grant_types_supported": [],
    });
    assert_eq!(answer.whole(), (200, document.clone()));
    assert_eq!(answer.header("cache-control"), "public, max-age=300");
    let keys = document["jwks_uri"].as_str().expect("a text");
    assert_eq!(app.anonymous().get(keys).await.status, 200);
    let answer = app
        .anonymous()
        .get("/.well-known/oauth-authorization-server/e/env_x")
        .await;
    assert_eq!(answer.status, 404);
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
        let (status, body) = answer.whole();
        assert_eq!(
            (status, &body["success"], &body["error"]["code"]),
            (404, &json!(false), &json!("ROUTE_NOT_FOUND")),
            "{id}"
        );
    }
}

async fn a_page_of_any_origin_may_read_them(engine: Engine) {
    let app = TestApp::start(engine).await;
    let environment = app.sandbox.environment.id;
    for path in [
        format!("/e/{environment}/.well-known/jwks.json"),
        format!("/.well-known/oauth-authorization-server/e/{environment}"),
        "/e/env_x/.well-known/jwks.json".to_owned(),
    ] {
        let call = app.anonymous().call("GET", &path);
        let answer = call.header("origin", "https://anybody.example.com").send().await;
        assert_eq!(answer.all("access-control-allow-origin"), ["*"], "{path}");
        assert_eq!(answer.header("cross-origin-resource-policy"), "cross-origin");
        // They cost nobody's limit.
        assert_eq!(answer.header("ratelimit"), "");
    }
}
