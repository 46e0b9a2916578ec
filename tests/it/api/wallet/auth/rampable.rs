//! `rampableAccessToken`: only where the organization has the feature and the user an account.

use aboard::domain::{Amr, UserId};
use aboard::store::{NewRampableAccount, RampableAdded, StoredSetting};
use serde_json::json;

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::codes::EMAIL;
use crate::support::token::parts;

on_both! { it_is_there_where_both_are }

async fn it_is_there_where_both_are(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let log_in = async || {
        app.advance(60);
        let token = EMAIL.begin(&shop).await;
        let answer = EMAIL.verify(&shop, &token, &app.code_for(EMAIL.to).await).await;
        answer.json()["data"].clone()
    };
    let data = log_in().await;
    assert_eq!(data.get("rampableAccessToken"), None);
    let (_, claims, _) = parts(data["accessToken"].as_str().unwrap());
    let user: UserId = claims["sub"].as_str().unwrap().parse().unwrap();
    let (store, environment) = (&app.instance().store, app.sandbox.environment.id);
    let holder = store
        .user_by_access_token(
            environment,
            user,
            claims["app"].as_str().unwrap().parse().unwrap(),
            Amr::Otp,
            app.now(),
        )
        .await
        .unwrap()
        .expect("it stands");
    let account = NewRampableAccount {
        username: "ada".to_owned(),
        full_name: "Ada Lovelace".to_owned(),
        password: "$argon2id$".to_owned(),
        app: claims["app"].as_str().unwrap().parse().unwrap(),
    };
    assert_eq!(
        store
            .add_rampable_account(&holder.scope, account, app.now())
            .await
            .unwrap(),
        RampableAdded::Added
    );
    assert_eq!(log_in().await.get("rampableAccessToken"), None, "the feature is off");
    let setting = StoredSetting {
        environment,
        name: "login.rampable".to_owned(),
        value: "true".to_owned(),
    };
    store.set_setting(&app.admin(), setting, app.now()).await.unwrap();
    app.instance().settings.load(store).await.unwrap();
    let data = log_in().await;
    let token = data["rampableAccessToken"].as_str().expect("both are there");
    let (header, claims, _) = parts(token);
    assert_eq!(header["typ"], "aboard-rampable+jwt");
    assert_eq!(
        (&claims["sub"], &claims["username"], &claims["aud"]),
        (&json!(user), &json!("ada"), &json!("aboard:rampable"))
    );
    // It opens nothing here.
    assert_eq!(app.me(token).await.status, 401);
    // A user without an account has none, though the feature is on.
    let other = app.log_in(EMAIL.with("bob@example.com"), &shop).await;
    let (_, claims, _) = parts(&other);
    assert_ne!(claims["sub"], json!(user));
}
