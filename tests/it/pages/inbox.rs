//! `GET /inbox/{token}`: the codes of the sandbox of `aboard dev`, and nothing in `aboard serve`.

use crate::support::app::{Engine, Setup, TestApp, on_both};
use crate::support::codes::{EMAIL, SMS};

on_both! {
    the_newest_code_stands_first_and_the_page_asks_again,
    only_its_own_address_opens_it,
    serve_has_none,
}

async fn dev(engine: Engine) -> TestApp {
    let setup = Setup {
        welcome: true,
        ..Setup::default()
    };
    TestApp::set_up(engine, setup).await
}

/// The address, as the welcome page links to it.
async fn address(app: &TestApp) -> String {
    let welcome = app.anonymous().get("/").await;
    let (_, rest) = welcome.page().split_once("href=\"/inbox/").expect("a link");
    format!("/inbox/{}", rest.split('"').next().unwrap_or_default())
}

async fn the_newest_code_stands_first_and_the_page_asks_again(engine: Engine) {
    let app = dev(engine).await;
    let address = address(&app).await;
    let person = app.anonymous();
    let empty = person.get(&address).await;
    assert!(empty.page().contains("Nothing yet."), "{empty:?}");
    assert!(empty.page().contains("<meta http-equiv=\"refresh\" content=\"5\">"));
    let shop = app.shop().await;
    SMS.begin(&shop).await;
    let first = app.code_for(SMS.to).await;
    app.advance(1);
    EMAIL.begin(&shop).await;
    let second = app.code_for(EMAIL.to).await;
    let page = person.get(&address).await;
    let page = page.page();
    let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text}: {page}"));
    assert!(at(&format!(">{second}</code>")) < at(&format!(">{first}</code>")));
    assert!(at("<bdi>ada@example.com</bdi>") < at("<bdi>+306912345678</bdi>"));
}

async fn only_its_own_address_opens_it(engine: Engine) {
    let app = dev(engine).await;
    let address = address(&app).await;
    let (rest, last) = address.split_at(address.len() - 1);
    let wrong = format!("{rest}{}", if last == "A" { "B" } else { "A" });
    for path in ["/inbox", "/inbox/", "/inbox/x", &wrong, &format!("{address}/")] {
        let answer = app.anonymous().get(path).await;
        assert_eq!(answer.status, 404, "{path}");
    }
    assert_eq!(app.anonymous().get(&address).await.status, 200);
}

async fn serve_has_none(engine: Engine) {
    let dev = dev(engine).await;
    let serve = TestApp::start(engine).await;
    assert_eq!(serve.anonymous().get(&address(&dev).await).await.status, 404);
}
