//! How often codes are sent, and how often they may be wrong.

use aboard::store::StoredSetting;
use serde_json::json;

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::client::{Answer, Client};
use crate::support::codes::{EMAIL, WHATSAPP, other_than};
use crate::support::users::{linked, person};

on_both! {
    one_send_a_minute_by_an_app_to_a_number,
    strangers_leave_the_owner_a_share,
    a_device_that_proved_the_address_is_the_owner_from_anywhere,
    a_network_has_a_budget_over_all_addresses,
    a_site_of_ipv6_has_the_budget_of_four_networks,
    a_back_end_has_no_network_of_its_own,
    strangers_behind_a_back_end_are_strangers,
    a_secret_that_a_browser_sent_makes_no_back_end,
    an_environment_may_set_its_own,
    after_many_wrong_codes_a_longer_one_is_sent,
    strangers_who_guess_leave_the_owner_short_codes,
}

#[track_caller]
fn wait(answer: &Answer) -> u64 {
    let (status, body) = answer.whole();
    assert_eq!((status, &body["status"]), (429, &json!(429)), "{body}");
    answer.header("retry-after").parse().expect("seconds")
}

async fn one_send_a_minute_by_an_app_to_a_number(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (shop, other) = (app.shop().await, app.shop().await);
    WHATSAPP.begin(&shop).await;
    app.advance(13);
    assert_eq!(wait(&WHATSAPP.ask(&shop).await), 47);
    assert_eq!(WHATSAPP.ask(&other).await.status, 200);
    assert_eq!(EMAIL.ask(&shop).await.status, 200);
    app.advance(47);
    assert_eq!(WHATSAPP.ask(&shop).await.status, 200);
    // What was refused left nothing behind.
    assert_eq!(app.count("messages").await, 4);
}

/// A caller from another address than the tests' own: the server trusts this machine as its proxy.
const PROXY: &[(&str, &str)] = &[("server.trusted_proxies", r#"["127.0.0.0/8"]"#)];

/// People's own devices, which know an app's public id.
async fn devices(app: &TestApp) -> Client {
    let made = app.new_app(&app.sandbox, &[]).await;
    app.anonymous().with("x-app-id", &made.app.to_string())
}

async fn strangers_leave_the_owner_a_share(engine: Engine) {
    let app = TestApp::with(engine, PROXY).await;
    let shop = devices(&app).await;
    let (home, away) = (
        shop.with("x-forwarded-for", "203.0.113.7"),
        shop.with("x-forwarded-for", "2001:db8:1:2::7"),
    );
    // Nobody had proven the number then, so this send was a stranger's too.
    app.log_in(WHATSAPP, &home).await;
    for _ in 0..2 {
        app.advance(60);
        WHATSAPP.begin(&away).await;
    }
    app.advance(60);
    assert_eq!(wait(&WHATSAPP.ask(&away).await), 3_600 - 180);
    // Another address of the same network is no way around.
    assert_eq!(
        WHATSAPP
            .ask(&shop.with("x-forwarded-for", "2001:db8:1:2:ffff::8"))
            .await
            .status,
        429
    );
    assert_eq!(WHATSAPP.ask(&home).await.status, 200);
    // An address that nobody has proven has the same share.
    for _ in 0..3 {
        EMAIL.begin(&away).await;
        app.advance(60);
    }
    assert_eq!(wait(&EMAIL.ask(&away).await), 3_600 - 180);
}

async fn a_device_that_proved_the_address_is_the_owner_from_anywhere(engine: Engine) {
    let app = TestApp::with(engine, PROXY).await;
    let shop = app.shop().await;
    let (home, away) = (
        shop.with("x-forwarded-for", "203.0.113.7"),
        shop.with("x-forwarded-for", "2001:db8:1:2::7"),
    );
    let token = WHATSAPP.begin(&home).await;
    let code = app.code_for(WHATSAPP.to).await;
    let wrong = WHATSAPP.verify(&home, &token, other_than(&code)).await;
    assert_eq!(wrong.header("x-device-token"), "", "a wrong code proves nothing");
    let proven = WHATSAPP.verify(&home, &token, &code).await;
    assert_eq!(proven.status, 200, "{proven:?}");
    let device = proven.header("x-device-token").to_owned();
    assert!(device.starts_with("abd_") && !device.contains(WHATSAPP.to), "{device}");
    let traveller = away.with("x-device-token", &device);
    for _ in 0..2 {
        app.advance(60);
        WHATSAPP.begin(&away).await;
    }
    app.advance(60);
    assert_eq!(WHATSAPP.ask(&away).await.status, 429);
    // One that was changed, and one of another address, are as good as none.
    let forged = format!("{}A", &device[..device.len() - 1]);
    let forged = if forged == device {
        format!("{}B", &device[..device.len() - 1])
    } else {
        forged
    };
    for wrong in [&*forged, "abd_", "abd_AAAA", &device.to_uppercase()] {
        assert_eq!(
            WHATSAPP.ask(&away.with("x-device-token", wrong)).await.status,
            429,
            "{wrong}"
        );
    }
    for _ in 0..3 {
        EMAIL.begin(&traveller).await;
        app.advance(60);
    }
    assert_eq!(EMAIL.ask(&traveller).await.status, 429);
    // The owner has the owner's share, and with it the usual code.
    assert_eq!(WHATSAPP.ask(&traveller).await.status, 200);
    // After 90 days the device is forgotten, as a network is.
    app.advance(90 * 86_400 + 1);
    for _ in 0..3 {
        WHATSAPP.begin(&traveller).await;
        app.advance(60);
    }
    assert_eq!(WHATSAPP.ask(&traveller).await.status, 429);
}

async fn a_network_has_a_budget_over_all_addresses(engine: Engine) {
    let app = TestApp::with(engine, &[("codes.per_network_hour", "2")]).await;
    let shop = devices(&app).await;
    for to in ["a@example.com", "b@example.com"] {
        EMAIL.with(to).begin(&shop).await;
    }
    assert_eq!(wait(&EMAIL.with("c@example.com").ask(&shop).await), 3_600);
    app.advance(3_600);
    assert_eq!(EMAIL.with("c@example.com").ask(&shop).await.status, 200);
}

/// Who has an IPv6 network of 48 bits has 65 536 of those that are counted as one caller.
async fn a_site_of_ipv6_has_the_budget_of_four_networks(engine: Engine) {
    let settings = [PROXY[0], ("codes.per_network_hour", "2")];
    let app = TestApp::with(engine, &settings).await;
    let shop = devices(&app).await;
    let at = |address: &str| shop.with("x-forwarded-for", address);
    let people = [
        "a@example.com",
        "b@example.com",
        "c@example.com",
        "d@example.com",
        "e@example.com",
        "f@example.com",
        "g@example.com",
        "h@example.com",
    ];
    for (i, to) in people.into_iter().enumerate() {
        EMAIL.with(to).begin(&at(&format!("2001:db8:1:{i:x}::1"))).await;
    }
    let next = EMAIL.with("i@example.com");
    assert_eq!(wait(&next.ask(&at("2001:db8:1:ffff::1")).await), 3_600);
    assert_eq!(next.ask(&at("2001:db8:2::1")).await.status, 200);
    assert_eq!(EMAIL.with("j@example.com").ask(&at("203.0.113.7")).await.status, 200);
    app.advance(3_600);
    assert_eq!(next.ask(&at("2001:db8:1:ffff::1")).await.status, 200);
}

/// Strangers who come through a back end cannot keep everybody else out of it.
async fn a_back_end_has_no_network_of_its_own(engine: Engine) {
    let app = TestApp::with(engine, &[("codes.per_network_hour", "2")]).await;
    let shop = app.shop().await;
    for to in ["a@example.com", "b@example.com", "c@example.com", "d@example.com"] {
        EMAIL.with(to).begin(&shop).await;
    }
    let user = linked(&app.server(), &person("eve")).await;
    let path = format!("/v1/users/{user}/verifications");
    let asked = app.server().post(&path, &json!({ "channel": "email" })).await;
    assert_eq!(asked.status, 201, "{asked:?}");
    assert_eq!(app.count("familiar_networks").await, 0);
    // Nor does it use up what people's own devices at its address have.
    let devices = devices(&app).await;
    for to in ["e@example.com", "f@example.com"] {
        EMAIL.with(to).begin(&devices).await;
    }
    assert_eq!(EMAIL.with("g@example.com").ask(&devices).await.status, 429);
    assert_eq!(EMAIL.with("g@example.com").ask(&shop).await.status, 200);
}

async fn strangers_behind_a_back_end_are_strangers(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let token = WHATSAPP.begin(&shop).await;
    let proven = WHATSAPP.verify(&shop, &token, &app.code_for(WHATSAPP.to).await).await;
    let owner = shop.with("x-device-token", proven.header("x-device-token"));
    for _ in 0..2 {
        app.advance(60);
        WHATSAPP.begin(&shop).await;
    }
    app.advance(60);
    assert_eq!(wait(&WHATSAPP.ask(&shop).await), 3_600 - 180);
    // The back end hands the owner's device token on.
    for _ in 0..2 {
        WHATSAPP.begin(&owner).await;
        app.advance(60);
    }
}

async fn a_secret_that_a_browser_sent_makes_no_back_end(engine: Engine) {
    let app = TestApp::with(engine, &[("codes.per_network_hour", "2")]).await;
    let shop = app.shop().await;
    shop.with("sec-fetch-site", "none").get("/api/v2/organization").await;
    for to in ["a@example.com", "b@example.com"] {
        EMAIL.with(to).begin(&shop).await;
    }
    assert_eq!(wait(&EMAIL.with("c@example.com").ask(&shop).await), 3_600);
}

async fn an_environment_may_set_its_own(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (store, id) = (&app.instance().store, app.sandbox.environment.id);
    for (name, value) in [("codes.per_minute", "2"), ("codes.minutes", "1")] {
        let setting = StoredSetting {
            environment: id,
            name: name.to_owned(),
            value: value.to_owned(),
        };
        store.set_setting(&app.admin(), setting, app.now()).await.unwrap();
    }
    app.instance().settings.load(store).await.unwrap();
    let shop = app.shop().await;
    WHATSAPP.begin(&shop).await;
    let token = WHATSAPP.begin(&shop).await;
    let code = app.code_for(WHATSAPP.to).await;
    assert_eq!(WHATSAPP.ask(&shop).await.status, 429);
    app.advance(60);
    assert_eq!(WHATSAPP.verify(&shop, &token, &code).await.status, 401);
}

async fn after_many_wrong_codes_a_longer_one_is_sent(engine: Engine) {
    let app = TestApp::with(
        engine,
        &[
            ("codes.per_minute", "20"),
            ("codes.per_hour", "20"),
            ("codes.per_day", "20"),
        ],
    )
    .await;
    let shop = app.shop().await;
    let token = WHATSAPP.begin(&shop).await;
    let code = app.code_for(WHATSAPP.to).await;
    assert_eq!(code.len(), 6);
    // Half of the ten are for strangers, and before the first proof everybody is one.
    for _ in 0..5 {
        WHATSAPP.verify(&shop, &token, other_than(&code)).await;
    }
    app.advance(1);
    let token = WHATSAPP.begin(&shop).await;
    let code = app.code_for(WHATSAPP.to).await;
    assert_eq!(code.len(), 12, "{code}");
    // However it is typed.
    assert_eq!(WHATSAPP.verify(&shop, &token, &code.to_lowercase()).await.status, 200);
    app.advance(3_601);
    WHATSAPP.begin(&shop).await;
    assert_eq!(app.code_for(WHATSAPP.to).await.len(), 6);
}

async fn strangers_who_guess_leave_the_owner_short_codes(engine: Engine) {
    let wide = [
        ("codes.per_minute", "20"),
        ("codes.per_hour", "20"),
        ("codes.per_day", "40"),
    ];
    let app = TestApp::with(engine, &[PROXY, &wide].concat()).await;
    let shop = devices(&app).await;
    let (home, away) = (
        shop.with("x-forwarded-for", "203.0.113.7"),
        shop.with("x-forwarded-for", "203.0.113.8"),
    );
    app.log_in(WHATSAPP, &home).await;
    app.advance(3_601);
    let mut lengths = Vec::new();
    for _ in 0..4 {
        let token = WHATSAPP.begin(&away).await;
        let code = app.code_for(WHATSAPP.to).await;
        lengths.push(code.len());
        for _ in 0..5 {
            WHATSAPP.verify(&away, &token, other_than(&code)).await;
        }
        app.advance(1);
    }
    assert_eq!(lengths, [6, 12, 12, 12]);
    // Twenty wrong ones, and the owner still has the owner's half of ten.
    let token = WHATSAPP.begin(&home).await;
    let code = app.code_for(WHATSAPP.to).await;
    assert_eq!(code.len(), 6);
    assert_eq!(WHATSAPP.verify(&home, &token, &code).await.status, 200);
}
