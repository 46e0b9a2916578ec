//! `POST /api/v{1,2}/auth/login-whatsapp`

use aboard::domain::Code;
use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::codes::{SMS, WHATSAPP, Way};
use crate::support::token::parts;
use crate::support::users::{linked, person};

on_both! {
    the_documented_call_works_as_printed,
    both_versions_take_both_ways_to_write_a_number,
    a_wrong_number_is_named,
    known_and_unknown_numbers_are_answered_alike,
    a_test_number_takes_a_fixed_code_without_limits,
    production_sends_to_numbers_that_exist,
    version_1_is_off_in_production_until_it_is_switched_on,
    a_message_speaks_the_callers_language,
    a_number_with_a_wallet_is_told_of_where_that_is_wanted,
}

async fn the_documented_call_works_as_printed(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let call = shop.call("POST", "/api/v2/auth/login-whatsapp");
    let answer = call
        .header("content-type", "application/json")
        .body(r#"{"phoneNumber": "65212232422"}"#);
    let (status, body) = answer.send().await.whole();
    let token = body["data"]["verifyToken"].as_str().unwrap().to_owned();
    let expected = json!({
        "status": 200, "message": "OTP sent", "data": { "verifyToken": token, "isWalletCreated": false },
    });
    assert_eq!((status, body), (200, expected));
    let (header, claims, _) = parts(&token);
    assert_eq!(header["typ"], "aboard-verification+jwt");
    assert!(claims["sub"].as_str().unwrap().starts_with("chl_"), "{claims}");
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 600);
    // The message is a job: nothing is in the inbox before it ran.
    assert_eq!(app.inbox("65212232422").await, json!([]));
    let code = app.code_for("65212232422").await;
    assert!(
        code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()),
        "{code}"
    );
    let inbox = app.inbox("%2B65212232422").await;
    let [kept] = &inbox.as_array().unwrap()[..] else {
        panic!("one message")
    };
    assert_eq!(
        (&kept["channel"], &kept["to"]),
        (&json!("whatsapp"), &json!("+65212232422"))
    );
    assert_eq!(
        kept["text"],
        format!("{code}: Your code to log in to Shop. Do not share it.")
    );
    assert_eq!(kept["subject"], Value::Null);
}

async fn both_versions_take_both_ways_to_write_a_number(engine: Engine) {
    let app = TestApp::start(engine).await;
    for (version, number) in [
        ("v1", "306912345678"),
        ("v2", "+306912345679"),
        ("v2", "+30 691 234-5670"),
    ] {
        let shop = app.shop().await;
        let path = format!("/api/{version}/auth/login-whatsapp");
        let token = WHATSAPP.token_of(&shop.post(&path, &json!({ "phoneNumber": number })).await);
        let code = app.code_for(&number.replace('+', "%2B")).await;
        let body = json!({ "verificationToken": token, "otp": code });
        let other = if version == "v1" { "v2" } else { "v1" };
        // A token opens its own version's routes alone, and costs no try elsewhere.
        let answer = shop.post(&format!("/api/{other}/auth/verify-whatsapp"), &body).await;
        assert_eq!(answer.status, 401, "{answer:?}");
        let answer = shop.post(&format!("/api/{version}/auth/verify-whatsapp"), &body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let (_, claims, _) = parts(answer.json()["data"]["accessToken"].as_str().unwrap());
        assert_eq!(format!("v{}", claims["version"]), version);
    }
}

async fn a_wrong_number_is_named(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    for body in [
        json!({}),
        json!({ "phoneNumber": "" }),
        json!({ "phoneNumber": "abc" }),
        json!({ "phoneNumber": "123" }),
        json!({ "phoneNumber": "0030691234567" }),
        json!({ "phoneNumber": "1234567890123456" }),
        json!({ "phoneNumber": 65_212_232_422_i64 }),
    ] {
        let (status, answer) = shop.post(WHATSAPP.login, &body).await.whole();
        let message = answer["message"].as_str().unwrap_or_default();
        assert_eq!(
            (status, &answer["status"], &answer["data"]),
            (400, &json!(400), &Value::Null)
        );
        assert!(
            message.contains("phone number") || message.contains("phoneNumber"),
            "{body}: {message}"
        );
    }
    assert_eq!(app.count("challenges").await, 0);
}

async fn known_and_unknown_numbers_are_answered_alike(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    app.log_in(WHATSAPP, &shop).await;
    linked(&app.server(), &person("bob")).await;
    app.advance(60);
    let mut shapes = Vec::new();
    for number in ["65212232422", "+1234567890", "306900000000"] {
        let answer = WHATSAPP.with(number).ask(&shop).await;
        let mut body = answer.json();
        let token = body["data"]["verifyToken"].take();
        let (header, claims, _) = parts(token.as_str().unwrap());
        let claims: Vec<_> = claims.as_object().unwrap().keys().cloned().collect();
        let headers: Vec<_> = answer.header_names().into_iter().map(str::to_owned).collect();
        shapes.push((
            answer.status,
            body,
            header,
            claims,
            headers,
            token.as_str().unwrap().len(),
        ));
    }
    assert_eq!(shapes[0], shapes[1]);
    assert_eq!(shapes[0], shapes[2]);
}

async fn a_test_number_takes_a_fixed_code_without_limits(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let test = WHATSAPP.with("12025550123");
    for _ in 0..12 {
        let token = test.begin(&shop).await;
        assert_eq!(test.verify(&shop, &token, "424242").await.status, 200);
    }
    // They are counted for nobody, and nothing is kept for them.
    assert_eq!((app.count("code_sends").await, app.count("messages").await), (0, 0));
    assert_eq!(app.count("users").await, 1);
    // An ordinary number has no fixed code.
    let token = WHATSAPP.begin(&shop).await;
    let code = app.code_for(WHATSAPP.to).await;
    if code != "424242" {
        assert_eq!(WHATSAPP.verify(&shop, &token, "424242").await.status, 401);
    }
}

async fn production_sends_to_numbers_that_exist(engine: Engine) {
    let app = TestApp::start(engine).await;
    let made = app.new_app(&app.production, &[]).await;
    let shop = app.anonymous().with("x-client-secret", &made.client_secret);
    for (number, said) in [("12025550123", "kept for tests"), ("65212232422", "numbering plan")] {
        let (status, body) = WHATSAPP.with(number).ask(&shop).await.whole();
        assert_eq!(
            (status, body["message"].as_str().unwrap().contains(said)),
            (400, true),
            "{body}"
        );
    }
    assert_eq!(WHATSAPP.with("306912345678").ask(&shop).await.status, 200);
}

async fn version_1_is_off_in_production_until_it_is_switched_on(engine: Engine) {
    let app = TestApp::start(engine).await;
    let made = app.new_app(&app.production, &[]).await;
    let shop = app.anonymous().with("x-client-secret", &made.client_secret);
    let body = json!({ "phoneNumber": "306912345678" });
    let path = "/api/v1/auth/login-whatsapp";
    let (status, answer) = shop.post(path, &body).await.whole();
    assert_eq!(
        (status, answer["status"].as_u64()),
        (Code::Forbidden.status(), Some(403))
    );
    let store = &app.instance().store;
    assert!(store.set_app_v1(&app.admin(), made.app, true, app.now()).await.unwrap());
    assert_eq!(shop.post(path, &body).await.status, 200);
}

async fn a_message_speaks_the_callers_language(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await.with("accept-language", "fr, el-GR;q=0.8, en;q=0.5");
    WHATSAPP.begin(&shop).await;
    app.code_for(WHATSAPP.to).await;
    let text = app.inbox(WHATSAPP.to).await[0]["text"].as_str().unwrap().to_owned();
    assert!(text.contains("Shop") && text.contains("Κωδικός"), "{text}");
}

async fn a_number_with_a_wallet_is_told_of_where_that_is_wanted(engine: Engine) {
    for (wanted, told) in [("true", true), ("false", false)] {
        let app = TestApp::with(engine, &[("wallets.tell_whether_created", wanted)]).await;
        let shop = app.shop().await;
        let created = async |way: Way| {
            app.advance(60);
            way.ask(&shop).await.json()["data"]["isWalletCreated"].clone()
        };
        app.log_in(WHATSAPP.with("306900000000"), &shop).await;
        app.new_wallet(WHATSAPP, &shop, json!({})).await;
        for way in [WHATSAPP, SMS.with(WHATSAPP.to)] {
            assert_eq!(created(way).await, json!(told));
        }
        assert_eq!(
            created(WHATSAPP.with("306900000000")).await,
            json!(false),
            "it has none"
        );
        assert_eq!(created(WHATSAPP.with("306911111111")).await, json!(false), "nobody's");
    }
}
