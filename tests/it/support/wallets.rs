//! Wallets, as an app works with them.

use aboard::domain::{AppId, WalletId};
use aboard::store::StoredSetting;
use serde_json::{Value, json};

use super::app::TestApp;
use super::client::{Answer, Client};
use super::codes::Way;
use super::token::parts;

/// The shop with a token in `Authorization`.
pub fn bearer(shop: &Client, token: &str) -> Client {
    shop.with("authorization", &format!("Bearer {token}"))
}

/// A text of an answer's data.
#[track_caller]
pub fn text(data: &Value, field: &str) -> String {
    data[field]
        .as_str()
        .unwrap_or_else(|| panic!("{field}: {data}"))
        .to_owned()
}

/// The data of an answer that did what it was asked.
#[track_caller]
pub fn data_of(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["data"].clone()
}

/// The message of a refusal, in the surface's shape.
#[track_caller]
pub fn refused(answer: &Answer, status: u16) -> String {
    assert_eq!(answer.status, status, "{answer:?}");
    let json = answer.json();
    assert_eq!(json["status"], status);
    assert_eq!(json["data"], Value::Null, "{json}");
    json["message"].as_str().expect("a text").to_owned()
}

/// What a wallet token says.
pub fn claims(token: &str) -> Value {
    parts(token).1
}

/// The address of a family.
#[track_caller]
pub fn address(data: &Value, family: &str) -> String {
    let all = data["address"].as_array().or_else(|| data["addresses"].as_array());
    let found = all.into_iter().flatten().find(|known| known["network"] == family);
    text(found.unwrap_or_else(|| panic!("{family}: {data}")), "address")
}

/// Somebody with a wallet, who gets another token for each call.
pub struct Holder {
    shop: Client,
    tokens: Value,
    /// The wallet's address on chains of the family evm.
    pub evm: String,
    /// On Solana.
    pub solana: String,
    /// On Bitcoin.
    pub bitcoin: String,
}

impl Holder {
    /// A call of version 2 to the wallet.
    pub async fn call(&mut self, app: &TestApp, path: &str, body: &Value) -> Answer {
        self.next(app).await.post(&format!("/api/v2/wallet/{path}"), body).await
    }

    /// The shop with a token for one more call.
    pub async fn next(&mut self, app: &TestApp) -> Client {
        self.tokens = app.refresh(&self.shop, &self.tokens).await;
        bearer(&self.shop, &text(&self.tokens, "walletToken"))
    }

    /// The app that the wallet was made through.
    pub fn app(&self) -> AppId {
        let said = claims(&text(&self.tokens, "walletToken"));
        text(&said, "app").parse().expect("an id")
    }

    /// The wallet.
    pub fn wallet(&self) -> WalletId {
        let said = claims(&text(&self.tokens, "walletToken"));
        text(&said, "wid").parse().expect("an id")
    }

    /// The data of a call that does what it was asked.
    pub async fn gets(&mut self, app: &TestApp, path: &str, body: Value) -> Value {
        data_of(&self.call(app, path, &body).await)
    }

    /// The message of a call that is refused.
    pub async fn refused(&mut self, app: &TestApp, path: &str, body: Value, status: u16) -> String {
        refused(&self.call(app, path, &body).await, status)
    }
}

impl TestApp {
    /// Somebody of the sandbox with a new wallet.
    pub async fn holder(&self) -> Holder {
        let shop = self.shop().await;
        let tokens = self.new_wallet(super::codes::EMAIL, &shop, json!({})).await;
        Holder {
            evm: address(&tokens, "evm"),
            solana: address(&tokens, "solana"),
            bitcoin: address(&tokens, "bitcoin"),
            shop,
            tokens,
        }
    }

    /// The same person, logged in once more.
    pub async fn same_holder(&self, known: &Holder) -> Holder {
        let tokens = self.enter(super::codes::EMAIL, &known.shop).await;
        Holder {
            shop: known.shop.clone(),
            tokens,
            evm: known.evm.clone(),
            solana: known.solana.clone(),
            bitcoin: known.bitcoin.clone(),
        }
    }

    /// A whole log-in; answers its data.
    pub async fn enter(&self, way: Way, shop: &Client) -> Value {
        self.advance(60);
        let token = way.begin(shop).await;
        data_of(&way.verify(shop, &token, &self.code_for(way.to).await).await)
    }

    /// A log-in that makes a wallet; answers what making it answered.
    pub async fn new_wallet(&self, way: Way, shop: &Client, body: Value) -> Value {
        let access = text(&self.enter(way, shop).await, "accessToken");
        data_of(&bearer(shop, &access).post("/api/v2/account/create", &body).await)
    }

    /// Another wallet token for a log-in; answers both tokens.
    pub async fn refresh(&self, shop: &Client, data: &Value) -> Value {
        let body = json!({ "refreshToken": data["refreshToken"] });
        data_of(&shop.post("/api/v2/wallet/refresh", &body).await)
    }

    /// Sets something for the sandbox.
    pub async fn set(&self, name: &str, value: &str) {
        let setting = StoredSetting {
            environment: self.sandbox.environment.id,
            name: name.to_owned(),
            value: value.to_owned(),
        };
        let store = &self.instance().store;
        store
            .set_setting(&self.admin(), setting, self.now())
            .await
            .expect("set");
        self.instance().settings.load(store).await.expect("read");
    }

    /// Another app of the sandbox, with its id.
    pub async fn other_shop(&self) -> (Client, AppId) {
        let made = self.new_app(&self.sandbox, &["https://other.example.com"]).await;
        (self.anonymous().with("x-client-secret", &made.client_secret), made.app)
    }
}
