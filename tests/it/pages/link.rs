//! `GET /{link}`: looking changes nothing.

use aboard::domain::{EnvironmentKind, Token};
use serde_json::json;

use crate::support::app::{Engine, TestApp, on_both, user_with};

on_both! {
    a_look_shows_who_sent_the_person_and_whom_it_logs_in,
    looking_in_every_way_consumes_nothing,
    used_expired_and_unknown_are_one_page,
    what_is_too_short_for_a_link_is_no_page,
    a_link_lives_for_ten_minutes,
    names_from_outside_are_escaped,
    a_form_may_lead_to_the_return_url_alone,
}

async fn a_look_shows_who_sent_the_person_and_whom_it_logs_in(engine: Engine) {
    let app = TestApp::start(engine).await;
    let answer = app.anonymous().get(&app.link("ada").await).await;
    assert_eq!(answer.status, 200);
    let page = answer.page();
    for text in ["Acme", "Northwind", "a•••@example.com", "Sandbox.", "until 08:10"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(!page.contains("ada@"), "{page}");
    assert_eq!((answer.header("set-cookie"), answer.header("ratelimit")), ("", ""));
    let real = app.anonymous().get(&app.production.partner.link("ada").await).await;
    assert!(real.page().contains("Acme") && !real.page().contains("Sandbox."));
    assert_eq!(app.production.environment.kind, EnvironmentKind::Production);
}

async fn looking_in_every_way_consumes_nothing(engine: Engine) {
    let app = TestApp::start(engine).await;
    let link = app.link("ada").await;
    let before = app.contents().await;
    let browser = app.browser();
    for method in ["GET", "HEAD", "GET", "HEAD"] {
        let call = browser
            .call(method, &link)
            .header("purpose", "prefetch")
            .header("sec-fetch-site", "cross-site");
        let answer = call.send().await;
        assert_eq!((answer.status, answer.body.is_empty()), (200, method == "HEAD"));
    }
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS"] {
        let answer = browser.call(method, &link).send().await;
        assert_eq!(
            (answer.status, answer.header("allow")),
            (405, "GET,HEAD,POST"),
            "{method}"
        );
        assert!(answer.page().contains("405"));
    }
    assert_eq!(browser.get(&format!("{link}?utm_source=mail")).await.status, 200);
    assert_eq!(app.contents().await, before);
    assert!(browser.cookies().is_empty());
    assert_eq!(browser.submit(&link, "").await.status, 303);
}

async fn used_expired_and_unknown_are_one_page(engine: Engine) {
    let app = TestApp::start(engine).await;
    let expired = app.link("ada").await;
    app.advance(600);
    let used = app.link("ada").await;
    assert_eq!(app.browser().submit(&used, "").await.status, 303);
    let of_suspended = app.link("grace").await;
    app.execute(
        "update users set status = 'suspended' where id in (select user_id from identities where key = 'grace')",
    )
    .await;
    let (ids, fresh) = (&app.instance().ids, app.link("ada").await);
    let token = Token::parse(fresh.rsplit('/').next().unwrap_or_default()).expect("a token");
    let at = |token: &str| format!("{}/{token}", app.app.url);
    let links = [
        at(Token::new(ids.id(), ids.secret()).expose()),
        at(Token::new(token.id(), ids.secret()).expose()),
        expired,
        used,
        of_suspended,
        at(&"A".repeat(64)),
        at(&"x".repeat(32)),
        at(&"é".repeat(40)),
        format!("{fresh}A"),
        fresh[..fresh.len() - 1].to_owned(),
    ];
    let before = app.contents().await;
    let mut seen: Vec<(String, axum::http::HeaderMap)> = Vec::new();
    for link in &links {
        for method in ["GET", "POST"] {
            let answer = app.browser().call(method, link).send().await;
            assert_eq!(answer.status, 410, "{method} {link}");
            assert!(
                !answer.page().contains("example.com") && !answer.page().contains("Northwind"),
                "{answer:?}"
            );
            let mut headers = answer.headers.clone();
            headers.remove("x-request-id");
            headers.remove("date");
            seen.push((answer.text().to_owned(), headers));
        }
    }
    assert!(seen.windows(2).all(|two| two[0] == two[1]));
    assert!(seen[0].0.contains("ask for a new one"), "{}", seen[0].0);
    assert_eq!(app.contents().await, before);
    assert_eq!(app.anonymous().get(&fresh).await.status, 200);
}

async fn what_is_too_short_for_a_link_is_no_page(engine: Engine) {
    let app = TestApp::start(engine).await;
    for path in [
        "/x",
        "/robots.txt",
        "/%00",
        "/%FF",
        &format!("/{}", "%FF".repeat(64)),
        &format!("/{}", "x".repeat(31)),
        "/v1",
        "/api",
    ] {
        for method in ["GET", "POST"] {
            let answer = app.anonymous().call(method, path).send().await;
            assert_eq!(answer.status, 404, "{method} {path}");
        }
    }
}

async fn a_link_lives_for_ten_minutes(engine: Engine) {
    let app = TestApp::start(engine).await;
    let link = app.link("ada").await;
    app.advance(599);
    assert_eq!(app.anonymous().get(&link).await.status, 200);
    app.advance(1);
    assert_eq!(app.anonymous().get(&link).await.status, 410);
    assert_eq!(app.browser().submit(&link, "").await.status, 410);
}

async fn names_from_outside_are_escaped(engine: Engine) {
    let app = TestApp::start(engine).await;
    let evil = "\"><img src=x onerror=alert(1)>";
    app.execute(&format!(
        "update partners set name = '{evil}'; update organizations set name = '{evil}'"
    ))
    .await;
    let fields = json!({ "email": "a'&b@example.com" });
    let answer = app
        .partner()
        .post("/api/v1/external_login", &user_with("<b>", &fields))
        .await;
    let link = answer.json()["login_url"].as_str().expect("a text").to_owned();
    let browser = app.browser();
    let pages = [
        browser.get(&link).await,
        browser.submit(&link, "").await,
        browser.get("/account").await,
    ];
    assert_eq!(pages[1].status, 303);
    for page in [&pages[0], &pages[2]] {
        assert!(!page.page().contains("<img src=x"), "{page:?}");
        assert!(page.page().contains("&#60;img src=x"), "{page:?}");
    }
    assert!(pages[2].page().contains("a&#39;&#38;b@example.com"), "{:?}", pages[2]);
}

async fn a_form_may_lead_to_the_return_url_alone(engine: Engine) {
    let plain = TestApp::start(engine).await;
    let answer = plain.anonymous().get(&plain.link("ada").await).await;
    let policy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    assert_eq!(answer.header("content-security-policy"), policy);
    let urls = json!(["https://app.example.com/back?x=1", "http://localhost:3000/cb"]).to_string();
    let app = TestApp::with(engine, &[("login.return_urls", &urls)]).await;
    let answer = app.anonymous().get(&app.link("ada").await).await;
    let with_origin = policy.replace("form-action 'self'", "form-action 'self' https://app.example.com");
    assert_eq!(answer.header("content-security-policy"), with_origin);
    let fields = json!({ "return_url": "http://localhost:3000/cb" });
    let answer = app
        .partner()
        .post("/api/v1/external_login", &user_with("ada", &fields))
        .await;
    let page = app
        .anonymous()
        .get(answer.json()["login_url"].as_str().expect("a text"))
        .await;
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("; form-action 'self' http://localhost:3000; "),
        "{policy}"
    );
}
