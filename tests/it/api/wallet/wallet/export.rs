//! `POST /api/v2/wallet/export`, and the page on which the person proves that they want it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::client::{Answer, Client};
use crate::support::codes::EMAIL;
use crate::support::hpke;
use crate::support::wallets::{bearer, data_of, refused, text};

on_both! {
    the_phrase_goes_to_the_clients_key_after_a_proof_and_a_wait,
    whoever_has_the_page_may_stop_it,
    the_code_is_typed_in_the_browser_that_asked_for_it,
    a_shared_wallet_gives_its_phrase_to_its_person,
    nothing_comes_out_without_secret_key_and_consent,
}

const EXPORT: &str = "/api/v2/wallet/export";
const PHRASE: &str = "test test test test test test test test test test test junk";

/// Somebody who brought a wallet along.
struct Desk {
    app: TestApp,
    shop: Client,
    tokens: Value,
    secret: Value,
}

impl Desk {
    async fn new(engine: Engine, more: Value) -> Self {
        let app = TestApp::start(engine).await;
        let shop = app.shop().await;
        let access = text(&app.enter(EMAIL, &shop).await, "accessToken");
        let mut body = json!({ "phrase": PHRASE });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let tokens = data_of(&bearer(&shop, &access).post("/api/v2/account/import", &body).await);
        let secret = tokens["secret0"].clone();
        Self {
            app,
            shop,
            tokens,
            secret,
        }
    }

    /// One call, with a new token: the last may have ended while time passed.
    async fn call(&mut self, body: &Value) -> Answer {
        self.tokens = self.app.refresh(&self.shop, &self.tokens).await;
        let wallet = bearer(&self.shop, &text(&self.tokens, "walletToken"));
        wallet.post(EXPORT, body).await
    }

    async fn begin(&mut self, client: &hpke::Client) -> Value {
        let body = json!({ "publicKey": STANDARD.encode(client.public), "secret": self.secret });
        data_of(&self.call(&body).await)
    }

    async fn go_on(&mut self, export: &Value) -> Answer {
        let body = json!({ "exportId": export["exportId"], "secret": self.secret });
        self.call(&body).await
    }

    fn page(&self, export: &Value) -> String {
        text(export, "page")
            .strip_prefix(&self.app.app.url)
            .expect("an address of this server")
            .to_owned()
    }

    async fn submit(&self, browser: &Client, export: &Value, form: String) -> Answer {
        let call = browser.call("POST", &self.page(export));
        call.header("content-type", "application/x-www-form-urlencoded")
            .body(form)
            .send()
            .await
    }

    /// The person asks for a code on the page and types it.
    async fn prove(&self, export: &Value) -> Answer {
        let browser = self.app.browser();
        self.app.advance(60);
        let asked = self.submit(&browser, export, "do=ask".to_owned()).await;
        let challenge = challenge_of(&asked);
        let code = self.app.code_for(EMAIL.to).await;
        let wrong = self
            .submit(
                &browser,
                export,
                format!("do=allow&challenge={challenge}&code=WRONGONE"),
            )
            .await;
        assert_eq!(wrong.status, 401);
        self.submit(&browser, export, format!("do=allow&challenge={challenge}&code={code}"))
            .await
    }
}

/// The challenge that stands in a form.
fn challenge_of(answer: &Answer) -> String {
    let page = answer.page();
    let (_, rest) = page.split_once("name=\"challenge\" value=\"").expect("a form");
    rest.split('"').next().unwrap().to_owned()
}

async fn the_phrase_goes_to_the_clients_key_after_a_proof_and_a_wait(engine: Engine) {
    let mut desk = Desk::new(engine, json!({})).await;
    let client = hpke::Client::new();
    let asked = desk.begin(&client).await;
    assert_eq!((&asked["status"], &asked["readyAt"]), (&json!("asked"), &Value::Null));
    let shown = desk.app.browser().get(&desk.page(&asked)).await;
    assert!(
        shown.page().contains("Shop") && !shown.page().contains("ada"),
        "{shown:?}"
    );
    assert_eq!(data_of(&desk.go_on(&asked).await)["status"], "asked");
    let proven = desk.prove(&asked).await;
    assert!(proven.page().contains("can be taken out from"), "{proven:?}");
    desk.app.app.messages.run_due().await;
    let told = desk.app.inbox(EMAIL.to).await.to_string();
    assert!(
        told.contains("The phrase of your wallet at"),
        "whose wallet it is hears of it: {told}"
    );
    let waiting = data_of(&desk.go_on(&asked).await);
    assert_eq!(waiting["status"], "waiting");
    assert!(waiting["ciphertext"].is_null());
    desk.app.advance(24 * 3_600);
    let out = data_of(&desk.go_on(&asked).await);
    assert_eq!(out["status"], "done");
    let bytes = |name: &str| STANDARD.decode(text(&out, name)).unwrap();
    let aad = text(&out, "aad");
    let pair = |at: usize| u8::from_str_radix(&aad[at..at + 2], 16).unwrap();
    let aad: Vec<u8> = (0..32).step_by(2).map(pair).collect();
    let info = b"aboard-wallet-export-1";
    let opened = client.open(&bytes("enc"), info, &aad, &bytes("ciphertext"));
    assert_eq!(opened.as_deref(), Some(PHRASE.as_bytes()));
    assert!(
        hpke::Client::new()
            .open(&bytes("enc"), info, &aad, &bytes("ciphertext"))
            .is_none()
    );
    // An answer that was lost can be had again, for a while, and is told once.
    assert_eq!(data_of(&desk.go_on(&asked).await)["status"], "done");
    assert_eq!(desk.app.count("events where type = 'wallet.exported'").await, 1);
    let uses = "audit where action = 'wallet.key_used' and details like '%export%'";
    assert_eq!(desk.app.count(uses).await, 2);
    desk.app.advance(24 * 3_600);
    refused(&desk.go_on(&asked).await, 409);
}

async fn whoever_has_the_page_may_stop_it(engine: Engine) {
    let mut desk = Desk::new(engine, json!({})).await;
    desk.app.set("wallets.export_delay_hours", "0").await;
    let client = hpke::Client::new();
    let first = desk.begin(&client).await;
    desk.prove(&first).await;
    let stopped = desk.submit(&desk.app.browser(), &first, "do=stop".to_owned()).await;
    assert!(stopped.page().contains("This is over"), "{stopped:?}");
    refused(&desk.go_on(&first).await, 409);
    // Nor can one go on once another was begun.
    let second = desk.begin(&client).await;
    let third = desk.begin(&client).await;
    assert!(
        desk.app
            .browser()
            .get(&desk.page(&second))
            .await
            .page()
            .contains("This is over")
    );
    refused(&desk.go_on(&second).await, 409);
    desk.prove(&third).await;
    assert_eq!(data_of(&desk.go_on(&third).await)["status"], "done");
    assert_eq!(
        desk.app
            .browser()
            .get("/export/exp_00000000000000000000000007")
            .await
            .status,
        404
    );
}

async fn a_shared_wallet_gives_its_phrase_to_its_person(engine: Engine) {
    let mut desk = Desk::new(engine, json!({ "isCustodian": false, "pin": "246810" })).await;
    desk.app.set("wallets.export_delay_hours", "0").await;
    let client = hpke::Client::new();
    let body = json!({ "publicKey": STANDARD.encode(client.public), "secret": desk.secret, "pin": "246810" });
    let asked = data_of(&desk.call(&body).await);
    desk.prove(&asked).await;
    let body = json!({ "exportId": asked["exportId"], "secret": desk.secret, "pin": "246810" });
    let out = data_of(&desk.call(&body).await);
    let bytes = |name: &str| STANDARD.decode(text(&out, name)).unwrap();
    let aad = text(&out, "aad");
    let pair = |at: usize| u8::from_str_radix(&aad[at..at + 2], 16).unwrap();
    let aad: Vec<u8> = (0..32).step_by(2).map(pair).collect();
    let opened = client.open(&bytes("enc"), b"aboard-wallet-export-1", &aad, &bytes("ciphertext"));
    assert_eq!(opened.as_deref(), Some(PHRASE.as_bytes()));
}

async fn nothing_comes_out_without_secret_key_and_consent(engine: Engine) {
    let mut desk = Desk::new(engine, json!({})).await;
    let key = STANDARD.encode(hpke::Client::new().public);
    let secret = desk.secret.clone();
    let other = desk
        .app
        .new_wallet(EMAIL.with("bob@example.com"), &desk.shop, json!({}))
        .await;
    for (body, status, said) in [
        (json!({ "publicKey": key }), 400, "secret"),
        (json!({ "publicKey": key, "secret": other["secret0"] }), 403, "wrong"),
        (json!({ "secret": secret }), 400, "publicKey"),
        (json!({ "publicKey": "AAAA", "secret": secret }), 400, "32 bytes"),
        (json!({ "exportId": "exp_1", "secret": secret }), 400, "exportId"),
        (
            json!({ "exportId": "exp_00000000000000000000000007", "secret": secret }),
            409,
            "over",
        ),
    ] {
        let why = refused(&desk.call(&body).await, status);
        assert!(why.contains(said), "{body}: {why}");
    }
    // An app that may not send with the wallet may not take it out either.
    let (elsewhere, _) = desk.app.other_shop().await;
    let tokens = desk.app.enter(EMAIL, &elsewhere).await;
    let body = json!({ "publicKey": key, "secret": secret });
    let asked = bearer(&elsewhere, &text(&tokens, "walletToken"))
        .post(EXPORT, &body)
        .await;
    assert_eq!(asked.status, 407);
    assert_eq!(desk.app.count("wallet_exports").await, 0);
}

async fn the_code_is_typed_in_the_browser_that_asked_for_it(engine: Engine) {
    let mut desk = Desk::new(engine, json!({})).await;
    let asked = desk.begin(&hpke::Client::new()).await;
    let (mine, theirs) = (desk.app.browser(), desk.app.browser());
    desk.app.advance(60);
    let sent = desk.submit(&mine, &asked, "do=ask".to_owned()).await;
    let code = desk.app.code_for(EMAIL.to).await;
    // Too early for another one, and the form of the first is still there.
    let challenge = challenge_of(&sent);
    let again = desk
        .submit(&mine, &asked, format!("do=ask&challenge={challenge}"))
        .await;
    assert_eq!((again.status, challenge_of(&again)), (429, challenge.clone()));
    assert!(again.page().contains("in a minute"), "{again:?}");
    let first = desk.submit(&theirs, &asked, "do=ask".to_owned()).await;
    assert_eq!(first.status, 429);
    let form = format!("do=allow&challenge={challenge}&code={code}");
    assert_eq!(desk.submit(&theirs, &asked, form.clone()).await.status, 401);
    assert_eq!(data_of(&desk.go_on(&asked).await)["status"], "asked");
    assert_eq!(desk.submit(&mine, &asked, form).await.status, 200);
    assert_eq!(data_of(&desk.go_on(&asked).await)["status"], "waiting");
}
