//! Sends on Bitcoin, judged by Bitcoin Core's own code.

use aboard_fakes::{Answer, Receiver, Reply, Request};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bitcoin::absolute::LockTime;
use bitcoin::transaction::Version;
use bitcoin::{Amount, OutPoint, Psbt, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Witness};
use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::esplora::{self, Esplora};
use crate::support::sending::{follow, told};
use crate::support::wallets::{Holder, text};

on_both! {
    a_payment_is_sent_and_followed_until_it_is_settled,
    coins_that_are_on_their_way_are_not_spent_twice,
    what_cannot_be_paid_is_refused_and_nothing_is_sent,
    a_server_that_lies_about_coins_gets_no_signature,
    a_payment_whose_coins_went_elsewhere_is_replaced,
    a_psbt_is_sent_once_all_have_signed,
    a_slow_server_gets_it_too,
    a_key_signs_one_payment_whatever_a_server_says_of_it,
}

const ENDPOINTS: &str = "networks.bitcoin-testnet.endpoints";
const NETWORK: &str = "bitcoin-testnet";
/// The address of BIP-173's vector.
const TO: &str = "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx";

/// A server with a network of its own, and a wallet with these coins in blocks.
async fn rig(engine: Engine, coins: &[u64]) -> (TestApp, Esplora, Holder) {
    let network = Esplora::start().await;
    let app = TestApp::with(engine, &[(ENDPOINTS, &network.url())]).await;
    let holder = app.holder().await;
    for value in coins {
        network.fund(&holder.bitcoin, *value, true);
    }
    (app, network, holder)
}

fn payment(amount: &str) -> Value {
    json!({ "network": NETWORK, "to": TO, "amount": amount })
}

async fn a_payment_is_sent_and_followed_until_it_is_settled(engine: Engine) {
    let network = Esplora::start().await;
    let settings = [
        (ENDPOINTS, network.url()),
        ("networks.bitcoin-testnet.confirmations", "3".to_owned()),
    ];
    let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
    let app = TestApp::with(engine, &settings).await;
    let mut holder = app.holder().await;
    network.fund(&holder.bitcoin, 200_000, true);
    let receipt = holder.gets(&app, "send-coin", payment("0.0005")).await["txReceipt"].clone();
    let hash = text(&receipt, "hash");
    for (field, expected) in [
        ("from", json!(holder.bitcoin)),
        ("to", json!(TO)),
        ("value", json!("50000")),
        ("nonce", Value::Null),
        ("blockNumber", Value::Null),
    ] {
        assert_eq!(receipt[field], expected, "{field}");
    }
    // 12 satoshi for each of 141 virtual bytes, as the server estimates for three blocks.
    assert_eq!((network.worth(TO), network.fee(&hash)), (50_000, 12 * 141));
    assert_eq!(network.worth(&holder.bitcoin), 200_000 - 50_000 - 12 * 141);
    assert_eq!(told(&app, &hash).await, ["sent"]);
    network.mine(1);
    follow(&app).await;
    assert_eq!(told(&app, &hash).await, ["sent"]);
    network.mine(2);
    follow(&app).await;
    assert_eq!(told(&app, &hash).await, ["sent", "confirmed"]);
    let asked = json!({ "network": NETWORK, "transactionHash": hash });
    let detail = holder.gets(&app, "transaction-detail", asked).await["transactionDetail"].clone();
    assert_eq!(
        (detail["fee"].clone(), detail["from"].clone()),
        (json!("0.00001692"), json!(holder.bitcoin))
    );
    assert_eq!((detail["to"].clone(), detail["status"].clone()), (json!(TO), json!(1)));
}

/// Two at once, and one that waits for the change of the others.
async fn coins_that_are_on_their_way_are_not_spent_twice(engine: Engine) {
    let (app, network, mut holder) = rig(engine, &[100_000, 100_000]).await;
    let mut other = app.same_holder(&holder).await;
    let (first, second) = tokio::join!(
        holder.gets(&app, "send-coin", payment("0.0006")),
        other.gets(&app, "send-coin", payment("0.0007")),
    );
    let (first, second) = (text(&first["txReceipt"], "hash"), text(&second["txReceipt"], "hash"));
    assert_ne!(first, second);
    assert_eq!(network.worth(TO), 130_000);
    let spends = |hash: &str| network.transaction(hash).expect("it was given").input[0].previous_output;
    assert_ne!(spends(&first), spends(&second));
    // What comes back from them is the wallet's own: it need not wait for a block.
    let third = holder.gets(&app, "send-coin", payment("0.0005")).await;
    assert_eq!(network.worth(TO), 180_000);
    // What others have on their way to it is not.
    network.fund(&holder.bitcoin, 900_000, false);
    let message = holder.refused(&app, "send-coin", payment("0.005"), 400).await;
    assert!(message.contains("wait for a block"), "{message}");
    // The same again is a mistake, unless somebody says that it is none.
    let hash = text(&third["txReceipt"], "hash");
    let again = holder.call(&app, "send-coin", &payment("0.0005")).await;
    assert_eq!((again.status, &again.json()["data"]["hash"]), (409, &json!(hash)));
    network.mine(1);
    follow(&app).await;
    for hash in [first, second, hash] {
        assert_eq!(told(&app, &hash).await, ["sent", "confirmed"]);
    }
}

async fn what_cannot_be_paid_is_refused_and_nothing_is_sent(engine: Engine) {
    let (app, network, mut holder) = rig(engine, &[50_000]).await;
    for (field, value, said) in [
        (
            "to",
            json!("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
            "another network",
        ),
        (
            "to",
            json!("tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsy"),
            "copy it again",
        ),
        ("amount", json!("0.0005"), "send less"),
        ("amount", json!("0.00000293"), "at least 294"),
        ("amount", json!("0"), "more than nothing"),
        ("amount", json!("0.000000001"), "decimals"),
        ("amount", json!("21000001"), "send less"),
        ("feeRate", json!(0.5), "from 1 on"),
        ("feeRate", json!("x"), "from 1 on"),
        ("feeRate", json!(1001), "at most 1000"),
    ] {
        let mut body = payment("0.0001");
        body[field] = value.clone();
        let message = holder.refused(&app, "send-coin", body, 400).await;
        assert!(message.contains(said), "{field} {value}: {message}");
    }
    let body = json!({ "network": NETWORK, "to": TO, "amount": "1", "tokenAddress": TO });
    let message = holder.refused(&app, "send-token", body, 400).await;
    assert!(message.contains("no tokens"), "{message}");
    // A rate of the caller's own, where the server knows none.
    network.no_estimates();
    let mut body = payment("0.0001");
    body["feeRate"] = json!("2.5");
    let hash = text(&holder.gets(&app, "send-coin", body).await["txReceipt"], "hash");
    assert_eq!(network.fee(&hash), 353);
}

async fn a_server_that_lies_about_coins_gets_no_signature(engine: Engine) {
    let (app, network, mut holder) = rig(engine, &[50_000]).await;
    network.lie(1);
    let message = holder.refused(&app, "send-coin", payment("0.0001"), 502).await;
    assert!(message.contains("a coin that is not there"), "{message}");
    assert_eq!(network.worth(TO), 0);
    network.lie(0);
    holder.gets(&app, "send-coin", payment("0.0001")).await;
    assert_eq!(network.worth(TO), 10_000);
}

async fn a_payment_whose_coins_went_elsewhere_is_replaced(engine: Engine) {
    let (app, network, mut holder) = rig(engine, &[50_000]).await;
    let hash = text(
        &holder.gets(&app, "send-coin", payment("0.0001")).await["txReceipt"],
        "hash",
    );
    let coin = network.transaction(&hash).expect("it was given").input[0].previous_output;
    // Forgotten ones are offered again, the same bytes.
    network.forget(&hash);
    follow(&app).await;
    assert!(network.transaction(&hash).is_some());
    // The wallet's phrase is somewhere else as well, and that one was faster.
    network.forget(&hash);
    network.steal(coin, TO);
    network.mine(1);
    follow(&app).await;
    assert_eq!(told(&app, &hash).await, ["sent", "replaced"]);
}

async fn a_psbt_is_sent_once_all_have_signed(engine: Engine) {
    let (app, network, mut holder) = rig(engine, &[]).await;
    let source = network.fund(&holder.bitcoin, 40_000, true);
    let theirs = network.fund(TO, 40_000, true);
    let psbt = |coins: &[bitcoin::Txid], paid: u64| {
        let input = |txid: &bitcoin::Txid| TxIn {
            previous_output: OutPoint::new(*txid, 0),
            script_sig: ScriptBuf::new(),
            sequence: Sequence::MAX,
            witness: Witness::new(),
        };
        let spend = Transaction {
            version: Version::TWO,
            lock_time: LockTime::ZERO,
            input: coins.iter().map(input).collect(),
            output: vec![TxOut {
                value: Amount::from_sat(paid),
                script_pubkey: esplora::script(TO),
            }],
        };
        let mut psbt = Psbt::from_unsigned_tx(spend).unwrap();
        for (known, txid) in psbt.inputs.iter_mut().zip(coins) {
            known.non_witness_utxo = network.transaction(&txid.to_string());
        }
        let psbt = STANDARD.encode(psbt.serialize());
        json!({ "network": NETWORK, "transaction": { "psbt": psbt } })
    };
    for (body, said) in [
        (psbt(&[source, theirs], 79_000), "let them sign"),
        (psbt(&[theirs], 39_000), "nothing to sign"),
    ] {
        let message = holder.refused(&app, "send-transaction", body, 400).await;
        assert!(message.contains(said), "{message}");
    }
    let sent = holder.gets(&app, "send-transaction", psbt(&[source], 39_000)).await;
    assert_eq!(network.fee(&text(&sent["txReceipt"], "hash")), 1000);
    // Its coin is on its way.
    let message = holder
        .refused(&app, "send-transaction", psbt(&[source], 38_000), 409)
        .await;
    assert!(message.contains("being spent"), "{message}");
}

/// The first that takes it may forget it.
async fn a_slow_server_gets_it_too(engine: Engine) {
    let (quick, slow) = (Esplora::start().await, Receiver::start().await.expect("a free port"));
    slow.reply_with(|request: &Request| {
        let mut answer = Answer::new(200);
        match request.method.as_str() {
            "GET" => {
                answer.body = esplora::TEST.into();
                Reply::Hold(answer)
            }
            _ => answer.into(),
        }
    });
    let servers = format!("{},{}", quick.url(), slow.url("/api"));
    let app = TestApp::with(engine, &[(ENDPOINTS, &servers)]).await;
    let mut holder = app.holder().await;
    quick.fund(&holder.bitcoin, 50_000, true);
    let sent = holder.gets(&app, "send-coin", payment("0.0001")).await;
    assert!(quick.transaction(&text(&sent["txReceipt"], "hash")).is_some());
    assert_eq!(slow.wait_for(1).await.len(), 1, "what it is");
    slow.release();
    let asked = slow.wait_for(2).await;
    assert_eq!((asked.len(), &*asked[1].path), (2, "/api/tx"));
}

/// A server that says no may keep the bytes, and they are good as long as their coins.
async fn a_key_signs_one_payment_whatever_a_server_says_of_it(engine: Engine) {
    let (app, network, mut holder) = rig(engine, &[100_000, 100_000]).await;
    network.refuses(Some("bad-txns-nonstandard"));
    let keyed = async |holder: &mut Holder, key: &str, amount: &str| {
        let caller = holder.next(&app).await.with("idempotency-key", key);
        caller.post("/api/v2/wallet/send-coin", &payment(amount)).await
    };
    let refused = keyed(&mut holder, "one", "0.0005").await;
    let hash = text(&refused.json()["data"], "hash");
    let message = refused.json()["message"].as_str().unwrap_or_default().to_owned();
    assert!(
        refused.status == 422 && message.contains("may yet arrive"),
        "{refused:?}"
    );
    network.refuses(None);
    assert_eq!(holder.call(&app, "send-coin", &payment("0.0005")).await.status, 409);
    let again = keyed(&mut holder, "one", "0.0005").await;
    assert_eq!(again.json()["data"]["txReceipt"]["hash"], hash, "{again:?}");
    follow(&app).await;
    assert_eq!(
        (network.worth(TO), told(&app, &hash).await),
        (50_000, vec!["sent".to_owned()])
    );
    // One that is refused for good ends, and its key signs nothing else.
    network.refuses(Some("bad-txns-nonstandard"));
    let refused = keyed(&mut holder, "two", "0.0001").await;
    let hash = text(&refused.json()["data"], "hash");
    follow(&app).await;
    assert_eq!(told(&app, &hash).await, ["failed"]);
    network.refuses(None);
    let again = keyed(&mut holder, "two", "0.0001").await;
    assert_eq!((again.status, &again.json()["data"]["hash"]), (422, &json!(hash)));
    assert_eq!(network.worth(TO), 50_000);
    assert_eq!(keyed(&mut holder, "three", "0.0001").await.status, 200);
    assert_eq!(network.worth(TO), 60_000);
}
