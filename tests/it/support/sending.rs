//! A wallet with money on a chain of its own, and what becomes of what it sends.

use aboard::store::Send;
use serde_json::{Value, json};

use super::anvil::{Anvil, ENDPOINTS};
use super::app::{Engine, TestApp};
use super::hooks::data_of as events_of;
use super::valve::Valve;
use super::wallets::Holder;

/// Where test money goes.
pub const TO: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
/// One ether, in wei.
pub const COIN: u128 = 1_000_000_000_000_000_000;

/// A server, a chain behind a node that can lose things, and a wallet with ten coins.
pub struct Rig {
    pub app: TestApp,
    pub chain: Anvil,
    pub node: Valve,
    pub ada: Holder,
}

impl Rig {
    pub async fn start(engine: Engine) -> Self {
        Self::with(engine, &[]).await
    }

    /// With settings of its own.
    pub async fn with(engine: Engine, settings: &[(&str, &str)]) -> Self {
        Self::on(engine, Anvil::start(), settings).await
    }

    /// On this chain, behind nodes that are asked first: their addresses, with commas.
    pub async fn behind(engine: Engine, others: &str, chain: Anvil) -> Self {
        Self::on(engine, chain, &[(ENDPOINTS, others)]).await
    }

    /// On a chain whose blocks come when a test makes them.
    pub async fn waiting(engine: Engine) -> Self {
        let id = super::anvil::SEPOLIA.to_string();
        Self::on(engine, Anvil::with(&["--chain-id", &id, "--no-mining"]), &[]).await
    }

    async fn on(engine: Engine, chain: Anvil, settings: &[(&str, &str)]) -> Self {
        let node = Valve::before(&chain).await;
        let (first, rest): (Vec<_>, Vec<_>) = settings.iter().copied().partition(|(name, _)| *name == ENDPOINTS);
        let nodes: Vec<_> = first
            .iter()
            .map(|(_, nodes)| (*nodes).to_owned())
            .chain([node.url()])
            .collect();
        let nodes = nodes.join(",");
        let settings: Vec<_> = rest.into_iter().chain([(ENDPOINTS, &*nodes)]).collect();
        let app = TestApp::with(engine, &settings).await;
        let ada = app.holder().await;
        chain.fund(&ada.evm, 10 * COIN).await;
        Self { app, chain, node, ada }
    }

    /// A call that does what it was asked; its data.
    pub async fn gets(&mut self, path: &str, body: Value) -> Value {
        self.ada.gets(&self.app, path, on_sepolia(body)).await
    }

    /// A call that is refused with this status; its message.
    pub async fn refused(&mut self, path: &str, body: Value, status: u16) -> String {
        let answer = self.ada.call(&self.app, path, &on_sepolia(body)).await;
        assert_eq!(answer.status, status, "{answer:?}");
        answer.json()["message"].as_str().expect("a text").to_owned()
    }

    /// A send that works; its `txReceipt`.
    pub async fn sends(&mut self, path: &str, body: Value) -> Value {
        self.gets(path, body).await["txReceipt"].clone()
    }

    /// A tenth of a coin, sent; its `txReceipt`.
    pub async fn sends_coin(&mut self, more: Value) -> Value {
        let mut body = json!({ "to": TO, "amount": "0.1" });
        for (name, value) in more.as_object().expect("an object") {
            body[name] = value.clone();
        }
        self.sends("send-coin", body).await
    }

    /// Time passes and the job looks at what is due, until nothing is for a while.
    pub async fn follow(&self) {
        follow(&self.app).await;
    }

    /// The wallet's newest sends.
    pub async fn stored(&self) -> Vec<Send> {
        let store = &self.app.instance().store;
        let environment = self.app.sandbox.environment.id;
        store
            .sends(self.app.system(), environment, false, 100)
            .await
            .expect("a list")
    }

    /// What became of each send, by its hash: the words after `transaction.`, in order.
    pub async fn told(&self, hash: &Value) -> Vec<String> {
        told(&self.app, hash.as_str().expect("a text")).await
    }

    /// The events about sends.
    pub async fn events(&self) -> Vec<Value> {
        events(&self.app).await
    }

    /// The receipt on the chain, as soon as there is one.
    pub async fn mined(&self, hash: &Value) -> Value {
        self.chain.mined(hash.as_str().expect("a hash")).await
    }

    /// The receipt on the chain, or null.
    pub async fn receipt(&self, hash: &Value) -> Value {
        self.chain.ask("eth_getTransactionReceipt", json!([hash])).await
    }
}

/// A body on the test's network.
pub fn on_sepolia(body: Value) -> Value {
    let mut body = body;
    body["network"] = json!("ethereum-sepolia");
    body
}

/// Time passes and the job looks at what is due, until nothing is for a while.
pub async fn follow(app: &TestApp) {
    for _ in 0..4 {
        app.advance(61);
        app.app.sends.run_due().await;
    }
}

/// The events about sends.
pub async fn events(app: &TestApp) -> Vec<Value> {
    app.settled().await;
    let page = app.server().get("/v1/events?types=transaction.*&limit=100").await;
    events_of(200, &page).as_array().expect("a list").clone()
}

/// What became of a send, by its hash: the words after `transaction.`, in order.
pub async fn told(app: &TestApp, hash: &str) -> Vec<String> {
    let events = events(app).await.into_iter();
    let of_it = events.filter(|event| event["data"]["hash"] == *hash);
    let word = |event: Value| event["type"].as_str().map(|kind| kind.replace("transaction.", ""));
    of_it.filter_map(word).collect()
}
