//! `POST /{link}`: the click that consumes it.

use aboard::store::StoredSetting;
use serde_json::json;
use tokio::task::JoinSet;
use url::Url;

use crate::support::app::{Engine, TestApp, login_url, on_both, user_with};

on_both! {
    a_click_begins_a_session_and_goes_to_the_account_page,
    a_click_goes_to_the_return_url_with_a_code_and_the_state,
    of_twenty_clicks_at_once_one_gets_a_session,
    another_link_of_the_same_user_takes_the_old_sessions_place,
    another_users_session_is_replaced_only_when_asked_for,
    sessions_of_two_environments_stand_beside_each_other,
    a_body_that_is_no_form_does_not_matter,
    each_environment_has_its_own_return_urls,
}

const BACK: &str = "https://app.example.com/back?from=aboard#";

fn return_urls() -> String {
    json!([BACK.trim_end_matches('#'), "http://localhost:3000/cb"]).to_string()
}

async fn a_click_begins_a_session_and_goes_to_the_account_page(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (browser, link) = (app.browser(), app.link("ada").await);
    let answer = browser.submit(&link, "").await;
    assert_eq!(
        (answer.status, answer.header("location"), answer.body.len()),
        (303, "/account", 0)
    );
    assert_eq!(
        (answer.header("cache-control"), answer.header("referrer-policy")),
        ("no-store", "same-origin")
    );
    let name = format!("__Host-aboard-{}", app.sandbox.environment.id);
    let value = browser.cookies().get(&name).expect("a session").clone();
    let cookie = format!("{name}={value}; Path=/; Max-Age=7776000; Secure; HttpOnly; SameSite=Lax");
    assert_eq!(answer.all("set-cookie"), [cookie]);
    assert_eq!(value.len(), 64);
    assert!(
        !app.contents().await.join("\n").contains(&value),
        "the cookie is stored as it is"
    );
    assert!(browser.get("/account").await.page().contains("ada@example.com"));
    assert_eq!(browser.submit(&link, "").await.status, 410);
    assert!(
        browser.get("/account").await.page().contains("ada@example.com"),
        "the session goes on"
    );
}

async fn a_click_goes_to_the_return_url_with_a_code_and_the_state(engine: Engine) {
    let app = TestApp::with(engine, &[("login.return_urls", &return_urls())]).await;
    let state = "a b&code=x#ü/\r\nSet-Cookie: y";
    let fields = json!({ "state": state });
    let link = login_url(
        &app.partner()
            .post("/api/v1/external_login", &user_with("ada", &fields))
            .await,
    );
    let answer = app.browser().submit(&link, "").await;
    let location = Url::parse(answer.header("location")).expect("an address");
    assert!(
        location
            .as_str()
            .starts_with("https://app.example.com/back?from=aboard&code="),
        "{location}"
    );
    let pairs: Vec<_> = location.query_pairs().collect();
    assert_eq!((pairs.len(), &*pairs[1].0, pairs[1].1.len()), (3, "code", 64));
    assert_eq!((&*pairs[2].0, &*pairs[2].1), ("state", state));
    assert_eq!(answer.all("set-cookie").len(), 1);

    for (asked, gone_to) in [
        ("http://localhost:3000/cb", "http://localhost:3000/cb?code="),
        ("http://localhost:3000/cb/", "https://app.example.com/back?"),
        ("https://evil.example.com/", "https://app.example.com/back?"),
        (
            "https://app.example.com/back",
            "https://app.example.com/back?from=aboard&",
        ),
    ] {
        let fields = json!({ "return_url": asked });
        let link = login_url(
            &app.partner()
                .post("/api/v1/external_login", &user_with("ada", &fields))
                .await,
        );
        let answer = app.browser().submit(&link, "").await;
        let location = answer.header("location");
        assert!(
            location.starts_with(gone_to) && !location.contains("state="),
            "{asked}: {location}"
        );
    }
}

async fn of_twenty_clicks_at_once_one_gets_a_session(engine: Engine) {
    let app = TestApp::start(engine).await;
    let link = app.link("ada").await;
    let mut clicks = JoinSet::new();
    for _ in 0..20 {
        let (browser, link) = (app.browser(), link.clone());
        clicks.spawn(async move { (browser.submit(&link, "").await.status, browser.cookies().len()) });
    }
    let mut seen = clicks.join_all().await;
    seen.sort_unstable();
    assert_eq!(seen, [&[(303, 1)][..], &[(410, 0); 19]].concat());
    assert_eq!(app.count("sessions").await, 1);
}

async fn another_link_of_the_same_user_takes_the_old_sessions_place(engine: Engine) {
    let app = TestApp::start(engine).await;
    let browser = app.signed_in("ada").await;
    let before = browser.cookies();
    app.advance(60);
    assert_eq!(browser.submit(&app.link("ada").await, "").await.status, 303);
    assert_ne!(browser.cookies(), before);
    let old = before
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .next()
        .expect("a cookie");
    let stale = app.anonymous().with("cookie", &old).get("/account").await;
    assert!(!stale.page().contains("ada@example.com"), "{stale:?}");
    assert_eq!(
        (
            app.count("sessions").await,
            app.count("sessions where ended_at is null").await
        ),
        (2, 1)
    );
}

async fn another_users_session_is_replaced_only_when_asked_for(engine: Engine) {
    let app = TestApp::start(engine).await;
    let browser = app.signed_in("ada").await;
    let (link, cookies, before) = (app.link("grace").await, browser.cookies(), app.contents().await);
    for form in [
        "",
        "replace=no",
        "replace=",
        "Replace=yes",
        "replace=yes%00",
        "x=replace=yes",
    ] {
        let asked = browser.submit(&link, form).await;
        assert_eq!((asked.status, asked.header("set-cookie")), (200, ""), "{form}");
        let page = asked.page();
        for text in [
            "Another user is signed in",
            "a•••@example.com",
            "g•••@example.com",
            "name=\"replace\" value=\"yes\"",
        ] {
            assert!(page.contains(text), "{form}: {text}: {page}");
        }
    }
    assert_eq!((browser.cookies(), app.contents().await), (cookies.clone(), before));

    assert_eq!(browser.submit(&link, "replace=yes").await.status, 303);
    assert!(browser.get("/account").await.page().contains("grace@example.com"));
    let old = cookies
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .next()
        .expect("a cookie");
    let ended = app.anonymous().with("cookie", &old).get("/account").await;
    assert!(!ended.page().contains("ada@example.com"), "{ended:?}");
    // Nobody else's browser was asked or touched.
    let other = app.signed_in("ada").await;
    assert!(other.get("/account").await.page().contains("ada@example.com"));
}

async fn sessions_of_two_environments_stand_beside_each_other(engine: Engine) {
    let app = TestApp::start(engine).await;
    let browser = app.signed_in("ada").await;
    app.advance(1);
    assert_eq!(
        browser
            .submit(&app.production.partner.link("grace").await, "")
            .await
            .status,
        303
    );
    assert_eq!(browser.cookies().len(), 2);
    // The newest one is shown.
    assert!(browser.get("/account").await.page().contains("grace@example.com"));
    // A cookie under another environment's name opens nothing.
    let sandbox = format!("__Host-aboard-{}", app.sandbox.environment.id);
    let value = browser.cookies().remove(&sandbox).expect("a cookie");
    let swapped = format!("__Host-aboard-{}={value}", app.production.environment.id);
    let answer = app.anonymous().with("cookie", &swapped).get("/account").await;
    assert!(!answer.page().contains("@example.com"), "{answer:?}");
    // Who logs out is signed out of both: the page says "signed out", and it has to be true.
    browser.submit("/account/logout", "").await;
    assert!(browser.cookies().is_empty());
    let own = format!("{sandbox}={value}");
    let ended = app.anonymous().with("cookie", &own).get("/account").await;
    assert!(ended.page().contains("You are not signed in"), "{ended:?}");
}

async fn a_body_that_is_no_form_does_not_matter(engine: Engine) {
    let app = TestApp::start(engine).await;
    for (kind, body) in [
        ("application/json", b"{".to_vec()),
        ("text/plain", vec![0xff; 100]),
        ("multipart/form-data; boundary=x", b"--x--".to_vec()),
    ] {
        let link = app.link("ada").await;
        let call = app.browser().call("POST", &link).header("content-type", kind);
        assert_eq!(call.body(body).send().await.status, 303, "{kind}");
    }
    let link = app.link("ada").await;
    let answer = app
        .browser()
        .call("POST", &link)
        .body(vec![b'x'; (1 << 20) + 1])
        .send()
        .await;
    assert_eq!(answer.status, 413);
    assert!(answer.page().contains("413"), "{answer:?}");
    assert_eq!(app.browser().submit(&link, "").await.status, 303);
}

async fn each_environment_has_its_own_return_urls(engine: Engine) {
    let app = TestApp::with(engine, &[("login.return_urls", r#"["https://first.example.com/in"]"#)]).await;
    let own = StoredSetting {
        environment: app.sandbox.environment.id,
        name: "login.return_urls".to_owned(),
        value: r#"["https://second.example.com/in"]"#.to_owned(),
    };
    let instance = app.instance();
    let set = instance.store.set_setting(&app.admin(), own, app.now()).await;
    set.expect("it is set");
    instance.settings.load(&instance.store).await.expect("it is read");
    for (partner, host) in [(&app.sandbox.partner, "second"), (&app.stranger.partner, "first")] {
        // Another environment's address is no destination of this one, even if the link asks for it.
        let asked = json!({ "return_url": "https://first.example.com/in" });
        let answer = partner
            .client
            .post("/api/v1/external_login", &user_with("ada", &asked))
            .await;
        let answer = app.browser().submit(&login_url(&answer), "").await;
        let start = format!("https://{host}.example.com/in?code=");
        assert!(answer.header("location").starts_with(&start), "{answer:?}");
    }
}
