//! People with a wallet, who log in on devices that are known and on others.

use serde_json::{Value, json};

use super::app::{Engine, TestApp};
use super::client::{Answer, Client};
use super::codes::{EMAIL, SMS, Way};
use super::wallets::{bearer, claims, data_of, text};

pub const HOUR: u64 = 3_600;
pub const DAY: u64 = 24 * HOUR;
pub const SIGN: &str = "/api/v2/wallet/sign-message";

/// Somebody with a wallet, who has proven an e-mail and a phone.
pub struct Home {
    pub app: TestApp,
    pub shop: Client,
    /// What making the wallet answered.
    pub made: Value,
    /// The token of the device that it was made on.
    pub device: String,
}

pub fn hello() -> Value {
    json!({ "network": "ethereum-sepolia", "message": "hello" })
}

impl Home {
    pub async fn new(engine: Engine, policy: &str) -> Self {
        let home = Self::with_an_email_alone(engine, policy).await;
        home.has_a_phone().await;
        home
    }

    pub async fn with_an_email_alone(engine: Engine, policy: &str) -> Self {
        let app = TestApp::start(engine).await;
        app.set("codes.per_hour", "100").await;
        if !policy.is_empty() {
            app.set("wallets.new_device", policy).await;
        }
        let shop = app.shop().await;
        let (first, device) = log_in(&app, EMAIL, &shop).await;
        let person = bearer(&shop, &text(&first, "accessToken"));
        let made = data_of(&person.post("/api/v2/account/create", &json!({})).await);
        Self {
            app,
            shop,
            made,
            device,
        }
    }

    /// The person has proven a phone as well.
    pub async fn has_a_phone(&self) {
        let said = claims(&text(&self.made, "walletToken"));
        self.app.prove(&text(&said, "uid"), "phone", SMS.to).await;
    }

    /// A log-in on a device that brings no token.
    pub async fn strange(&self, way: Way) -> (Value, String) {
        log_in(&self.app, way, &self.shop).await
    }

    /// A log-in on a device that brings this token.
    pub async fn on(&self, way: Way, device: &str) -> (Value, String) {
        log_in(&self.app, way, &self.shop.with("x-device-token", device)).await
    }

    /// What signing a text answers to the next token of a log-in.
    pub async fn signs(&self, tokens: &mut Value) -> Answer {
        self.call(tokens, SIGN, &hello()).await
    }

    /// A call with the next token of a log-in.
    pub async fn call(&self, tokens: &mut Value, path: &str, body: &Value) -> Answer {
        *tokens = self.app.refresh(&self.shop, tokens).await;
        bearer(&self.shop, &text(tokens, "walletToken")).post(path, body).await
    }

    /// The texts about new devices that somebody got, newest first.
    pub async fn told(&self, to: &str) -> Vec<String> {
        self.app.app.messages.run_due().await;
        let kept = self.app.inbox(to).await;
        let texts = kept.as_array().into_iter().flatten().map(|kept| text(kept, "text"));
        texts.filter(|text| text.contains("on a new device")).collect()
    }
}

/// A whole log-in; answers its data and the token of the device.
pub async fn log_in(app: &TestApp, way: Way, shop: &Client) -> (Value, String) {
    app.advance(60);
    let token = way.begin(shop).await;
    let answer = way.verify(shop, &token, &app.code_for(way.to).await).await;
    (data_of(&answer), answer.header("x-device-token").to_owned())
}

/// Until when a refusal says that the log-in is held.
#[track_caller]
pub fn held(app: &TestApp, answer: &Answer) -> String {
    assert_eq!(answer.status, 403, "{answer:?}");
    let json = answer.json();
    let (until, page) = (text(&json["data"], "until"), text(&json["data"], "page"));
    let message = text(&json, "message");
    assert!(message.contains(&until) && message.contains(&page), "{message}");
    assert!(page.starts_with(&format!("{}/device/dev_", app.app.url)), "{page}");
    let ends_at: jiff::Timestamp = until.parse().expect("a time");
    let wait: i64 = answer.header("retry-after").parse().expect("seconds");
    let left = ends_at.as_second() - app.now().as_second();
    assert!((left..=left + 2).contains(&wait), "{wait} {left}");
    until
}
