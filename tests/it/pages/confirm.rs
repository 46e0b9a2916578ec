//! `GET /confirm/{token}`, `POST /confirm/{token}`: somebody who has proven an address gets another one.

use aboard::domain::Token;
use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::client::Client;
use crate::support::codes::{EMAIL, SMS};
use crate::support::join::Person;
use crate::support::users::data;
use crate::support::wallets::{claims, text};

on_both! {
    a_person_confirms_another_address,
    looking_and_forms_of_another_site_do_nothing,
    the_address_of_the_page_is_not_enough,
    a_wrong_code_is_said_and_costs_a_try,
    what_was_never_made_and_what_has_ended_are_one_page,
    whoever_proves_the_address_meanwhile_has_it,
    the_code_names_its_purpose_and_is_typed_here,
    every_language_has_the_whole_way,
}

const MAIL: &str = EMAIL.to;
const PHONE: &str = SMS.to;

/// Somebody with a wallet and a proven e-mail, who is to get a phone.
struct Case {
    app: TestApp,
    shop: Client,
    user: String,
    url: String,
}

impl Case {
    async fn new(engine: Engine) -> Self {
        let app = TestApp::start(engine).await;
        let shop = app.shop().await;
        let made = app.new_wallet(EMAIL, &shop, json!({})).await;
        let user = text(&claims(&text(&made, "walletToken")), "uid");
        let put = app.server().call("PUT", &format!("/v1/users/{user}"));
        data(&put.json(&json!({ "phone": PHONE })).send().await);
        let url = asked(&app, &user).await;
        Self { app, shop, user, url }
    }

    async fn shown(&self) -> Value {
        data(&self.app.server().get(&format!("/v1/users/{}", self.user)).await)
    }

    fn person(&self) -> Person {
        Person::at(&self.app, &self.url)
    }
}

/// The page for a phone that was proven for the user.
async fn asked(app: &TestApp, user: &str) -> String {
    app.advance(60);
    let answer = app.verify(user, "sms", PHONE).await;
    assert_eq!(answer.status, 409, "{answer:?}");
    app.advance(60);
    let url = answer.json()["error"]["details"]["confirm_url"].clone();
    url.as_str().expect("an address").to_owned()
}

async fn a_person_confirms_another_address(engine: Engine) {
    let case = Case::new(engine).await;
    let (app, i) = (&case.app, case.person());
    let page = i.page().await;
    for text in ["Northwind", "a•••@example.com", "•••78"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(!page.contains(MAIL) && !page.contains(PHONE), "{page}");
    i.show(app, 0, MAIL).await;
    assert!(i.page().await.contains("The new address is confirmed"));
    assert_eq!(i.ways().await.len(), 0);
    let shown = case.shown().await;
    let status = &shown["verification_status"];
    assert_eq!(
        (&shown["phone"], &status["phone_verified"], &status["email_verified"]),
        (&json!(PHONE), &json!(true), &json!(true))
    );
    // Both log in, and the old one was told.
    for way in [EMAIL, SMS] {
        let entered = app.enter(way, &case.shop).await;
        assert_eq!(text(&claims(&text(&entered, "walletToken")), "uid"), case.user);
    }
    app.app.messages.run_due().await;
    let kept = app.inbox(MAIL).await;
    let subjects: Vec<&Value> = kept
        .as_array()
        .into_iter()
        .flatten()
        .map(|kept| &kept["subject"])
        .collect();
    let added = json!("Another address logs in to your account at Northwind");
    assert!(subjects.contains(&&added), "{subjects:?}");
    assert_eq!(app.count("events where type = 'identity.verified'").await, 2);
}

async fn looking_and_forms_of_another_site_do_nothing(engine: Engine) {
    let case = Case::new(engine).await;
    let (app, i) = (&case.app, case.person());
    let before = app.contents().await;
    for method in ["GET", "HEAD", "GET"] {
        assert_eq!(i.browser.call(method, &case.url).send().await.status, 200);
    }
    let way = i.ways().await.swap_remove(0);
    let foreign = i.browser.call("POST", &case.url).header("sec-fetch-site", "cross-site");
    let foreign = foreign.header("content-type", "application/x-www-form-urlencoded");
    let answer = foreign.body(format!("do=send&to={way}")).send().await;
    assert!(answer.page().contains("came from another site"), "{answer:?}");
    for form in ["", "do=check&code=12345678", "do=send&to=nothing", "do=dance"] {
        i.press(form).await;
    }
    assert_eq!(app.contents().await, before);
}

async fn the_address_of_the_page_is_not_enough(engine: Engine) {
    let case = Case::new(engine).await;
    let app = &case.app;
    let (i, stranger) = (case.person(), case.person());
    let way = i.ways().await.swap_remove(0);
    i.press(&format!("do=send&to={way}")).await;
    let code = app.code_for(MAIL).await;
    // Not even with the code: it was asked for in another browser.
    stranger.press(&format!("do=check&code={code}")).await;
    assert_eq!(case.shown().await["verification_status"]["phone_verified"], false);
    assert!(!stranger.page().await.contains("on its way"));
    i.press(&format!("do=check&code={code}")).await;
    assert_eq!(case.shown().await["verification_status"]["phone_verified"], true);
}

async fn a_wrong_code_is_said_and_costs_a_try(engine: Engine) {
    let case = Case::new(engine).await;
    let (app, i) = (&case.app, case.person());
    let way = i.ways().await.swap_remove(0);
    let answer = i.press(&format!("do=send&to={way}")).await;
    let cookie = answer.header("set-cookie").to_owned();
    assert!(
        cookie.starts_with("__Host-confirm=") && cookie.ends_with("Secure; HttpOnly; SameSite=Lax"),
        "{cookie}"
    );
    let again = i.press(&format!("do=send&to={way}")).await;
    assert!(again.header("location").ends_with("?wait=60"), "{again:?}");
    let code = app.code_for(MAIL).await;
    for _ in 0..5 {
        let answer = i.press("do=check&code=00000000").await;
        let said = i.browser.get(answer.header("location")).await;
        assert!(said.page().contains("wrong, expired or already used"), "{said:?}");
    }
    i.press(&format!("do=check&code={code}")).await;
    assert_eq!(case.shown().await["verification_status"]["phone_verified"], false);
}

async fn what_was_never_made_and_what_has_ended_are_one_page(engine: Engine) {
    let case = Case::new(engine).await;
    let cut = &case.url[..case.url.len() - 1];
    let other = if case.url.ends_with('A') { "B" } else { "A" };
    let browser = case.app.browser();
    case.app.advance(3_600);
    let ended = browser.get(&case.url).await;
    assert_eq!(ended.status, 410);
    assert!(ended.page().contains("There is nothing to confirm here"));
    for url in [&format!("{cut}{other}"), "/confirm/x", "/confirm/%00"] {
        let answer = browser.get(url).await;
        assert_eq!((answer.status, answer.page()), (410, ended.page()), "{url}");
        assert_eq!(browser.submit(url, "do=check&code=1").await.status, 410);
    }
}

async fn whoever_proves_the_address_meanwhile_has_it(engine: Engine) {
    let case = Case::new(engine).await;
    let (app, i) = (&case.app, case.person());
    let way = i.ways().await.swap_remove(0);
    i.press(&format!("do=send&to={way}")).await;
    let code = app.code_for(MAIL).await;
    let theirs = app.log_in(SMS, &case.shop).await;
    let answer = i
        .browser
        .call("POST", &case.url)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("do=check&code={code}"));
    assert_eq!(answer.send().await.status, 410);
    let me = app.me(&theirs).await.json()["data"].clone();
    assert_ne!(me["user_id"], json!(case.user));
    assert_eq!(me["verification_status"]["phone_verified"], true);
}

async fn the_code_names_its_purpose_and_is_typed_here(engine: Engine) {
    let case = Case::new(engine).await;
    let (app, i) = (&case.app, case.person());
    let way = i.ways().await.swap_remove(0);
    i.press(&format!("do=send&to={way}")).await;
    let code = app.code_for(MAIL).await;
    let kept = app.inbox(MAIL).await;
    assert_eq!((code.len(), &kept[0]["channel"]), (8, &json!("email")));
    let said = kept[0]["text"].as_str().expect("a text").to_owned();
    assert!(said.contains("CHANGE") && said.contains("Northwind"), "{said}");
    // It proves nothing where the back end could type it.
    let token = case.url.rsplit('/').next().and_then(Token::parse).expect("a token");
    let known = app.instance().store.confirmation(&token, app.now()).await;
    let challenge = known.expect("an answer").expect("it is there").challenge;
    let typed = json!({ "verification_id": challenge, "code": code });
    let path = format!("/v1/users/{}/verifications/check", case.user);
    assert_eq!(app.server().post(&path, &typed).await.status, 400);
    i.press(&format!("do=check&code={}", code.to_lowercase())).await;
    assert!(i.page().await.contains("The new address is confirmed"));
}

async fn every_language_has_the_whole_way(engine: Engine) {
    let case = Case::new(engine).await;
    let app = &case.app;
    for (language, dir, heading, done) in [
        (
            "el",
            "ltr",
            "Επιβεβαίωση νέας διεύθυνσης",
            "Η νέα διεύθυνση επιβεβαιώθηκε",
        ),
        ("ar", "rtl", "تأكيد عنوان جديد", "تم تأكيد العنوان الجديد"),
        (
            "id",
            "ltr",
            "Konfirmasikan alamat baru",
            "Alamat baru sudah dikonfirmasi",
        ),
    ] {
        let url = asked(app, &case.user).await;
        let mut i = Person::at(app, &url);
        i.browser = i.browser.with("accept-language", language);
        let page = i.page().await;
        assert!(
            page.contains(&format!("<html lang=\"{language}\" dir=\"{dir}\">")) && page.contains(heading),
            "{page}"
        );
        i.show(app, 0, MAIL).await;
        let page = i.page().await;
        assert!(page.contains(done), "{page}");
        app.execute("delete from identities where kind = 'phone' and source = 'person'")
            .await;
        app.advance(3_600);
    }
}
