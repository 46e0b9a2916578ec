//! Login CSRF: a form that another site sends consumes nothing and shows the page.

use crate::support::app::{Engine, TestApp, on_both};

on_both! {
    a_form_from_elsewhere_consumes_nothing,
    a_form_of_our_own_or_of_no_page_passes,
    the_public_url_is_compared_as_browsers_write_it,
    a_page_at_another_host_of_ours_is_our_own,
    another_site_cannot_log_a_person_out,
}

const PUBLIC: (&str, &str) = ("server.public_url", "https://ID.example.com:443/");
const HOSTS: (&str, &str) = ("server.hosts", "[\"localhost:8080\"]");

const FOREIGN: [&[(&str, &str)]; 9] = [
    &[("sec-fetch-site", "cross-site")],
    &[("sec-fetch-site", "same-site")],
    &[("sec-fetch-site", "cross-site"), ("origin", "https://id.example.com")],
    &[("sec-fetch-site", "Same-Origin ")],
    &[("origin", "https://evil.example.com")],
    &[("origin", "null")],
    &[("origin", "http://id.example.com")],
    &[("origin", "https://id.example.com:8443")],
    &[("sec-fetch-site", "same-origin"), ("origin", "null")],
];

const OWN: [&[(&str, &str)]; 5] = [
    &[],
    &[("sec-fetch-site", "same-origin")],
    &[("sec-fetch-site", "none")],
    &[("origin", "https://id.example.com")],
    &[("sec-fetch-site", "same-origin"), ("origin", "https://id.example.com")],
];

async fn app(engine: Engine) -> TestApp {
    TestApp::with(engine, &[PUBLIC, HOSTS]).await
}

/// The path of a link of an app whose public URL is another than its address.
async fn link(app: &TestApp, partner_user_id: &str) -> String {
    let caller = app.partner().with("host", "id.example.com");
    let answer = caller
        .post("/api/v1/external_login", &crate::support::app::user(partner_user_id))
        .await;
    let url = crate::support::app::login_url(&answer);
    let path = url.strip_prefix(&app.app.web.public_url).expect("the public URL");
    path.to_owned()
}

async fn a_form_from_elsewhere_consumes_nothing(engine: Engine) {
    let app = app(engine).await;
    let link = link(&app, "ada").await;
    let before = app.contents().await;
    let browser = app.browser().with("host", "id.example.com");
    for headers in FOREIGN {
        let call = browser.call("POST", &link).body("replace=yes");
        let answer = headers
            .iter()
            .fold(call, |call, (name, value)| call.header(name, value))
            .send()
            .await;
        assert_eq!((answer.status, answer.header("set-cookie")), (200, ""), "{headers:?}");
        assert!(
            answer.page().contains("came from another site"),
            "{headers:?}: {answer:?}"
        );
        assert!(answer.page().contains("a•••@example.com"), "{answer:?}");
    }
    assert_eq!(app.contents().await, before);
    assert_eq!(browser.submit(&link, "").await.status, 303);
}

async fn a_form_of_our_own_or_of_no_page_passes(engine: Engine) {
    let app = app(engine).await;
    for headers in OWN {
        let link = link(&app, "ada").await;
        let call = app.browser().with("host", "id.example.com").call("POST", &link);
        let answer = headers
            .iter()
            .fold(call, |call, (name, value)| call.header(name, value))
            .send()
            .await;
        assert_eq!(answer.status, 303, "{headers:?}: {answer:?}");
    }
}

async fn the_public_url_is_compared_as_browsers_write_it(engine: Engine) {
    for (public, origin) in [
        ("https://id.example.com", "https://id.example.com"),
        ("https://Id.Example.com/", "https://id.example.com"),
        ("http://id.example.com:80", "http://id.example.com"),
        ("https://id.example.com:8443", "https://id.example.com:8443"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
    ] {
        let app = TestApp::with(engine, &[("server.public_url", public)]).await;
        let host = origin.split_once("//").expect("a scheme").1;
        let caller = app.partner().with("host", host);
        let made = caller
            .post("/api/v1/external_login", &crate::support::app::user("ada"))
            .await;
        let url = crate::support::app::login_url(&made);
        let path = format!("/{}", url.rsplit('/').next().unwrap_or_default());
        let call = app
            .browser()
            .with("host", host)
            .call("POST", &path)
            .header("origin", origin);
        let answer = call.header("sec-fetch-site", "same-origin").send().await;
        assert_eq!(answer.status, 303, "{public}: {answer:?}");
    }
}

/// `aboard dev` prints 127.0.0.1, and people type localhost.
async fn a_page_at_another_host_of_ours_is_our_own(engine: Engine) {
    let app = app(engine).await;
    let link = link(&app, "ada").await;
    for (host, origin, status) in [
        ("id.example.com", "https://localhost:8080", 200),
        ("localhost:8080", "http://localhost:8080", 200),
        ("localhost:8080", "https://localhost:8080", 303),
    ] {
        let browser = app.browser().with("host", host);
        let answer = browser.call("POST", &link).header("origin", origin).send().await;
        assert_eq!(answer.status, status, "{origin} at {host}: {answer:?}");
    }
}

async fn another_site_cannot_log_a_person_out(engine: Engine) {
    let app = app(engine).await;
    let browser = app.browser().with("host", "id.example.com");
    assert_eq!(browser.submit(&link(&app, "ada").await, "").await.status, 303);
    let (before, cookies) = (app.contents().await, browser.cookies());
    for path in ["/account/logout", "/account/logout_everywhere"] {
        for headers in FOREIGN {
            let call = browser.call("POST", path);
            let answer = headers
                .iter()
                .fold(call, |call, (name, value)| call.header(name, value))
                .send()
                .await;
            assert_eq!(answer.status, 200);
            let page = answer.page();
            assert!(
                page.contains("came from another site") && page.contains("ada@example.com"),
                "{headers:?}: {page}"
            );
        }
    }
    assert_eq!((app.contents().await, browser.cookies()), (before, cookies));
}
