//! `GET /join/{token}`, `POST /join/{token}`: two accounts of one person become one, and two again.

use aboard::domain::Token;
use serde_json::json;

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::codes::EMAIL;
use crate::support::join::Person;
use crate::support::users::data;

on_both! {
    a_person_joins_two_accounts_and_takes_it_back,
    looking_and_a_forms_of_another_site_do_nothing,
    the_address_of_the_page_is_not_enough,
    a_wrong_code_is_said_and_costs_a_try,
    what_was_never_made_and_what_has_ended_are_one_page,
    the_code_names_its_purpose_and_is_typed_here,
    every_language_has_the_whole_way,
}

const PHONE: &str = "+1234567890";
const MAIL: &str = "ada@example.com";

async fn of(app: &TestApp, id: &str) -> serde_json::Value {
    data(&app.server().get(&format!("/v1/users/{id}")).await)
}

async fn a_person_joins_two_accounts_and_takes_it_back(engine: Engine) {
    let app = TestApp::start(engine).await;
    let two = app.two_accounts().await;
    let before = of(&app, &two.first).await;
    let person = Person::at(&app, &two.url);
    let page = person.page().await;
    // Until both were shown, addresses are masked and nothing else of the accounts is told.
    assert!(page.contains("a•••@example.com") && page.contains("•••90"), "{page}");
    for secret in [MAIL, PHONE, ">ada<", "do\" value=\"join"] {
        assert!(!page.contains(secret), "{secret}: {page}");
    }
    person.show(&app, 0, PHONE).await;
    assert!(
        person
            .page()
            .await
            .contains("You have shown that this account is yours.")
    );
    person.press("do=join").await;
    assert_eq!(of(&app, &two.first).await, before, "one of them is not enough");
    person.show(&app, 0, MAIL).await;
    let page = person.page().await;
    for shown in ["This is what happens", MAIL, PHONE, "<bdi>ada</bdi>", "30 days"] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    person.press("do=join").await;

    let page = person.page().await;
    assert!(
        page.contains("The accounts are joined") && page.contains("14 February 2027"),
        "{page}"
    );
    let joined = of(&app, &two.first).await;
    assert_eq!(
        (&joined, &joined["user_id"]),
        (&of(&app, &two.second).await, &json!(two.second))
    );
    assert_eq!(
        (&joined["email"], &joined["phone"], &joined["name"]),
        (&json!(MAIL), &json!(PHONE), &json!("ada"))
    );
    app.advance(60);
    let token = app.log_in(EMAIL, &app.shop().await).await;
    assert_eq!(app.me(&token).await.json()["data"]["user_id"], json!(two.second));

    app.advance(86_400);
    person.press("do=undo").await;
    assert_eq!(
        of(&app, &two.first).await["user_id"],
        json!(two.second),
        "not without another code"
    );
    person.show(&app, 0, MAIL).await;
    person.press("do=undo").await;
    assert!(person.page().await.contains("The accounts are separate again"));
    let after = of(&app, &two.first).await;
    assert_eq!(
        (&after["user_id"], &after["phone"], &after["name"]),
        (&json!(two.first), &json!(PHONE), &json!("ada"))
    );
    assert_eq!(of(&app, &two.second).await["name"], json!(null));
    assert_eq!(app.me(&token).await.status, 401, "whatever was signed in has ended");
}

async fn looking_and_a_forms_of_another_site_do_nothing(engine: Engine) {
    let app = TestApp::start(engine).await;
    let two = app.two_accounts().await;
    let before = app.contents().await;
    let person = Person::at(&app, &two.url);
    for method in ["GET", "HEAD", "GET"] {
        assert_eq!(person.browser.call(method, &two.url).send().await.status, 200);
    }
    let way = person.ways().await.swap_remove(0);
    let foreign = person
        .browser
        .call("POST", &two.url)
        .header("sec-fetch-site", "cross-site");
    let foreign = foreign.header("content-type", "application/x-www-form-urlencoded");
    let answer = foreign.body(format!("do=send&to={way}")).send().await;
    assert!(answer.page().contains("came from another site"), "{answer:?}");
    for form in [
        "",
        "do=join",
        "do=undo",
        "do=check&code=12345678",
        "do=send&to=nothing",
        "do=dance",
    ] {
        person.press(form).await;
    }
    assert_eq!(app.contents().await, before);
}

async fn the_address_of_the_page_is_not_enough(engine: Engine) {
    let app = TestApp::start(engine).await;
    let two = app.two_accounts().await;
    let (person, stranger) = (Person::at(&app, &two.url), Person::at(&app, &two.url));
    person.show(&app, 0, PHONE).await;
    person.show(&app, 0, MAIL).await;
    // Whoever else has the address sees masked addresses, and the person's proofs are not theirs.
    let page = stranger.page().await;
    assert!(!page.contains(MAIL) && !page.contains("This is what happens"), "{page}");
    stranger.press("do=join").await;
    assert_eq!(of(&app, &two.first).await["user_id"], json!(two.first));
    person.press("do=join").await;
    assert_eq!(of(&app, &two.first).await["user_id"], json!(two.second));
    stranger.press("do=undo").await;
    assert_eq!(of(&app, &two.first).await["user_id"], json!(two.second));
}

async fn a_wrong_code_is_said_and_costs_a_try(engine: Engine) {
    let app = TestApp::start(engine).await;
    let two = app.two_accounts().await;
    let person = Person::at(&app, &two.url);
    let way = person.ways().await.swap_remove(0);
    let answer = person.press(&format!("do=send&to={way}")).await;
    let cookie = answer.header("set-cookie").to_owned();
    assert!(
        cookie.starts_with("__Host-join=") && cookie.ends_with("Secure; HttpOnly; SameSite=Lax"),
        "{cookie}"
    );
    let again = person.press(&format!("do=send&to={way}")).await;
    let to = again.header("location").to_owned();
    assert!(to.ends_with("?wait=60"), "{to}");
    let said = person.browser.get(&to).await;
    assert!(said.page().contains("Try again in a minute."), "{said:?}");
    let code = app.code_for(PHONE).await;
    for _ in 0..5 {
        let answer = person.press("do=check&code=00000000").await;
        let said = person.browser.get(answer.header("location")).await;
        assert!(said.page().contains("wrong, expired or already used"), "{said:?}");
    }
    person.press(&format!("do=check&code={code}")).await;
    assert!(!person.page().await.contains("You have shown"), "the tries are over");
}

async fn what_was_never_made_and_what_has_ended_are_one_page(engine: Engine) {
    let app = TestApp::start(engine).await;
    let two = app.two_accounts().await;
    let never = format!("{}A", &two.url[..two.url.len() - 1]);
    let never = if never == two.url {
        format!("{}B", &two.url[..two.url.len() - 1])
    } else {
        never
    };
    app.advance(3_600);
    let browser = app.browser();
    let ended = browser.get(&two.url).await;
    assert_eq!(ended.status, 410);
    assert!(ended.page().contains("There is nothing to join here"));
    for url in [never.as_str(), "/join/x", "/join/%00"] {
        let answer = browser.get(url).await;
        assert_eq!((answer.status, answer.page()), (410, ended.page()), "{url}");
        assert_eq!(browser.submit(url, "do=join").await.status, 410);
    }
}

async fn the_code_names_its_purpose_and_is_typed_here(engine: Engine) {
    let app = TestApp::start(engine).await;
    let two = app.two_accounts().await;
    let person = Person::at(&app, &two.url);
    let ways = person.ways().await;
    person.press(&format!("do=send&to={}", ways[0])).await;
    let code = app.code_for(PHONE).await;
    let kept = app.inbox(PHONE).await;
    assert_eq!((code.len(), &kept[0]["channel"]), (8, &json!("sms")));
    let text = kept[0]["text"].as_str().expect("a text").to_owned();
    assert!(
        text.contains("JOIN TWO ACCOUNTS INTO ONE, asked for in Northwind"),
        "{text}"
    );
    // It proves nothing where the back end could type it.
    let path = format!("/v1/users/{}/verifications/check", two.first);
    let token = two.url.rsplit('/').next().and_then(Token::parse).expect("a token");
    let join = app
        .instance()
        .store
        .join(&token, app.now())
        .await
        .expect("an answer")
        .expect("it is there");
    let (challenge, _) = join.challenge.expect("a code is on its way");
    let typed = json!({ "verification_id": challenge, "code": code });
    assert_eq!(app.server().post(&path, &typed).await.status, 400);
    person.press(&format!("do=check&code={}", code.to_lowercase())).await;
    assert!(person.page().await.contains("You have shown"));
}

async fn every_language_has_the_whole_way(engine: Engine) {
    let app = TestApp::start(engine).await;
    for (language, dir, heading, done, mail) in [
        (
            "el",
            "ltr",
            "Ένωση δύο λογαριασμών",
            "Οι λογαριασμοί ενώθηκαν",
            "ΕΝΩΣΗ ΔΥΟ ΛΟΓΑΡΙΑΣΜΩΝ",
        ),
        ("ar", "rtl", "دمج حسابين", "تم دمج الحسابين", "رمز لدمج حسابين"),
        (
            "id",
            "ltr",
            "Gabungkan dua akun",
            "Kedua akun sudah digabungkan",
            "MENGGABUNGKAN DUA AKUN",
        ),
    ] {
        let two = app.two_accounts().await;
        let mut person = Person::at(&app, &two.url);
        person.browser = person.browser.with("accept-language", language);
        let page = person.page().await;
        assert!(
            page.contains(&format!("<html lang=\"{language}\" dir=\"{dir}\">")),
            "{page}"
        );
        assert!(page.contains(heading), "{page}");
        person.show(&app, 0, PHONE).await;
        person.show(&app, 0, MAIL).await;
        let text = app.inbox(MAIL).await[0]["text"].as_str().expect("a text").to_owned();
        assert!(text.contains(mail), "{text}");
        person.press("do=join").await;
        let page = person.page().await;
        assert!(page.contains(done), "{page}");
        let erased = app
            .server()
            .call("DELETE", &format!("/v1/users/{}", two.first))
            .send()
            .await;
        assert_eq!(erased.status, 200, "{erased:?}");
        // An address gets so many codes a day, whoever asks.
        app.advance(24 * 3_600);
    }
}
