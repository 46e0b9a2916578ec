//! How often a page may be asked for, and how much a form may hold.

use crate::support::app::{Engine, TestApp, on_both};

on_both! {
    an_address_has_a_minute_of_pages,
    a_form_holds_sixteen_kilobytes,
}

async fn an_address_has_a_minute_of_pages(engine: Engine) {
    let app = TestApp::with(engine, &[("limits.anonymous_per_minute", "3")]).await;
    let person = app.browser().with("accept-language", "el");
    assert_eq!(person.get("/account").await.status, 200);
    assert_eq!(person.submit("/account/logout", "").await.status, 200);
    assert_eq!(person.get(&format!("/{}", "A".repeat(64))).await.status, 410);
    app.advance(10);
    for answer in [
        person.get("/account").await,
        person.submit("/account/logout_everywhere", "").await,
        person.get("/join/x").await,
    ] {
        assert_eq!((answer.status, answer.header("retry-after")), (429, "50"));
        assert!(
            answer.page().contains("Δοκιμάστε ξανά σε 50 δευτερόλεπτα."),
            "{answer:?}"
        );
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    }
    // What a page is made of is not counted, nor is whoever has a key.
    assert_eq!(person.get("/assets/aboard.css").await.status, 200);
    assert_eq!(app.server().get("/v1/users").await.status, 200);
    app.advance(50);
    assert_eq!(person.get("/account").await.status, 200);
}

async fn a_form_holds_sixteen_kilobytes(engine: Engine) {
    let app = TestApp::start(engine).await;
    let person = app.browser();
    let link = app.link("ada").await;
    let send = async |length: usize| {
        let call = person
            .call("POST", &link)
            .header("content-type", "application/x-www-form-urlencoded");
        call.body("a".repeat(length)).send().await
    };
    let answer = send((16 << 10) + 1).await;
    assert_eq!(answer.status, 413);
    assert!(answer.page().contains("That was too large"), "{answer:?}");
    assert_eq!(send(16 << 10).await.status, 303);
}
