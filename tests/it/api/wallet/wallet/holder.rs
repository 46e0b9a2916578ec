//! A person with a wallet, who calls one operation after the other.

use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::client::{Answer, Client};
use crate::support::codes::EMAIL;
use crate::support::wallets::{address, bearer, data_of, text};

/// The wallet, and the tokens of its newest call.
pub struct Holder<'a> {
    app: &'a TestApp,
    shop: Client,
    made: Value,
    tokens: Value,
}

impl<'a> Holder<'a> {
    pub async fn new(app: &'a TestApp) -> Self {
        let shop = app.shop().await;
        let made = app.new_wallet(EMAIL, &shop, json!({})).await;
        Self {
            app,
            shop,
            tokens: made.clone(),
            made,
        }
    }

    /// The wallet's address of a family.
    pub fn address(&self, family: &str) -> String {
        address(&self.made, family)
    }

    /// One operation, with a token of its own.
    pub async fn call(&mut self, path: &str, body: &Value) -> Answer {
        self.tokens = self.app.refresh(&self.shop, &self.tokens).await;
        let wallet = bearer(&self.shop, &text(&self.tokens, "walletToken"));
        wallet.post(&format!("/api/v2/wallet/{path}"), body).await
    }

    /// The same, for what has to work.
    pub async fn data(&mut self, path: &str, body: &Value) -> Value {
        data_of(&self.call(path, body).await)
    }
}
