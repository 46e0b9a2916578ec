//! `POST /api/v{1,2}/auth/telegram`

use aboard::domain::Provider;
use aboard_fakes::telegram::{mini_app_hash, widget_hash};
use serde_json::{Value, json};

use crate::support::app::{Engine, on_both};
use crate::support::client::Answer;
use crate::support::logins::{BOT, BOT_TOKEN, Federation, access, refusal_of};
use crate::support::token::parts;

on_both! {
    the_widgets_data_logs_in,
    the_data_of_a_mini_app_logs_in,
    whatever_is_wrong_is_one_answer,
    what_was_signed_works_once_and_for_minutes,
    a_bot_is_one_apps_alone,
    wrong_fields_are_named,
}

/// The documented fields, as the bot's token signs them at this time.
fn widget(token: &str, id: &str, auth_date: i64) -> Value {
    let seconds = auth_date.to_string();
    let fields = [
        ("id", id),
        ("first_name", "Ada"),
        ("last_name", "Lovelace"),
        ("username", "ada"),
        ("photo_url", "https://t.me/i/userpic/320/ada.jpg"),
        ("auth_date", &seconds),
    ];
    let mut data: Value = fields
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect();
    data["hash"] = widget_hash(token, &fields).into();
    data
}

fn mini_app(token: &str, fields: &[(&str, &str)]) -> String {
    let hash = mini_app_hash(token, fields);
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .append_pair("hash", &hash)
        .finish()
}

async fn log_in(at: &Federation, body: &Value) -> Answer {
    at.shop.post("/api/v2/auth/telegram", body).await
}

async fn by_widget(at: &Federation, data: &Value) -> Answer {
    log_in(at, &json!({ "botUsername": BOT, "data": data })).await
}

async fn the_widgets_data_logs_in(engine: Engine) {
    let at = Federation::start(engine).await;
    let answer = by_widget(&at, &widget(BOT_TOKEN, "42", at.now())).await;
    let token = access(&answer);
    let expected = json!({
        "status": 200, "message": "Login success", "data": { "isWalletCreated": false, "accessToken": token },
    });
    assert_eq!(answer.whole(), (200, expected));
    let (_, claims, _) = parts(&token);
    assert_eq!(
        (&claims["amr"], &claims["provider"]),
        (&json!("federated"), &json!("telegram"))
    );
    // The widget itself has numbers, and names are written in either way.
    at.app.advance(1);
    let mut data = widget(BOT_TOKEN, "42", at.now());
    data["id"] = json!(42);
    data["auth_date"] = json!(at.now());
    let body = json!({ "botUsername": "@Shop_Bot", "data": data, "expireDate": "2030-01-31" });
    let again = at.shop.post("/api/v1/auth/telegram", &body).await;
    assert_eq!(at.app.whose(&again).await, at.app.whose(&answer).await);
}

async fn the_data_of_a_mini_app_logs_in(engine: Engine) {
    let at = Federation::start(engine).await;
    let date = at.now().to_string();
    let user = r#"{"id":42,"first_name":"Ada & Co","last_name":"","language_code":"el","is_premium":true}"#;
    let whole = [
        ("query_id", "AAHdF6IQAAAAAN0XohDhrOrc"),
        ("user", user),
        ("auth_date", &date),
        ("signature", "abc"),
    ];
    let answer = log_in(
        &at,
        &json!({ "botUsername": BOT, "dataString": mini_app(BOT_TOKEN, &whole) }),
    )
    .await;
    let by_widget = by_widget(&at, &widget(BOT_TOKEN, "42", at.now())).await;
    assert_eq!(at.app.whose(&answer).await, at.app.whose(&by_widget).await);
    // As the SDK's documents show it: the fields beside each other.
    let flat = [
        ("auth_date", &*date),
        ("query_id", "x"),
        ("id", "42"),
        ("first_name", "Ada"),
    ];
    let answer = log_in(
        &at,
        &json!({ "botUsername": BOT, "dataString": mini_app(BOT_TOKEN, &flat) }),
    )
    .await;
    assert_eq!(at.app.whose(&answer).await, at.app.whose(&by_widget).await);
}

async fn whatever_is_wrong_is_one_answer(engine: Engine) {
    let at = Federation::start(engine).await;
    let now = at.now();
    let good = widget(BOT_TOKEN, "42", now);
    let changed = |name: &str, value: Value| {
        let mut data = good.clone();
        data[name] = value;
        data
    };
    let mut short = good.clone();
    short.as_object_mut().unwrap().remove("last_name");
    let mut hashless = good.clone();
    hashless.as_object_mut().unwrap().remove("hash");
    let refused = by_widget(&at, &json!({})).await.whole();
    assert_eq!(refused.0, 401);
    for data in [
        widget("123456789:another-bots-token-AAAAAAAAAAAAAAA", "42", now),
        changed("id", json!("43")),
        changed("first_name", json!("Eve")),
        changed("extra", json!("field")),
        changed("hash", json!("00")),
        changed("hash", json!("")),
        changed("hash", json!("zz".repeat(32))),
        changed("id", json!({ "nested": true })),
        short,
        hashless,
        widget(BOT_TOKEN, "42", now - 301),
        widget(BOT_TOKEN, "42", now + 61),
        widget(BOT_TOKEN, "", now),
        widget(BOT_TOKEN, "ada", now),
    ] {
        assert_eq!(by_widget(&at, &data).await.whole(), refused, "{data}");
    }
    // What signs the widget's data does not sign a mini app's, and the other way round.
    let date = now.to_string();
    let fields = [("id", "42"), ("auth_date", &*date)];
    let crossed =
        mini_app(BOT_TOKEN, &fields).replace(&mini_app_hash(BOT_TOKEN, &fields), &widget_hash(BOT_TOKEN, &fields));
    for text in [
        crossed,
        String::new(),
        "hash=".to_owned(),
        format!("{}&id=43", mini_app(BOT_TOKEN, &fields)),
    ] {
        let answer = log_in(&at, &json!({ "botUsername": BOT, "dataString": text })).await;
        assert_eq!(answer.whole(), refused, "{text}");
    }
    assert_eq!(at.app.count("users").await, 0);
}

async fn what_was_signed_works_once_and_for_minutes(engine: Engine) {
    let at = Federation::start(engine).await;
    let data = widget(BOT_TOKEN, "42", at.now());
    access(&by_widget(&at, &data).await);
    refusal_of(&by_widget(&at, &data).await, 401);
    // However its hash is written.
    let mut upper = data.clone();
    upper["hash"] = json!(data["hash"].as_str().unwrap().to_uppercase());
    refusal_of(&by_widget(&at, &upper).await, 401);
    let late = widget(BOT_TOKEN, "42", at.now());
    at.app.advance(300);
    // Not yet used, and exactly five minutes old.
    refusal_of(&by_widget(&at, &late).await, 401);
    access(&by_widget(&at, &widget(BOT_TOKEN, "42", at.now() - 300 + 1)).await);
}

async fn a_bot_is_one_apps_alone(engine: Engine) {
    let at = Federation::start(engine).await;
    let body = |bot: &str, token: &str| json!({ "botUsername": bot, "data": widget(token, "42", at.now()) });
    let message = refusal_of(&log_in(&at, &body("other_bot", BOT_TOKEN)).await, 403);
    assert!(message.contains("aboard apps providers add APP telegram"), "{message}");
    let theirs = "987654321:BBEhBP0av28BBBBBBBBBBBBBBBBBBBBBBBB";
    let made = at.app.new_app(&at.app.sandbox, &[]).await;
    at.app
        .known_at(made.app, Provider::Telegram, "other_bot", Some(theirs))
        .await;
    let other = at.app.anonymous().with("x-client-secret", &made.client_secret);
    let theirs = other.post("/api/v2/auth/telegram", &body("other_bot", theirs)).await;
    let ours = log_in(&at, &body(BOT, BOT_TOKEN)).await;
    assert_ne!(at.app.whose(&ours).await, at.app.whose(&theirs).await);
    // Neither stands anywhere in the clear.
    for row in at.app.contents().await {
        assert!(!row.contains(BOT_TOKEN), "{row}");
    }
}

async fn wrong_fields_are_named(engine: Engine) {
    let at = Federation::start(engine).await;
    for (body, said) in [
        (json!({ "data": {} }), "botUsername"),
        (json!({ "botUsername": "x", "data": {} }), "bot"),
        (json!({ "botUsername": BOT }), "data"),
        (
            json!({ "botUsername": BOT, "data": {}, "dataString": "x" }),
            "dataString",
        ),
        (json!({ "botUsername": BOT, "data": "x" }), "data"),
        (json!({ "botUsername": BOT, "dataString": 7 }), "dataString"),
    ] {
        let message = refusal_of(&log_in(&at, &body).await, 400);
        assert!(message.contains(said), "{body}: {message}");
    }
}
