//! `GET /account` and the two ways to log out.

use serde_json::json;

use crate::support::app::{Engine, TestApp, on_both, user_with};
use crate::support::client::{Answer, Client};
use crate::support::codes::EMAIL;

on_both! {
    without_a_session_the_page_says_so,
    the_page_shows_what_the_partner_brought,
    a_session_born_of_one_partner_shows_nothing_of_another,
    a_cookie_that_is_not_quite_right_opens_nothing,
    logging_out_ends_this_session_alone,
    logging_out_everywhere_ends_the_other_browsers_sessions,
    a_partners_session_neither_reads_nor_ends_what_is_not_its_own,
    a_suspended_user_is_not_signed_in,
    a_session_ends_when_it_is_idle_and_after_ninety_days,
    another_method_is_refused,
}

const OUT: &str = "/account/logout";
const EVERYWHERE: &str = "/account/logout_everywhere";

fn is_signed_in(answer: &Answer) -> bool {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.page().contains(">usr_")
}

async fn is_alive(browser: &Client) -> bool {
    is_signed_in(&browser.get("/account").await)
}

async fn without_a_session_the_page_says_so(engine: Engine) {
    let app = TestApp::start(engine).await;
    let before = app.contents().await;
    let browser = app.browser();
    let shown = browser.get("/account").await;
    assert!(!is_signed_in(&shown));
    assert!(shown.page().contains("You are not signed in"), "{shown:?}");
    for path in [OUT, EVERYWHERE] {
        let answer = browser.submit(path, "").await;
        assert_eq!(
            (answer.status, answer.text(), answer.header("set-cookie")),
            (200, shown.text(), "")
        );
    }
    assert_eq!(app.contents().await, before);
}

async fn the_page_shows_what_the_partner_brought(engine: Engine) {
    let app = TestApp::start(engine).await;
    let browser = app.signed_in("ada").await;
    let answer = browser.get("/account").await;
    for text in [
        "ada@example.com",
        "1234567890",
        "not confirmed yet",
        "Acme",
        "Northwind",
        "Sandbox.",
        "08:00",
    ] {
        assert!(answer.page().contains(text), "{text}: {}", answer.text());
    }
    let policy = answer.header("content-security-policy");
    assert!(policy.contains("form-action 'self';"), "{policy}");
    app.execute("update identities set state = 'verified' where kind = 'email'")
        .await;
    assert!(browser.get("/account").await.page().contains(">confirmed<"));
}

async fn a_session_born_of_one_partner_shows_nothing_of_another(engine: Engine) {
    let app = TestApp::start(engine).await;
    let browser = app.signed_in("ada").await;
    // The same person at another partner, and both joined into one user, as a join will leave them.
    let fields = json!({ "email": "secret@example.org", "phone": "+306912345678" });
    let theirs = app
        .sandbox
        .rival
        .client
        .post("/api/v1/external_login", &user_with("rival-7", &fields))
        .await;
    assert_eq!(theirs.status, 200);
    let partner = "(select id from users order by id limit 1)";
    app.execute(&format!(
        "update identities set user_id = {partner}, state = 'verified'"
    ))
    .await;
    let page = browser.get("/account").await;
    for text in ["secret@example.org", "+306912345678", "rival-7", "Globex"] {
        assert!(!page.page().contains(text), "{text}: {}", page.text());
    }
    assert!(page.page().contains("ada@example.com"));
}

async fn a_cookie_that_is_not_quite_right_opens_nothing(engine: Engine) {
    let app = TestApp::start(engine).await;
    let browser = app.signed_in("ada").await;
    let (name, value) = browser.cookies().into_iter().next().expect("a cookie");
    let other = if value.ends_with('A') { "B" } else { "A" };
    for cookie in [
        format!("{name}={}{other}", &value[..63]),
        format!("{name}={}", &value[..63]),
        format!("{name}=\"{value}\""),
        format!("{name}="),
        format!("aboard={value}"),
        format!("__Host-aboard-={value}"),
        format!("__Host-aboard-{}={value}", app.production.environment.id),
        format!("{}={value}", name.to_uppercase()),
        "=;;=;".to_owned(),
        format!("{}{name}={value}", "__Host-aboard-x=1; ".repeat(8)),
    ] {
        let answer = app.anonymous().with("cookie", &cookie).get("/account").await;
        assert!(!is_signed_in(&answer), "{cookie}");
    }
    let among_others = format!("theme=dark; {name}={value}; lang=en");
    assert!(is_signed_in(
        &app.anonymous().with("cookie", &among_others).get("/account").await
    ));
}

async fn logging_out_ends_this_session_alone(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (here, there) = (app.signed_in("ada").await, app.signed_in("ada").await);
    let (name, value) = here.cookies().into_iter().next().expect("a cookie");
    let answer = here.submit(OUT, "").await;
    let erased = format!("{name}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax");
    assert_eq!((answer.status, answer.all("set-cookie")), (200, vec![&*erased]));
    assert!(answer.page().contains("signed out"), "{answer:?}");
    assert!(here.cookies().is_empty());
    let kept = app.anonymous().with("cookie", &format!("{name}={value}"));
    assert!(!is_alive(&kept).await, "the cookie was kept, the session is over");
    assert!(is_alive(&there).await);
}

async fn logging_out_everywhere_ends_the_other_browsers_sessions(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (here, there) = (app.signed_in("ada").await, app.signed_in("ada").await);
    let (grace, elsewhere) = (app.signed_in("grace").await, app.browser());
    assert_eq!(
        elsewhere
            .submit(&app.production.partner.link("ada").await, "")
            .await
            .status,
        303
    );
    let answer = here.submit(EVERYWHERE, "").await;
    assert_eq!(answer.status, 200);
    assert!(answer.page().contains("signed out"), "{answer:?}");
    assert!(here.cookies().is_empty());
    for (browser, alive) in [(&here, false), (&there, false), (&grace, true), (&elsewhere, true)] {
        assert_eq!(is_alive(browser).await, alive);
    }
    // A new log-in works at once.
    app.advance(1);
    assert!(is_alive(&app.signed_in("ada").await).await);
}

async fn a_suspended_user_is_not_signed_in(engine: Engine) {
    let app = TestApp::start(engine).await;
    let browser = app.signed_in("ada").await;
    let (user, environment) = (app.user(&browser).await, app.sandbox.environment.id);
    app.advance(1);
    for (suspended, alive) in [(true, false), (false, false)] {
        let store = &app.instance().store;
        let set = store
            .set_suspended(&app.admin(), environment, user, suspended, app.now())
            .await;
        assert!(set.expect("the store answers"));
        assert_eq!(is_alive(&browser).await, alive, "suspending ends the sessions for good");
    }
    assert!(is_alive(&app.signed_in("ada").await).await);
}

async fn a_session_ends_when_it_is_idle_and_after_ninety_days(engine: Engine) {
    const DAY: u64 = 86_400;
    let app = TestApp::start(engine).await;
    let (used, idle) = (app.signed_in("ada").await, app.signed_in("grace").await);
    app.advance(14 * DAY - 1);
    assert!(is_alive(&used).await);
    app.advance(1);
    assert!(!is_alive(&idle).await);
    for _ in 0..7 {
        app.advance(10 * DAY);
        assert!(is_alive(&used).await);
    }
    app.advance(6 * DAY - 1);
    assert!(is_alive(&used).await);
    app.advance(1);
    assert!(!is_alive(&used).await, "the 90 days are over");
}

async fn another_method_is_refused(engine: Engine) {
    let app = TestApp::start(engine).await;
    let browser = app.signed_in("ada").await;
    for (method, path, allow) in [
        ("POST", "/account", "GET,HEAD"),
        ("DELETE", "/account", "GET,HEAD"),
        ("GET", OUT, "POST"),
        ("HEAD", EVERYWHERE, "POST"),
        ("GET", EVERYWHERE, "POST"),
    ] {
        let answer = browser.call(method, path).send().await;
        assert_eq!((answer.status, answer.header("allow")), (405, allow), "{method} {path}");
    }
    assert!(is_alive(&browser).await, "a GET logs nobody out");
    assert_eq!(browser.call("HEAD", "/account").send().await.status, 200);
}

async fn a_partners_session_neither_reads_nor_ends_what_is_not_its_own(engine: Engine) {
    let app = TestApp::start(engine).await;
    let browser = app.signed_in("ada").await;
    let user = app.user(&browser).await.to_string();
    let named = app.server().call("PUT", &format!("/v1/users/{user}"));
    let named = named.json(&json!({ "name": "Countess Lovelace" })).send().await;
    assert_eq!(named.status, 200);
    app.prove(&user, "email", EMAIL.to).await;
    let token = app.log_in(EMAIL, &app.shop().await).await;
    assert_eq!(app.me(&token).await.json()["data"]["user_id"], json!(user));
    assert!(!browser.get("/account").await.page().contains("Countess"));
    // Whatever the person signed in to by a proof of their own goes on.
    let second = app.signed_in("ada").await;
    let open = app.link("ada").await;
    let out = browser.submit(EVERYWHERE, "").await;
    assert!(out.page().contains("came in the same way"), "{out:?}");
    assert!(!is_alive(&second).await);
    assert_ne!(app.browser().submit(&open, "").await.status, 303);
    assert_eq!(app.me(&token).await.status, 200);
    app.advance(1);
    assert!(is_alive(&app.signed_in("ada").await).await);
}
