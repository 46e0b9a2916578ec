//! Fees that are raised, and sends that are taken back, on Bitcoin: judged by Bitcoin Core's own code and its rules for what
//! takes the place of what waits (BIP-125).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bitcoin::absolute::LockTime;
use bitcoin::consensus::encode::serialize_hex;
use bitcoin::transaction::Version;
use bitcoin::{Amount, OutPoint, Psbt, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Witness};
use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::esplora::{self, Esplora};
use crate::support::sending::{events, follow, told};
use crate::support::wallets::{Holder, text};

on_both! {
    a_fee_is_raised_and_the_payment_lands_once,
    a_payment_that_waits_is_taken_back,
    what_was_replaced_may_land_all_the_same,
    a_higher_fee_may_take_another_coin,
    a_replacement_offers_enough_and_no_more_than_may_be,
    what_cannot_be_replaced_is_left_alone,
    replacing_with_one_key_is_done_once,
}

const ENDPOINTS: &str = "networks.bitcoin-testnet.endpoints";
const NETWORK: &str = "bitcoin-testnet";
/// The address of BIP-173's vector.
const TO: &str = "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx";

struct Rig {
    app: TestApp,
    network: Esplora,
    ada: Holder,
}

impl Rig {
    /// A server with a network of its own, and a wallet with these coins in blocks.
    async fn with(engine: Engine, coins: &[u64], more: &[(&str, &str)]) -> Self {
        let network = Esplora::start().await;
        let url = network.url();
        let settings: Vec<_> = more.iter().copied().chain([(ENDPOINTS, &*url)]).collect();
        let app = TestApp::with(engine, &settings).await;
        let ada = app.holder().await;
        for value in coins {
            network.fund(&ada.bitcoin, *value, true);
        }
        Self { app, network, ada }
    }

    async fn start(engine: Engine, coins: &[u64]) -> Self {
        Self::with(engine, coins, &[]).await
    }

    /// Sends this much; its hash.
    async fn pays(&mut self, amount: &str, more: Value) -> String {
        let sent = self.ada.gets(&self.app, "send-coin", payment(amount, more)).await;
        text(&sent["txReceipt"], "hash")
    }

    async fn cancels(&mut self, hash: &str, more: Value) -> String {
        text(
            &self.ada.gets(&self.app, "cancel-transaction", cancel(hash, more)).await,
            "hash",
        )
    }

    async fn refused(&mut self, path: &str, body: Value, status: u16) -> String {
        self.ada.refused(&self.app, path, body, status).await
    }

    async fn settles(&self) {
        self.network.mine(1);
        follow(&self.app).await;
    }

    /// What was said of a send that another one took the place of.
    async fn replaced(&self, hash: &str) -> (Value, Value) {
        let events = events(&self.app).await;
        let event = events
            .iter()
            .find(|event| event["type"] == "transaction.replaced" && event["data"]["hash"] == *hash);
        let data = &event.unwrap_or_else(|| panic!("{hash}: {events:?}"))["data"];
        (data["replaced_by"].clone(), data["cancelled"].clone())
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is written where it is passed")]
fn with(mut body: Value, more: Value) -> Value {
    for (name, value) in more.as_object().expect("an object") {
        body[name] = value.clone();
    }
    body
}

fn payment(amount: &str, more: Value) -> Value {
    with(json!({ "network": NETWORK, "to": TO, "amount": amount }), more)
}

fn cancel(hash: &str, more: Value) -> Value {
    with(json!({ "network": NETWORK, "transactionHash": hash }), more)
}

async fn a_fee_is_raised_and_the_payment_lands_once(engine: Engine) {
    let mut rig = Rig::start(engine, &[200_000]).await;
    let slow = rig.pays("0.0005", json!({ "feeRate": 2 })).await;
    let sent = rig.network.transaction(&slow).expect("it was given");
    assert!(sent.is_explicitly_rbf());
    // Without a rate what is usual now, 12 satoshi for a virtual byte.
    let fast = rig.pays("0.0005", json!({ "replaces": slow })).await;
    assert_eq!(rig.network.transaction(&slow), None, "the network has dropped it");
    let raised = rig.network.transaction(&fast).expect("it was given");
    assert_eq!(raised.input[0].previous_output, sent.input[0].previous_output);
    assert_eq!((rig.network.fee(&fast), rig.network.worth(TO)), (12 * 141, 50_000));
    // Nothing says yet that the first one will not happen.
    follow(&rig.app).await;
    assert_eq!(told(&rig.app, &slow).await, ["sent"]);
    rig.settles().await;
    assert_eq!(told(&rig.app, &fast).await, ["sent", "confirmed"]);
    assert_eq!(told(&rig.app, &slow).await, ["sent", "replaced"]);
    assert_eq!(rig.replaced(&slow).await, (json!(fast), json!(false)));
    assert_eq!(rig.network.worth(TO), 50_000);
    // What came back can be spent.
    rig.pays("0.001", json!({})).await;
}

async fn a_payment_that_waits_is_taken_back(engine: Engine) {
    let mut rig = Rig::start(engine, &[200_000]).await;
    let own = rig.ada.bitcoin.clone();
    let first = rig.pays("0.0005", json!({ "feeRate": "2" })).await;
    let second = rig.pays("0.0006", json!({ "replaces": first, "feeRate": "4" })).await;
    let third = rig.cancels(&second, json!({})).await;
    assert_eq!(rig.network.worth(TO), 0);
    let fee = rig.network.fee(&third);
    assert_eq!(rig.network.worth(&own), 200_000 - fee);
    // What comes back from it is not spent while the others may still happen.
    let message = rig.refused("send-coin", payment("0.0004", json!({})), 400).await;
    assert!(message.contains("wait for a block"), "{message}");
    rig.settles().await;
    assert_eq!(told(&rig.app, &third).await, ["sent", "confirmed"]);
    for gone in [&first, &second] {
        assert_eq!(told(&rig.app, gone).await, ["sent", "replaced"]);
        assert_eq!(rig.replaced(gone).await, (json!(third), json!(true)));
    }
    assert_eq!(rig.app.count("jobs where kind = 'send'").await, 0);
    rig.pays("0.0005", json!({})).await;
}

/// A miner may never have heard of the replacement.
async fn what_was_replaced_may_land_all_the_same(engine: Engine) {
    let mut rig = Rig::start(engine, &[200_000]).await;
    let first = rig.pays("0.0005", json!({ "feeRate": 2 })).await;
    let raw = serialize_hex(&rig.network.transaction(&first).expect("it was given"));
    let second = rig.cancels(&first, json!({})).await;
    rig.network.forget(&second);
    assert_eq!(rig.network.give(&raw), Ok(first.clone()));
    rig.settles().await;
    assert_eq!(told(&rig.app, &first).await, ["sent", "confirmed"]);
    assert_eq!(told(&rig.app, &second).await, ["sent", "replaced"]);
    assert_eq!(rig.replaced(&second).await, (json!(first), json!(false)));
    assert_eq!(rig.network.worth(TO), 50_000);
    assert_eq!(rig.app.count("jobs where kind = 'send'").await, 0);
}

async fn a_higher_fee_may_take_another_coin(engine: Engine) {
    let mut rig = Rig::start(engine, &[50_300]).await;
    let slow = rig.pays("0.0005", json!({ "feeRate": 1 })).await;
    assert_eq!(rig.network.transaction(&slow).expect("it was given").output.len(), 1);
    let message = rig
        .refused("send-coin", payment("0.0005", json!({ "replaces": slow })), 400)
        .await;
    assert!(message.contains("send less"), "{message}");
    // A coin that waits is none: nodes would not take it.
    rig.network.fund(&rig.ada.bitcoin, 80_000, false);
    rig.refused("send-coin", payment("0.0005", json!({ "replaces": slow })), 400)
        .await;
    rig.network.fund(&rig.ada.bitcoin, 70_000, true);
    let fast = rig.pays("0.0005", json!({ "replaces": slow })).await;
    let raised = rig.network.transaction(&fast).expect("it was given");
    assert_eq!((raised.input.len(), raised.output.len()), (2, 2));
    assert_eq!(rig.network.fee(&fast), 12 * 209);
    rig.settles().await;
    assert_eq!(told(&rig.app, &slow).await, ["sent", "replaced"]);
}

async fn a_replacement_offers_enough_and_no_more_than_may_be(engine: Engine) {
    let ceiling = ("networks.bitcoin-testnet.max_fee_rate", "30");
    let mut rig = Rig::with(engine, &[200_000], &[ceiling]).await;
    let first = rig.pays("0.0005", json!({ "feeRate": 20 })).await;
    // It pays 2820, and has to pay a satoshi more for each of 141 virtual bytes.
    let asks = |rate: Value| payment("0.0005", json!({ "replaces": first, "feeRate": rate }));
    let message = rig.refused("send-coin", asks(json!(20.9)), 400).await;
    assert!(message.contains("feeRate has to be at least 21.000"), "{message}");
    let message = rig.refused("send-coin", asks(json!(31)), 400).await;
    assert!(message.contains("at most 30"), "{message}");
    assert_eq!(rig.app.count("sends").await, 1);
    let second = text(
        &rig.ada.gets(&rig.app, "send-coin", asks(json!(21))).await["txReceipt"],
        "hash",
    );
    assert_eq!(rig.network.fee(&second), 21 * 141);
    // Without a rate the least that does, where what is usual is less.
    let third = rig.pays("0.0005", json!({ "replaces": second })).await;
    assert_eq!(rig.network.fee(&third), 22 * 141);
    let top = rig.pays("0.0005", json!({ "replaces": third, "feeRate": 30 })).await;
    let message = rig
        .refused("send-coin", payment("0.0005", json!({ "replaces": top })), 409)
        .await;
    assert!(message.contains("networks.bitcoin-testnet.max_fee_rate"), "{message}");
    assert_eq!(rig.network.fee(&top), 30 * 141);
    assert_eq!(rig.app.count("sends").await, 4);
}

async fn what_cannot_be_replaced_is_left_alone(engine: Engine) {
    let mut rig = Rig::start(engine, &[200_000]).await;
    let own = rig.ada.bitcoin.clone();
    let message = rig
        .refused("cancel-transaction", cancel(&"5c".repeat(32), json!({})), 409)
        .await;
    assert!(message.contains("No send of this wallet"), "{message}");
    let message = rig
        .refused("cancel-transaction", json!({ "network": NETWORK, "nonce": 0 }), 400)
        .await;
    assert!(message.contains("transactionHash is required"), "{message}");
    let message = rig
        .refused(
            "cancel-transaction",
            json!({ "network": "solana-devnet", "nonce": 0 }),
            400,
        )
        .await;
    assert!(message.contains("no node of solana-devnet"), "{message}");

    let first = rig.pays("0.0005", json!({ "feeRate": 2 })).await;
    let second = rig.cancels(&first, json!({})).await;
    let taken = rig
        .ada
        .call(&rig.app, "cancel-transaction", &cancel(&first, json!({})))
        .await;
    assert_eq!((taken.status, &taken.json()["data"]["hash"]), (409, &json!(second)));
    rig.settles().await;
    let message = rig.refused("cancel-transaction", cancel(&second, json!({})), 409).await;
    assert!(message.contains("has ended"), "{message}");

    // What comes back from a send pays for another one.
    let parent = rig.pays("0.0005", json!({ "feeRate": 2 })).await;
    let child = rig.pays("0.0004", json!({ "feeRate": 2 })).await;
    let message = rig.refused("cancel-transaction", cancel(&parent, json!({})), 409).await;
    assert!(message.contains(&child), "{message}");
    rig.network.mine(1);
    let message = rig.refused("cancel-transaction", cancel(&child, json!({})), 409).await;
    assert!(message.contains("stands in a block"), "{message}");
    follow(&rig.app).await;

    // A transaction of the caller's own that says that its fee is final.
    let coin = rig.network.fund(&own, 40_000, true);
    let spend = Transaction {
        version: Version::TWO,
        lock_time: LockTime::ZERO,
        input: vec![TxIn {
            previous_output: OutPoint::new(coin, 0),
            script_sig: ScriptBuf::new(),
            sequence: Sequence::MAX,
            witness: Witness::new(),
        }],
        output: vec![TxOut {
            value: Amount::from_sat(39_000),
            script_pubkey: esplora::script(TO),
        }],
    };
    let mut psbt = Psbt::from_unsigned_tx(spend).unwrap();
    psbt.inputs[0].non_witness_utxo = rig.network.transaction(&coin.to_string());
    let body = json!({ "network": NETWORK, "transaction": { "psbt": STANDARD.encode(psbt.serialize()) } });
    let message = rig
        .refused(
            "send-transaction",
            with(body.clone(), json!({ "replaces": parent })),
            400,
        )
        .await;
    assert!(message.contains("send-coin"), "{message}");
    let last = text(
        &rig.ada.gets(&rig.app, "send-transaction", body).await["txReceipt"],
        "hash",
    );
    let message = rig.refused("cancel-transaction", cancel(&last, json!({})), 409).await;
    assert!(message.contains("final"), "{message}");
    assert_eq!(told(&rig.app, &last).await, ["sent"]);
}

async fn replacing_with_one_key_is_done_once(engine: Engine) {
    let mut rig = Rig::start(engine, &[200_000]).await;
    let first = rig.pays("0.0005", json!({ "feeRate": 2 })).await;
    let body = payment("0.0005", json!({ "replaces": first }));
    let (one, two) = (rig.ada.next(&rig.app).await, rig.ada.next(&rig.app).await);
    let keyed = |caller: crate::support::client::Client| caller.with("idempotency-key", "raise");
    let (one, two) = (keyed(one), keyed(two));
    let (one, two) = (
        one.post("/api/v2/wallet/send-coin", &body).await,
        two.post("/api/v2/wallet/send-coin", &body).await,
    );
    let hash = |answer: &crate::support::client::Answer| answer.json()["data"]["txReceipt"]["hash"].clone();
    assert_eq!((one.status, two.status), (200, 200), "{two:?}");
    assert_eq!(hash(&one), hash(&two));
    assert_eq!(rig.app.count("sends").await, 2);
    // Of two who come with keys of their own one finds it replaced.
    let second = hash(&one).as_str().expect("a hash").to_owned();
    let mut other = rig.app.same_holder(&rig.ada).await;
    let (body, path) = (cancel(&second, json!({})), "cancel-transaction");
    let (one, two) = tokio::join!(rig.ada.call(&rig.app, path, &body), other.call(&rig.app, path, &body));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{one:?} {two:?}");
    assert_eq!(rig.app.count("sends").await, 3);
}
