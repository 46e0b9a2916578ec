//! Which language a page is in, and that nothing from outside turns it around.

use aboard::store::StoredSetting;

use crate::support::app::{Engine, TestApp, on_both};

on_both! {
    the_address_the_memory_the_browser_and_the_environment_choose,
    a_chosen_language_is_remembered,
    errors_are_in_the_persons_language_too,
    a_name_from_outside_turns_nothing_around,
}

fn language(page: &str) -> &str {
    let (_, rest) = page.split_once("<html lang=\"").expect("a language");
    &rest[..2]
}

async fn the_address_the_memory_the_browser_and_the_environment_choose(engine: Engine) {
    let app = TestApp::with(engine, &[("login.language", "id")]).await;
    let browser = app.browser();
    for (path, accepted, expected) in [
        ("/account", "", "id"),
        ("/account", "fr", "id"),
        ("/account", "el-GR,el;q=0.9", "el"),
        ("/account?lang=ar", "el", "ar"),
        ("/account?lang=xx", "el", "el"),
    ] {
        let answer = app
            .anonymous()
            .call("GET", path)
            .header("accept-language", accepted)
            .send()
            .await;
        assert_eq!(language(answer.page()), expected, "{path} {accepted}");
        assert_eq!(answer.header("content-language"), expected);
    }
    let arabic = app.anonymous().get("/account?lang=ar").await;
    assert!(arabic.page().contains("<html lang=\"ar\" dir=\"rtl\">"));
    assert!(arabic.page().contains("لست مسجَّل الدخول"));
    // An environment may have another usual language than the server.
    let link = app.link("ada").await;
    let (settings, store) = (&app.instance().settings, &app.instance().store);
    let greek = StoredSetting {
        environment: app.sandbox.environment.id,
        name: "login.language".to_owned(),
        value: "el".to_owned(),
    };
    store.set_setting(&app.admin(), greek, app.now()).await.expect("set");
    settings.load(store).await.expect("read");
    assert_eq!(language(browser.get(&link).await.page()), "el");
}

async fn a_chosen_language_is_remembered(engine: Engine) {
    let app = TestApp::start(engine).await;
    let browser = app.browser();
    assert_eq!(browser.get("/account").await.header("set-cookie"), "");
    let chosen = browser.get("/account?lang=el").await;
    assert_eq!(
        chosen.header("set-cookie"),
        "__Host-language=el; Path=/; Max-Age=31536000; Secure; HttpOnly; SameSite=Lax"
    );
    assert_eq!(language(browser.get("/account").await.page()), "el");
    for tag in ["en", "el", "ar", "id"] {
        assert!(
            chosen.page().contains(&format!("<a href=\"/account?lang={tag}\"")),
            "{tag}"
        );
    }
    // What answers a form has an address of its own in every language.
    let answered = browser.submit("/account/logout", "").await;
    assert!(answered.page().contains("<a href=\"/account?lang=ar\""), "{answered:?}");
}

async fn errors_are_in_the_persons_language_too(engine: Engine) {
    let app = TestApp::start(engine).await;
    let greek = app.anonymous().with("accept-language", "el");
    let answer = greek.get("/no/such/page").await;
    assert_eq!((answer.status, language(answer.page())), (404, "el"));
    assert!(answer.page().contains("Δεν υπάρχει τίποτα εδώ"));
    assert_eq!(language(greek.get("/no?lang=ar").await.page()), "ar");
}

async fn a_name_from_outside_turns_nothing_around(engine: Engine) {
    let app = TestApp::start(engine).await;
    // A right-to-left override and an Arabic name, isolated in the sentence around them.
    let name = "\u{202e}Ada\u{2066} شركة <b>";
    let browser = app.signed_in("ada").await;
    app.execute(&format!("update users set name = '{name}'")).await;
    // As if the person had logged in with a code: what a partner brought shows no name.
    app.execute("update sessions set amr = 'otp', partner_id = null").await;
    let page = browser.get("/account").await;
    assert!(
        page.page().contains("<bdi>\u{202e}Ada\u{2066} شركة &#60;b&#62;</bdi>"),
        "{}",
        page.text()
    );
}
