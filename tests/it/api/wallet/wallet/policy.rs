//! An app's policy, on every call that signs.

use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::client::{Answer, Client};
use crate::support::codes::EMAIL;
use crate::support::sending::{Rig, TO};
use crate::support::wallets::{bearer, claims, data_of, refused, text};

on_both! {
    a_refusal_says_which_rule_and_opens_no_key,
    what_may_be_spent_in_a_time_is_counted_once_for_each_call,
    all_wallets_of_an_app_share_its_limit_however_many_sign_at_once,
    what_is_sent_is_decided_like_what_is_signed,
}

const FRIEND: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const STRANGER: &str = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";

/// Somebody with a wallet, at an app with a policy.
struct Desk {
    app: TestApp,
    shop: Client,
    tokens: Value,
}

impl Desk {
    async fn new(engine: Engine) -> Self {
        let app = TestApp::start(engine).await;
        let shop = app.shop().await;
        let tokens = app.new_wallet(EMAIL, &shop, json!({})).await;
        Self { app, shop, tokens }
    }

    async fn rules(&self, policy: Option<Value>) {
        let id = claims(&text(&self.tokens, "walletToken"))["app"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        let (store, admin) = (&self.app.instance().store, self.app.admin());
        let policy = policy.map(|policy| policy.to_string());
        assert!(store.set_app_policy(&admin, id, policy, self.app.now()).await.unwrap());
    }

    /// One call, with a new token.
    async fn call(&mut self, path: &str, body: &Value, key: Option<&str>) -> Answer {
        self.tokens = self.app.refresh(&self.shop, &self.tokens).await;
        let caller = bearer(&self.shop, &text(&self.tokens, "walletToken"));
        let caller = match key {
            Some(key) => caller.with("idempotency-key", key),
            None => caller,
        };
        caller.post(&format!("/api/v2/wallet/{path}"), body).await
    }
}

fn pay(to: &str, value: u64) -> Value {
    json!({ "network": "ethereum-sepolia", "transaction": {
        "to": to, "value": value.to_string(), "nonce": 0, "gasLimit": "21000", "maxFeePerGas": "1",
    } })
}

async fn a_refusal_says_which_rule_and_opens_no_key(engine: Engine) {
    let mut desk = Desk::new(engine).await;
    let hello = json!({ "network": "ethereum-sepolia", "message": "hello" });
    let typed = json!({ "network": "ethereum-sepolia", "data": json!({
        "types": { "Greeting": [{ "name": "text", "type": "string" }] }, "primaryType": "Greeting",
        "domain": { "name": "Example" }, "message": { "text": "Hello" },
    }).to_string() });
    let lamports = json!({ "network": "solana-devnet", "transaction": {
        "feePayer": desk.tokens["address"][1]["address"], "recentBlockhash": "4uQeVj5tqViQh7yWWGStvkEG1Zmhx6uasJtWCJziofM",
        "instructions": [{ "programId": "MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr", "keys": [], "data": [104] }],
    } });
    desk.app.set("wallets.sign_hash", "true").await;
    let hash = json!({ "network": "ethereum-sepolia", "hash": format!("0x{}", "5c".repeat(32)) });
    for (path, body) in [
        ("sign-message", &hello),
        ("sign-typed-data", &typed),
        ("sign-transaction", &pay(STRANGER, 1)),
        ("sign-transaction", &lamports),
        ("sign-hash", &hash),
    ] {
        data_of(&desk.call(path, body, None).await);
    }
    let uses = desk.app.count("audit where action = 'wallet.key_used'").await;
    for (rules, path, body, rule) in [
        (
            json!({ "operations": ["transaction"] }),
            "sign-message",
            &hello,
            "operations",
        ),
        (
            json!({ "networks": ["base-sepolia"] }),
            "sign-message",
            &hello,
            "networks",
        ),
        (
            json!({ "typed_data": [{ "name": "Other" }] }),
            "sign-typed-data",
            &typed,
            "typed_data",
        ),
        (
            json!({ "recipients": [FRIEND] }),
            "sign-transaction",
            &pay(STRANGER, 1),
            "recipients",
        ),
        (
            json!({ "programs": ["11111111111111111111111111111111"] }),
            "sign-transaction",
            &lamports,
            "programs",
        ),
        (json!({ "recipients": [FRIEND] }), "sign-hash", &hash, "operations"),
    ] {
        desk.rules(Some(rules)).await;
        let why = refused(&desk.call(path, body, None).await, 403);
        assert!(why.contains(&format!("`{rule}`")), "{why}");
    }
    assert_eq!(desk.app.count("audit where action = 'wallet.key_used'").await, uses);
    data_of(&desk.call("sign-transaction", &pay(FRIEND, 1), None).await);
    desk.rules(None).await;
    data_of(&desk.call("sign-hash", &hash, None).await);
    assert_eq!(desk.app.count("audit where action = 'wallet.key_used'").await, uses + 2);
}

async fn what_may_be_spent_in_a_time_is_counted_once_for_each_call(engine: Engine) {
    let mut desk = Desk::new(engine).await;
    // Fees are 21000 each.
    desk.rules(Some(json!({ "value": [
        { "network": "ethereum-sepolia", "per_window": "100000", "window_hours": 1 },
        { "network": "ethereum-sepolia", "per_window": "10000000", "window_hours": 24 },
    ] })))
    .await;
    let (half, rest) = (pay(FRIEND, 29_000), pay(FRIEND, 29_001));
    // The same call again is the same spending.
    for _ in 0..3 {
        data_of(&desk.call("sign-transaction", &half, Some("one")).await);
    }
    let why = refused(&desk.call("sign-transaction", &rest, None).await, 403);
    assert!(why.contains("`value`") && why.contains("1 hours"), "{why}");
    // Nor does a call that was refused count, or get through when it is made again.
    for _ in 0..2 {
        refused(&desk.call("sign-transaction", &rest, Some("two")).await, 403);
    }
    data_of(&desk.call("sign-transaction", &half, None).await);
    refused(&desk.call("sign-transaction", &pay(FRIEND, 0), None).await, 403);
    desk.app.advance(3_600);
    data_of(&desk.call("sign-transaction", &half, None).await);
    assert_eq!(desk.app.count("value_windows").await, 3);
}

async fn all_wallets_of_an_app_share_its_limit_however_many_sign_at_once(engine: Engine) {
    const PEOPLE: [&str; 4] = [
        "bob@example.com",
        "cyd@example.com",
        "dan@example.com",
        "eve@example.com",
    ];
    let mut desk = Desk::new(engine).await;
    // Fees are 21000 each: two of 50000 fit the hour, and each wallet alone would have room for one more.
    desk.rules(Some(json!({ "value": [{
        "network": "ethereum-sepolia", "per_window": "100000", "per_app_window": "149999", "window_hours": 1,
    }] })))
    .await;
    let mut callers = Vec::new();
    for to in PEOPLE {
        let made = desk.app.new_wallet(EMAIL.with(to), &desk.shop, json!({})).await;
        callers.push(bearer(&desk.shop, &text(&made, "walletToken")));
    }
    let body = pay(FRIEND, 29_000);
    let calls = callers
        .iter()
        .map(|caller| caller.post("/api/v2/wallet/sign-transaction", &body));
    let answers: Vec<Answer> = futures_util::future::join_all(calls).await;
    let (signed, others): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!((signed.len(), others.len()), (2, 2));
    for answer in others {
        let why = refused(answer, 403);
        assert!(
            why.contains("`value`") && why.contains("the app's wallets together"),
            "{why}"
        );
    }
    refused(&desk.call("sign-transaction", &body, None).await, 403);
    desk.app.advance(3_600);
    data_of(&desk.call("sign-transaction", &body, None).await);
}

async fn what_is_sent_is_decided_like_what_is_signed(engine: Engine) {
    let mut rig = Rig::start(engine).await;
    let apps = rig
        .app
        .instance()
        .store
        .apps(rig.app.instance().store.system())
        .await
        .unwrap();
    let rules = json!({ "recipients": [TO], "value": [
        { "network": "ethereum-sepolia", "per_transaction": "200000000000000000", "per_window": "250000000000000000", "window_hours": 24 },
    ] });
    for known in apps {
        let (store, admin, now) = (&rig.app.instance().store, rig.app.admin(), rig.app.now());
        store
            .set_app_policy(&admin, known.id, Some(rules.to_string()), now)
            .await
            .unwrap();
    }
    let before = rig.app.count("sends").await;
    let why = rig
        .refused("send-coin", json!({ "to": STRANGER, "amount": "0.1" }), 403)
        .await;
    assert!(why.contains("`recipients`"), "{why}");
    let why = rig
        .refused("send-coin", json!({ "to": TO, "amount": "0.2" }), 403)
        .await;
    assert!(why.contains("`value`"), "fees count as well: {why}");
    assert_eq!(rig.app.count("sends").await, before, "nothing was signed");
    // A refusal holds no place in the order of the address.
    for amount in ["0.1", "0.11"] {
        rig.sends("send-coin", json!({ "to": TO, "amount": amount })).await;
    }
    let why = rig
        .refused("send-coin", json!({ "to": TO, "amount": "0.12" }), 403)
        .await;
    assert!(why.contains("24 hours"), "{why}");
}
