//! `GET` and `POST /device/{device}`: a person lets a log-in on a new device do everything.

use serde_json::Value;

use crate::support::app::{Engine, on_both};
use crate::support::client::{Answer, Client};
use crate::support::codes::{EMAIL, SMS, Way};
use crate::support::devices::{DAY, HOUR, Home, held};
use crate::support::wallets::{data_of, text};

on_both! {
    a_code_to_another_address_lets_the_tokens_that_are_out_do_everything,
    the_code_goes_where_the_log_in_did_not_come_from,
    a_code_is_typed_in_the_browser_that_asked_for_it,
    without_an_address_of_yesterday_the_day_has_to_pass,
    a_page_of_nobody_is_none,
}

/// The page that a refusal names.
async fn page_of(home: &Home, tokens: &mut Value) -> String {
    let refused = home.signs(tokens).await;
    held(&home.app, &refused);
    let page = text(&refused.json()["data"], "page");
    page.strip_prefix(&home.app.app.url).expect("of this server").to_owned()
}

async fn submit(browser: &Client, path: &str, form: String) -> Answer {
    let call = browser.call("POST", path);
    call.header("content-type", "application/x-www-form-urlencoded")
        .body(form)
        .send()
        .await
}

/// Asks for a code; answers the challenge that stands in the form, and the newest code of an address.
async fn ask(home: &Home, browser: &Client, path: &str, to: &str) -> (String, String) {
    home.app.advance(60);
    let asked = submit(browser, path, "do=ask".to_owned()).await;
    assert_eq!(asked.status, 200, "{asked:?}");
    let page = asked.page();
    let (_, rest) = page.split_once("name=\"challenge\" value=\"").expect("a form");
    (rest.split('"').next().unwrap().to_owned(), home.app.code_for(to).await)
}

fn form(challenge: &str, code: &str) -> String {
    format!("do=allow&challenge={challenge}&code={code}")
}

async fn a_code_to_another_address_lets_the_tokens_that_are_out_do_everything(engine: Engine) {
    let home = Home::new(engine, "hold").await;
    home.app.advance(2 * DAY);
    let (mut tokens, device) = home.strange(EMAIL).await;
    let (mut other, _) = home.strange(EMAIL).await;
    let path = page_of(&home, &mut tokens).await;
    let browser = home.app.browser();
    let shown = browser.get(&path).await;
    assert_eq!(shown.status, 200);
    let page = shown.page();
    assert!(
        page.contains("Shop") && !page.contains("ada") && !page.contains("3069"),
        "{page}"
    );
    let (challenge, code) = ask(&home, &browser, &path, SMS.to).await;
    let kept = home.app.inbox(SMS.to).await;
    let said = text(&kept[0], "text");
    assert!(
        said.contains("TRUST A NEW DEVICE") && said.contains("Shop") && code.len() == 8,
        "{said}"
    );
    assert_eq!(submit(&browser, &path, form(&challenge, "WRONGONE")).await.status, 401);
    let elsewhere = browser.call("POST", &path).header("origin", "https://evil.example.com");
    let elsewhere = elsewhere.header("content-type", "application/x-www-form-urlencoded");
    elsewhere.body(form(&challenge, &code)).send().await;
    held(&home.app, &home.signs(&mut tokens).await);
    let done = submit(&browser, &path, form(&challenge, &code)).await;
    assert!(
        done.status == 200 && done.page().contains("may do everything now"),
        "{done:?}"
    );
    data_of(&home.signs(&mut tokens).await);
    // So does the next log-in on the device, and no other one.
    let (mut again, _) = home.on(EMAIL, &device).await;
    data_of(&home.signs(&mut again).await);
    held(&home.app, &home.signs(&mut other).await);
    let after = browser.get(&path).await;
    assert!(after.page().contains("There is nothing to do"), "{after:?}");
    let again = submit(&browser, &path, "do=ask".to_owned()).await;
    assert!(again.page().contains("There is nothing to do"), "{again:?}");
}

async fn the_code_goes_where_the_log_in_did_not_come_from(engine: Engine) {
    let home = Home::new(engine, "hold").await;
    home.app.advance(2 * DAY);
    for (way, to) in [(EMAIL, SMS), (SMS, EMAIL)] {
        let (mut tokens, _) = home.strange(way).await;
        let path = page_of(&home, &mut tokens).await;
        let codes = async |way: Way| {
            let kept = home.app.inbox(way.to).await;
            let kept = kept.as_array().into_iter().flatten();
            kept.filter(|kept| kept["code"].is_string()).count()
        };
        let before = codes(way).await;
        let browser = home.app.browser();
        let (challenge, code) = ask(&home, &browser, &path, to.to).await;
        assert_eq!(codes(way).await, before, "none goes back to where it came from");
        assert_eq!(submit(&browser, &path, form(&challenge, &code)).await.status, 200);
        data_of(&home.signs(&mut tokens).await);
        home.app.advance(HOUR);
    }
}

async fn a_code_is_typed_in_the_browser_that_asked_for_it(engine: Engine) {
    let home = Home::new(engine, "hold").await;
    home.app.advance(2 * DAY);
    let (mut tokens, _) = home.strange(EMAIL).await;
    let path = page_of(&home, &mut tokens).await;
    let (mine, theirs) = (home.app.browser(), home.app.browser());
    ask(&home, &theirs, &path, SMS.to).await;
    let (challenge, code) = ask(&home, &mine, &path, SMS.to).await;
    for stranger in [&theirs, &home.app.browser()] {
        assert_eq!(submit(stranger, &path, form(&challenge, &code)).await.status, 401);
    }
    held(&home.app, &home.signs(&mut tokens).await);
    assert_eq!(submit(&mine, &path, form(&challenge, &code)).await.status, 200);
    data_of(&home.signs(&mut tokens).await);
}

async fn without_an_address_of_yesterday_the_day_has_to_pass(engine: Engine) {
    let home = Home::with_an_email_alone(engine, "hold").await;
    home.app.advance(2 * DAY);
    // Whoever took over one address may bring another one along.
    home.app.advance(60);
    home.has_a_phone().await;
    let (mut tokens, _) = home.strange(EMAIL).await;
    let path = page_of(&home, &mut tokens).await;
    let asked = submit(&home.app.browser(), &path, "do=ask".to_owned()).await;
    assert!(asked.page().contains("It ends by itself"), "{asked:?}");
    held(&home.app, &home.signs(&mut tokens).await);
    home.app.advance(DAY);
    data_of(&home.signs(&mut tokens).await);
    // On the next one it is the person's.
    let (mut tokens, _) = home.strange(EMAIL).await;
    let path = page_of(&home, &mut tokens).await;
    let browser = home.app.browser();
    let (challenge, code) = ask(&home, &browser, &path, SMS.to).await;
    assert_eq!(submit(&browser, &path, form(&challenge, &code)).await.status, 200);
    data_of(&home.signs(&mut tokens).await);
}

async fn a_page_of_nobody_is_none(engine: Engine) {
    let home = Home::new(engine, "hold").await;
    let unknown = aboard::domain::DeviceId(home.app.instance().ids.id());
    for path in [format!("/device/{unknown}"), "/device/x".to_owned()] {
        assert_eq!(home.app.browser().get(&path).await.status, 404, "{path}");
        assert_eq!(
            submit(&home.app.browser(), &path, "do=ask".to_owned()).await.status,
            404
        );
    }
}
