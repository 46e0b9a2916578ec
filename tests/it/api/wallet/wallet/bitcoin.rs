//! Bitcoin through the front door, against a network that takes what Bitcoin Core's own code takes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bitcoin::absolute::LockTime;
use bitcoin::transaction::Version;
use bitcoin::{Amount, OutPoint, Psbt, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Witness};
use serde_json::{Value, json};

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::esplora::{self, Esplora};
use crate::support::wallets::{refused, text};

on_both! {
    a_balance_counts_what_is_on_its_way,
    a_psbt_is_signed_and_the_network_takes_it,
    a_psbt_pays_no_more_for_its_size_than_the_ceiling,
    a_server_of_another_network_is_not_believed,
}

const ENDPOINTS: &str = "networks.bitcoin-testnet.endpoints";
const NETWORK: &str = "bitcoin-testnet";
/// The address of BIP-173's vector.
const TO: &str = "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx";

async fn a_balance_counts_what_is_on_its_way(engine: Engine) {
    let network = Esplora::start().await;
    let app = TestApp::with(engine, &[(ENDPOINTS, &network.url())]).await;
    let mut holder = app.holder().await;
    let own = holder.bitcoin.clone();
    let asked = json!({ "network": NETWORK });
    let nothing = json!({ "balance": "0", "symbol": "tBTC", "address": own, "confirmed": "0" });
    assert_eq!(holder.gets(&app, "balance-coin", asked.clone()).await, nothing);
    network.fund(&own, 150_000, true);
    let waits = network.fund(&own, 7, false);
    let said = holder.gets(&app, "balance-coin", asked.clone()).await;
    assert_eq!(
        (said["balance"].clone(), said["confirmed"].clone()),
        (json!("0.00150007"), json!("0.0015"))
    );
    // What an address got in a transaction that waits.
    let asked = json!({ "network": NETWORK, "transactionHash": waits.to_string() });
    let detail = holder.gets(&app, "transaction-detail", asked.clone()).await["transactionDetail"].clone();
    assert_eq!(
        (detail["to"].clone(), detail["status"].clone()),
        (json!(own), Value::Null)
    );
    network.mine(1);
    let detail = holder.gets(&app, "transaction-detail", asked.clone()).await["transactionDetail"].clone();
    assert_eq!(
        (detail["status"].clone(), detail["blockNumber"].clone()),
        (json!(1), json!(800_001))
    );
    for (hash, status) in [("5c".repeat(32), 404), ("0x5c".to_owned(), 400)] {
        let asked = json!({ "network": NETWORK, "transactionHash": hash });
        refused(&holder.call(&app, "transaction-detail", &asked).await, status);
    }
    for (path, more) in [
        ("balance-token", json!({ "tokenAddress": TO })),
        ("batch-balance-token", json!({ "tokenAddresses": [TO] })),
        ("estimate-gas", json!({ "type": "send-coin", "to": TO, "amount": "1" })),
    ] {
        let mut body = more;
        body["network"] = NETWORK.into();
        let message = refused(&holder.call(&app, path, &body).await, 400);
        assert!(message.contains(NETWORK), "{path}: {message}");
    }
}

/// A PSBT of two coins of the wallet, as another program makes it.
async fn a_psbt_is_signed_and_the_network_takes_it(engine: Engine) {
    let network = Esplora::start().await;
    let app = TestApp::start(engine).await;
    let mut holder = app.holder().await;
    let own = holder.bitcoin.clone();
    let sources = [network.fund(&own, 40_000, true), network.fund(&own, 60_000, true)];
    let input = |txid| TxIn {
        previous_output: OutPoint::new(txid, 0),
        script_sig: ScriptBuf::new(),
        sequence: Sequence::MAX,
        witness: Witness::new(),
    };
    let spend = Transaction {
        version: Version::TWO,
        lock_time: LockTime::ZERO,
        input: sources.map(input).to_vec(),
        output: vec![TxOut {
            value: Amount::from_sat(99_000),
            script_pubkey: esplora::script(TO),
        }],
    };
    let mut psbt = Psbt::from_unsigned_tx(spend).unwrap();
    for (known, txid) in psbt.inputs.iter_mut().zip(sources) {
        known.non_witness_utxo = network.transaction(&txid.to_string());
    }
    let asked = |psbt: &Psbt| {
        let psbt = STANDARD.encode(psbt.serialize());
        json!({ "network": NETWORK, "transaction": { "psbt": psbt } })
    };
    let signed = holder.gets(&app, "sign-transaction", asked(&psbt).clone()).await;
    let read = Psbt::deserialize(&STANDARD.decode(text(&signed, "signedTransaction")).unwrap()).unwrap();
    assert!(read.inputs.iter().all(|input| input.partial_sigs.len() == 1));
    assert_eq!(
        network.give(&text(&signed, "rawTransaction")),
        Ok(text(&signed, "hash"))
    );
    assert_eq!((network.worth(TO), network.fee(&text(&signed, "hash"))), (99_000, 1000));

    // A PSBT that says of a coin what its transaction does not.
    psbt.inputs.swap(0, 1);
    let message = refused(&holder.call(&app, "sign-transaction", &asked(&psbt)).await, 400);
    assert!(message.contains("UTXO"), "{message}");
    // One of somebody else's coin.
    let theirs = network.fund(TO, 50_000, true);
    psbt.inputs.truncate(1);
    psbt.unsigned_tx.input = vec![input(theirs)];
    psbt.inputs[0].non_witness_utxo = network.transaction(&theirs.to_string());
    let message = refused(&holder.call(&app, "sign-transaction", &asked(&psbt)).await, 400);
    assert!(message.contains("nothing to sign"), "{message}");
}

/// At the ceiling it is signed and taken; one satoshi more is neither signed nor sent, and nobody can hide what it pays.
async fn a_psbt_pays_no_more_for_its_size_than_the_ceiling(engine: Engine) {
    let network = Esplora::start().await;
    let url = network.url();
    let settings = [(ENDPOINTS, &*url), ("networks.bitcoin-testnet.max_fee_rate", "50")];
    let app = TestApp::with(engine, &settings).await;
    let mut holder = app.holder().await;
    let own = holder.bitcoin.clone();
    let coins = [network.fund(&own, 100_000, true), network.fund(&own, 100_000, true)];
    let body = |coins: &[bitcoin::Txid], paid: u64, proven: bool| {
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
            let source = network.transaction(&txid.to_string()).expect("it was given");
            if proven {
                known.non_witness_utxo = Some(source);
            } else {
                known.witness_utxo = Some(source.output[0].clone());
            }
        }
        let psbt = STANDARD.encode(psbt.serialize());
        json!({ "network": NETWORK, "transaction": { "psbt": psbt } })
    };
    // One coin to one output: 110 virtual bytes at 50 satoshi.
    let signed = holder
        .gets(&app, "sign-transaction", body(&coins[..1], 94_500, true))
        .await;
    let uses = app.count("audit where action = 'wallet.key_used'").await;
    for (path, coins, paid, proven, said) in [
        ("sign-transaction", &coins[..1], 94_499, true, "at most 5500"),
        ("send-transaction", &coins[..1], 94_499, true, "at most 5500"),
        // A single false value makes its signature void; of several nobody knows.
        (
            "sign-transaction",
            &coins[..1],
            94_499,
            false,
            "networks.bitcoin-testnet.max_fee_rate",
        ),
        ("sign-transaction", &coins[..], 199_000, false, "non_witness_utxo"),
        ("send-transaction", &coins[..], 199_000, false, "non_witness_utxo"),
    ] {
        let message = holder.refused(&app, path, body(coins, paid, proven), 400).await;
        assert!(
            message.contains("transaction.psbt") && message.contains(said),
            "{path} {paid}: {message}"
        );
    }
    assert_eq!(app.count("audit where action = 'wallet.key_used'").await, uses);
    assert_eq!(
        network.give(&text(&signed, "rawTransaction")),
        Ok(text(&signed, "hash"))
    );
    assert_eq!(network.fee(&text(&signed, "hash")), 5_500);
}

async fn a_server_of_another_network_is_not_believed(engine: Engine) {
    let (wrong, right) = (Esplora::of(esplora::MAIN).await, Esplora::start().await);
    let app = TestApp::with(engine, &[(ENDPOINTS, &wrong.url())]).await;
    let mut holder = app.holder().await;
    let asked = json!({ "network": NETWORK });
    let message = refused(&holder.call(&app, "balance-coin", &asked).await, 502);
    assert!(message.contains("main network"), "{message}");
    // With a second one nobody notices.
    let both = format!("{}, {}", wrong.url(), right.url());
    let app = TestApp::with(engine, &[(ENDPOINTS, &both)]).await;
    let mut holder = app.holder().await;
    right.fund(&holder.bitcoin.clone(), 1, true);
    assert_eq!(
        holder.gets(&app, "balance-coin", asked.clone()).await["balance"],
        "0.00000001"
    );
    // And nobody is believed who says what cannot be.
    right
        .receiver
        .push(aboard_fakes::Answer::json(200, &json!({ "address": TO })));
    let message = refused(&holder.call(&app, "balance-coin", &asked).await, 502);
    assert!(message.contains("cannot be"), "{message}");
}
