//! `GET` and `POST /consent/{wallet}/{app}`: a person lets an app use their wallet.

use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::client::{Answer, Client};
use crate::support::codes::EMAIL;
use crate::support::wallets::{bearer, claims, data_of, text};

on_both! {
    a_code_to_the_owner_lets_an_app_in_and_out,
    what_was_let_ends_and_reaches_no_further,
    an_address_that_names_nothing_is_not_found,
    a_code_is_typed_in_the_browser_that_asked_for_it,
    whoever_asks_too_often_is_told_how_long_to_wait,
}

/// Somebody with a wallet, and the page of an app that wants to use it.
async fn asked_by_another(engine: Engine) -> (TestApp, Client, Value, String) {
    let app = TestApp::start(engine).await;
    // A log-in through a back end makes no network familiar, and strangers have half.
    app.set("codes.per_hour", "10").await;
    let shop = app.shop().await;
    app.new_wallet(EMAIL, &shop, json!({})).await;
    let (other, _) = app.other_shop().await;
    let tokens = app.enter(EMAIL, &other).await;
    let said = claims(&text(&tokens, "walletToken"));
    let page = said["acceptPermissionPage"].as_str().unwrap();
    let path = page.strip_prefix(&app.app.url).expect("an address of this server");
    let path = path.to_owned();
    (app, other, tokens, path)
}

async fn submit(browser: &Client, path: &str, form: String) -> Answer {
    let call = browser.call("POST", path);
    call.header("content-type", "application/x-www-form-urlencoded")
        .body(form)
        .send()
        .await
}

/// Asks for a code; answers the challenge that stands in the form.
async fn ask(app: &TestApp, browser: &Client, path: &str) -> (String, String) {
    app.advance(60);
    let asked = submit(browser, path, "do=ask".to_owned()).await;
    assert_eq!(asked.status, 200, "{asked:?}");
    (challenge_of(&asked), app.code_for(EMAIL.to).await)
}

fn challenge_of(answer: &Answer) -> String {
    let page = answer.page();
    let (_, rest) = page.split_once("name=\"challenge\" value=\"").expect("a form");
    rest.split('"').next().unwrap().to_owned()
}

async fn a_code_to_the_owner_lets_an_app_in_and_out(engine: Engine) {
    let (app, other, mut tokens, path) = asked_by_another(engine).await;
    let sign = json!({ "network": "ethereum-sepolia", "message": "hello" });
    let browser = app.browser();
    let before = app.count("consents").await;
    let shown = browser.get(&path).await;
    assert_eq!(shown.status, 200);
    assert!(
        shown.page().contains("Shop") && !shown.page().contains("ada"),
        "{shown:?}"
    );

    let (challenge, code) = ask(&app, &browser, &path).await;
    for form in [
        format!("do=allow&challenge={challenge}&code=WRONGONE"),
        format!("do=allow&code={code}"),
    ] {
        let wrong = submit(&browser, &path, form).await;
        assert_eq!(wrong.status, 401);
    }
    assert_eq!(app.count("consents").await, before);
    let elsewhere = browser.call("POST", &path).header("origin", "https://evil.example.com");
    let elsewhere = elsewhere.header("content-type", "application/x-www-form-urlencoded");
    elsewhere
        .body(format!("do=allow&challenge={challenge}&code={code}"))
        .send()
        .await;
    assert_eq!(
        app.count("consents").await,
        before,
        "a click from elsewhere does nothing"
    );
    let allowed = submit(&browser, &path, format!("do=allow&challenge={challenge}&code={code}")).await;
    assert_eq!(allowed.status, 200, "{allowed:?}");
    tokens = app.refresh(&other, &tokens).await;
    assert_eq!(
        claims(&text(&tokens, "walletToken"))["isPermissionGranted"],
        json!(true)
    );
    data_of(
        &bearer(&other, &text(&tokens, "walletToken"))
            .post("/api/v2/wallet/sign-message", &sign)
            .await,
    );

    let again = submit(&browser, &path, format!("do=stop&challenge={challenge}&code={code}")).await;
    assert_eq!(again.status, 401, "a code works once");
    let (challenge, code) = ask(&app, &browser, &path).await;
    let stopped = submit(&browser, &path, format!("do=stop&challenge={challenge}&code={code}")).await;
    assert_eq!(stopped.status, 200);
    tokens = app.refresh(&other, &tokens).await;
    let refused = bearer(&other, &text(&tokens, "walletToken"))
        .post("/api/v2/wallet/sign-message", &sign)
        .await;
    assert_eq!(refused.status, 407);
}

async fn an_address_that_names_nothing_is_not_found(engine: Engine) {
    let app = TestApp::start(engine).await;
    let shop = app.shop().await;
    let made = app.new_wallet(EMAIL, &shop, json!({})).await;
    let said = claims(&text(&made, "walletToken"));
    let (wallet, id) = (said["wid"].as_str().unwrap(), said["app"].as_str().unwrap());
    // An app of another environment knows no wallet of this one.
    let foreign = app.new_app(&app.production, &[]).await.app.to_string();
    for (wallet, id) in [
        ("nonsense", id),
        (wallet, "nonsense"),
        (id, wallet),
        (wallet, &*foreign),
    ] {
        assert_eq!(
            app.browser().get(&format!("/consent/{wallet}/{id}")).await.status,
            404,
            "{wallet} {id}"
        );
    }
    assert_eq!(app.browser().get(&format!("/consent/{wallet}/{id}")).await.status, 200);
}

async fn what_was_let_ends_and_reaches_no_further(engine: Engine) {
    let (app, other, mut tokens, path) = asked_by_another(engine).await;
    let browser = app.browser();
    let (challenge, code) = ask(&app, &browser, &path).await;
    let form = format!("do=allow&challenge={challenge}&code={code}&scope=sign&for=day");
    assert_eq!(submit(&browser, &path, form).await.status, 200);
    let message = json!({ "network": "ethereum-sepolia", "message": "hello" });
    let transaction = json!({ "network": "ethereum-sepolia", "transaction": {
        "to": "0x70997970C51812dc3A010C7d01b50e0d17dc79C8", "value": "1", "nonce": 0, "gasLimit": "21000", "maxFeePerGas": "1",
    } });
    for (path, body, status) in [("sign-message", &message, 200), ("sign-transaction", &transaction, 407)] {
        tokens = app.refresh(&other, &tokens).await;
        let answer = bearer(&other, &text(&tokens, "walletToken"))
            .post(&format!("/api/v2/wallet/{path}"), body)
            .await;
        assert_eq!(answer.status, status, "{answer:?}");
    }
    app.advance(24 * 3_600);
    tokens = app.refresh(&other, &tokens).await;
    assert_eq!(
        claims(&text(&tokens, "walletToken"))["isPermissionGranted"],
        json!(false)
    );
    let ended = bearer(&other, &text(&tokens, "walletToken"))
        .post("/api/v2/wallet/sign-message", &message)
        .await;
    assert_eq!(ended.status, 407);
}

async fn a_code_is_typed_in_the_browser_that_asked_for_it(engine: Engine) {
    let (app, _, _, path) = asked_by_another(engine).await;
    let (mine, theirs) = (app.browser(), app.browser());
    let before = app.count("consents").await;
    // Theirs has asked for a code itself, and has both numbers of mine.
    ask(&app, &theirs, &path).await;
    let (challenge, code) = ask(&app, &mine, &path).await;
    let cookies = mine.cookies();
    assert!(cookies.contains_key("__Host-step-up"), "{cookies:?}");
    let form = format!("do=allow&challenge={challenge}&code={code}");
    for stranger in [&theirs, &app.browser()] {
        for form in [form.clone(), form.replace("allow", "stop")] {
            assert_eq!(submit(stranger, &path, form).await.status, 401);
        }
    }
    assert_eq!(app.count("consents").await, before);
    assert_eq!(submit(&mine, &path, form).await.status, 200);
    assert_eq!(app.count("consents").await, before + 1);
}

async fn whoever_asks_too_often_is_told_how_long_to_wait(engine: Engine) {
    let (app, _, _, path) = asked_by_another(engine).await;
    let browser = app.browser();
    let (challenge, code) = ask(&app, &browser, &path).await;
    let again = submit(&browser, &path, format!("do=ask&challenge={challenge}")).await;
    assert_eq!(again.status, 429, "{again:?}");
    assert!(again.page().contains("in a minute"), "{again:?}");
    // The code that came is typed into the form that says so.
    let form = format!("do=allow&challenge={}&code={code}", challenge_of(&again));
    assert_eq!(submit(&browser, &path, form).await.status, 200);
    // Whoever comes for the first time sees the page, and the same words.
    ask(&app, &app.browser(), &path).await;
    let first = submit(&app.browser(), &path, "do=ask".to_owned()).await;
    assert_eq!(first.status, 429, "{first:?}");
    let page = first.page();
    assert!(
        page.contains("in a minute") && page.contains("Send me a code"),
        "{page}"
    );
}
