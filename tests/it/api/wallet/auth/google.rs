//! `POST /api/v{1,2}/auth/google`

use aboard::domain::Provider;
use aboard_fakes::{Answer as Reply, Issuer};
use serde_json::{Value, json};

use crate::support::app::{Engine, on_both};
use crate::support::client::{Answer, Client};
use crate::support::logins::{CLIENT_ID, Federation, access, refusal_of};
use crate::support::store::race;
use crate::support::token::parts;

on_both! {
    a_first_log_in_makes_a_user_and_a_second_finds_it,
    a_token_works_once,
    of_two_who_present_one_token_at_once_one_is_in,
    whatever_is_wrong_is_one_answer,
    a_forged_signature_and_another_algorithm_are_refused,
    a_nonce_has_to_be_the_tokens,
    keys_are_kept_and_read_again_when_they_change,
    a_google_that_is_down_takes_no_log_in_away,
    an_access_token_is_good_for_its_own_client_alone,
    an_app_without_a_client_id_is_told_so,
    the_subject_is_one_apps_alone,
}

pub async fn google(shop: &Client, body: &Value) -> Answer {
    shop.post("/api/v2/auth/google", body).await
}

async fn with(shop: &Client, credential: &str) -> Answer {
    google(shop, &json!({ "credential": credential })).await
}

async fn a_first_log_in_makes_a_user_and_a_second_finds_it(engine: Engine) {
    let at = Federation::start(engine).await;
    let answer = with(&at.shop, &at.google("1001")).await;
    let token = access(&answer);
    let expected = json!({
        "status": 200, "message": "Login success", "data": { "isWalletCreated": false, "accessToken": token },
    });
    assert_eq!(answer.whole(), (200, expected));
    let (_, claims, _) = parts(&token);
    assert_eq!(
        (&claims["amr"], &claims["provider"]),
        (&json!("federated"), &json!("google"))
    );
    // What Google says of an address, nobody has proven here.
    assert_eq!(claims.get("email"), None);
    let me = at.app.me(&token).await.json()["data"].clone();
    assert_eq!((&me["status"], &me["email"]), (&json!("verified"), &Value::Null));
    at.app.advance(60);
    let body = json!({ "credential": at.google("1001"), "expiredDate": "2030-01-31" });
    let again = at.shop.post("/api/v1/auth/google", &body).await;
    assert_eq!(at.app.whose(&again).await, me["user_id"]);
    assert_ne!(
        at.app.whose(&with(&at.shop, &at.google("1002")).await).await,
        me["user_id"]
    );
}

async fn a_token_works_once(engine: Engine) {
    let at = Federation::start(engine).await;
    let token = at.google("1001");
    access(&with(&at.shop, &token).await);
    refusal_of(&with(&at.shop, &token).await, 401);
    // However its signature is written.
    refusal_of(&with(&at.shop, &format!("{token}=")).await, 401);
}

async fn of_two_who_present_one_token_at_once_one_is_in(engine: Engine) {
    let at = Federation::start(engine).await;
    let token = at.google("1001");
    let answers = race(6, |_| {
        let (shop, token) = (at.shop.clone(), token.clone());
        async move { with(&shop, &token).await.status }
    });
    let mut answers = answers.await;
    answers.sort_unstable();
    assert_eq!(answers, [200, 401, 401, 401, 401, 401]);
}

/// The claims of Google with others put over them; `null` takes one away.
fn claims(at: &Federation, changes: &Value) -> Value {
    let mut claims = Issuer::google_claims(CLIENT_ID, "1001", "ada@example.com", at.now());
    for (name, value) in changes.as_object().expect("an object") {
        if value.is_null() {
            claims.as_object_mut().expect("an object").remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

async fn whatever_is_wrong_is_one_answer(engine: Engine) {
    let at = Federation::start(engine).await;
    let now = at.now();
    let refused = with(&at.shop, "x").await.whole();
    assert_eq!(refused.0, 401, "{refused:?}");
    for changes in [
        json!({ "aud": "another.apps.example.com" }),
        json!({ "aud": [CLIENT_ID, "another.apps.example.com"] }),
        json!({ "aud": null }),
        json!({ "iss": "https://accounts.example.com" }),
        json!({ "iss": null }),
        json!({ "exp": now }),
        json!({ "exp": null }),
        json!({ "exp": "never" }),
        json!({ "iat": now - 601 }),
        json!({ "iat": now + 61 }),
        json!({ "iat": null }),
        json!({ "nbf": now + 61 }),
        json!({ "sub": "" }),
        json!({ "sub": 7 }),
        json!({ "sub": null }),
        json!({ "sub": "x".repeat(256) }),
    ] {
        let token = at.issuer.sign(&claims(&at, &changes));
        assert_eq!(with(&at.shop, &token).await.whole(), refused, "{changes}");
    }
    let good = at.google("1001");
    for token in [
        "",
        ".",
        "..",
        &good[1..],
        &good[..good.len() - 3],
        &format!("{good}.{good}"),
        &"x".repeat(9_000),
    ] {
        assert_eq!(with(&at.shop, token).await.whole(), refused, "{token}");
    }
    // A suspended person's sign-in is answered like any other.
    access(&with(&at.shop, &good).await);
    at.app.execute("update users set status = 'suspended'").await;
    at.app.advance(1);
    assert_eq!(with(&at.shop, &at.google("1001")).await.whole(), refused);
    assert_eq!(at.app.count("users").await, 1);
    for body in [json!({}), json!({ "credential": null }), json!({ "credential": 7 })] {
        assert!(
            refusal_of(&google(&at.shop, &body).await, 400).contains("credential"),
            "{body}"
        );
    }
}

async fn a_forged_signature_and_another_algorithm_are_refused(engine: Engine) {
    let at = Federation::start(engine).await;
    let stranger = Issuer::start().await.unwrap();
    let claims = claims(&at, &json!({}));
    // The same name of the key, another key.
    refusal_of(&with(&at.shop, &stranger.sign(&claims)).await, 401);
    for header in [
        json!({ "alg": "none", "kid": "fake-key-1" }),
        json!({ "alg": "HS256", "kid": "fake-key-1" }),
        json!({ "alg": "RS512", "kid": "fake-key-1" }),
        json!({ "alg": "RS256" }),
        json!({ "alg": "RS256", "kid": "fake-key-1", "crit": ["x"] }),
    ] {
        let token = at.issuer.sign_with_header(&header, &claims);
        refusal_of(&with(&at.shop, &token).await, 401);
    }
    let (signed, _) = at
        .google("1001")
        .rsplit_once('.')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    refusal_of(&with(&at.shop, &format!("{signed}.")).await, 401);
    assert_eq!(at.app.count("users").await, 0);
}

async fn a_nonce_has_to_be_the_tokens(engine: Engine) {
    let at = Federation::start(engine).await;
    for (said, nonce, status) in [
        (json!("n-1"), "n-1", 200),
        (json!("n-1"), "n-2", 401),
        (Value::Null, "n-1", 401),
    ] {
        at.app.advance(1);
        let token = at.issuer.sign(&claims(&at, &json!({ "nonce": said })));
        let answer = google(&at.shop, &json!({ "credential": token, "nonce": nonce })).await;
        assert_eq!(answer.status, status, "{said} {nonce}");
    }
}

async fn keys_are_kept_and_read_again_when_they_change(engine: Engine) {
    let at = Federation::start(engine).await;
    access(&with(&at.shop, &at.google("1")).await);
    access(&with(&at.shop, &at.google("2")).await);
    assert_eq!(at.asked(), 1);
    at.issuer.rotate().unwrap();
    // Not at once: keys that nobody ever had cost a stranger nothing to name.
    refusal_of(&with(&at.shop, &at.google("3")).await, 401);
    assert_eq!(at.asked(), 1);
    at.app.advance(30);
    access(&with(&at.shop, &at.google("3")).await);
    assert_eq!(at.asked(), 2);
    let header = json!({ "alg": "RS256", "kid": "nobody's" });
    for _ in 0..3 {
        let token = at.issuer.sign_with_header(&header, &claims(&at, &json!({})));
        refusal_of(&with(&at.shop, &token).await, 401);
    }
    assert_eq!(at.asked(), 2);
    // As long as Google says, and no longer.
    at.app.advance(19_900);
    access(&with(&at.shop, &at.google("4")).await);
    assert_eq!(at.asked(), 2);
    at.app.advance(200);
    access(&with(&at.shop, &at.google("5")).await);
    assert_eq!(at.asked(), 3);
}

async fn a_google_that_is_down_takes_no_log_in_away(engine: Engine) {
    let at = Federation::start(engine).await;
    at.issuer.fail(Some(Reply::new(500).into()));
    let down = with(&at.shop, &at.google("1")).await;
    let message = refusal_of(&down, 503);
    assert!(message.contains("Nothing was changed"), "{message}");
    assert_eq!(down.header("retry-after"), "5");
    at.issuer.fail(None);
    at.app.advance(30);
    access(&with(&at.shop, &at.google("1")).await);
    // What it published is believed for a day, also when it lies.
    for lie in [
        Reply::new(500),
        Reply::json(200, &json!({ "keys": [] })),
        Reply::json(200, &json!("nothing")),
    ] {
        at.issuer.fail(Some(lie.into()));
        at.app.advance(21_000);
        access(&with(&at.shop, &at.google("1")).await);
    }
    at.app.advance(86_400);
    refusal_of(&with(&at.shop, &at.google("1")).await, 503);
}

async fn an_access_token_is_good_for_its_own_client_alone(engine: Engine) {
    let at = Federation::start(engine).await;
    let code = async |info: &Value| google(&at.shop, &json!({ "code": at.issuer.access_token(info) })).await;
    let good = Issuer::google_token_info(CLIENT_ID, "1001", at.now());
    let answer = code(&good).await;
    let user = at.app.whose(&answer).await;
    assert_eq!(at.app.whose(&with(&at.shop, &at.google("1001")).await).await, user);
    // An access token that another client of Google's got from the person.
    let foreign = Issuer::google_token_info("another.apps.example.com", "1001", at.now());
    refusal_of(&code(&foreign).await, 401);
    let ended = Issuer::google_token_info(CLIENT_ID, "1001", at.now() - 3_600);
    refusal_of(&code(&ended).await, 401);
    let mut nameless = good.clone();
    nameless.as_object_mut().unwrap().remove("sub");
    refusal_of(&code(&nameless).await, 401);
    for unknown in ["", "ya29.nobody", "a b", &"x".repeat(3_000)] {
        refusal_of(&google(&at.shop, &json!({ "code": unknown })).await, 401);
    }
    // Once, like an id token.
    let token = at.issuer.access_token(&good);
    access(&google(&at.shop, &json!({ "code": token })).await);
    refusal_of(&google(&at.shop, &json!({ "code": token })).await, 401);
}

async fn an_app_without_a_client_id_is_told_so(engine: Engine) {
    let at = Federation::start(engine).await;
    let made = at.app.new_app(&at.app.sandbox, &[]).await;
    let shop = at.app.anonymous().with("x-client-secret", &made.client_secret);
    let message = refusal_of(&with(&shop, &at.google("1001")).await, 403);
    assert!(message.contains("aboard apps providers add APP google"), "{message}");
    // Another app's client id is not its own.
    at.app
        .known_at(made.app, Provider::Google, "other.apps.example.com", None)
        .await;
    refusal_of(&with(&shop, &at.google("1001")).await, 401);
}

async fn the_subject_is_one_apps_alone(engine: Engine) {
    let at = Federation::start(engine).await;
    let other = at.app.known_app(&at.app.sandbox).await;
    let other = at.app.anonymous().with("x-client-secret", &other.client_secret);
    let token = at.google("1001");
    let ours = at.app.whose(&with(&at.shop, &token).await).await;
    // The same client id, the same token even: what is spent here is not spent there.
    let theirs = at.app.whose(&with(&other, &token).await).await;
    assert_ne!(ours, theirs);
}
