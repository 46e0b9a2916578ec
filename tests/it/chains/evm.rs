//! The client of the family evm, against a real chain: what sends stand on.

use aboard::chains::ChainFailure;
use aboard::chains::evm::{At, Call, Client, FeeQuote, Said, Sent, Whereabouts, wire};
use aboard_fakes::{Answer, Receiver, Request};
use aboard_vault::wallet::evm::{B256, U256, parse_address};
use serde_json::{Value, json};

use crate::support::anvil::{Anvil, ENDPOINTS, RICH};
use crate::support::app::{Engine, TestApp};
use crate::support::wallets::{Holder, text};

const TO: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const GWEI: u64 = 1_000_000_000;

/// Somebody with ten coins, on a server with these nodes, and the server's own client of them.
async fn set_up(chain: &Anvil, endpoints: &str) -> (TestApp, Holder, Client) {
    let app = TestApp::with(Engine::Sqlite, &[(ENDPOINTS, endpoints)]).await;
    let ada = app.holder().await;
    chain.fund(&ada.evm, 10_000_000_000_000_000_000).await;
    let client = app
        .app
        .web
        .chains
        .evm("ethereum-sepolia")
        .expect("it has nodes")
        .clone();
    (app, ada, client)
}

/// What all nodes say, none of them silent.
fn said(sent: Sent) -> Said {
    Said { sent, silent: false }
}

/// A signed transaction: its bytes and its hash.
async fn signed(app: &TestApp, ada: &mut Holder, nonce: u64, more: Value) -> (Vec<u8>, B256) {
    let mut transaction = json!({
        "to": TO, "value": "1", "nonce": nonce, "gasLimit": 21_000,
        "maxFeePerGas": 10 * GWEI, "maxPriorityFeePerGas": GWEI,
    });
    for (name, value) in more.as_object().expect("an object") {
        transaction[name] = value.clone();
    }
    let body = json!({ "network": "ethereum-sepolia", "transaction": transaction });
    let data = ada.gets(app, "sign-transaction", body).await;
    let raw = wire::bytes(&data["signedTransaction"], 1 << 20).expect("hex");
    (raw, text(&data, "hash").parse().expect("a hash"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_is_followed_from_the_pool_into_its_block() {
    let chain = Anvil::with(&["--chain-id", "11155111", "--no-mining"]);
    let (app, mut ada, client) = set_up(&chain, &chain.url).await;
    let own = parse_address(&ada.evm).unwrap();
    let (raw, hash) = signed(&app, &mut ada, 0, json!({})).await;
    assert_eq!(client.transaction(hash).await, Ok(None));
    assert_eq!(client.whereabouts(hash).await, Ok(Whereabouts::Nowhere));
    assert_eq!(client.send_raw(&raw, hash).await, Ok(said(Sent::Taken)));
    assert_eq!(client.send_raw(&raw, hash).await, Ok(said(Sent::Known)));
    assert_eq!(client.nonce(own, At::Latest).await, Ok(0));
    assert_eq!(client.nonce(own, At::Pending).await, Ok(1));
    assert_eq!(client.receipt(hash).await, Ok(None));
    let known = client.transaction(hash).await.unwrap().expect("it waits");
    assert_eq!((known.block_number, known.from, known.nonce), (None, own, 0));

    let (other, other_hash) = signed(&app, &mut ada, 0, json!({ "value": "2" })).await;
    assert_eq!(client.send_raw(&other, other_hash).await, Ok(said(Sent::Underpriced)));
    chain.mine(3).await;
    assert_eq!(client.send_raw(&other, other_hash).await, Ok(said(Sent::NonceTooLow)));
    let receipt = client.receipt(hash).await.unwrap().expect("it is in a block");
    assert_eq!(
        (receipt.succeeded, receipt.block_number, receipt.gas_used),
        (Some(true), 1, 21_000)
    );
    let newest = client.block_number().await.unwrap();
    assert_eq!((newest, receipt.confirmations(newest)), (3, 3));
    assert_eq!(receipt.confirmations(0), 0, "a node that is behind");
    let known = client.transaction(hash).await.unwrap().expect("it is known");
    assert_eq!(known.block_number, Some(1));
    assert_eq!(client.nonce(own, At::Latest).await, Ok(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_node_refuses_is_told_apart() {
    let chain = Anvil::start();
    let (app, mut ada, client) = set_up(&chain, &chain.url).await;
    for (more, expected) in [
        (json!({ "value": "11000000000000000000" }), Sent::Insufficient),
        (json!({ "maxFeePerGas": 1, "maxPriorityFeePerGas": 1 }), Sent::FeeTooLow),
    ] {
        let (raw, hash) = signed(&app, &mut ada, 0, more.clone()).await;
        assert_eq!(client.send_raw(&raw, hash).await, Ok(said(expected)), "{more}");
    }
    let (raw, hash) = signed(&app, &mut ada, 0, json!({ "gasLimit": 20_000 })).await;
    let sent = client.send_raw(&raw, hash).await;
    assert!(
        matches!(
            &sent,
            Ok(Said {
                sent: Sent::Refused(_),
                silent: false
            })
        ),
        "{sent:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_good_node_is_enough_to_send() {
    let chain = Anvil::start();
    let liar = Receiver::start().await.expect("a free port");
    liar.reply_with(|request: &Request| {
        let call: Value = serde_json::from_slice(&request.body).expect("JSON");
        let id = &call["id"];
        let body = match call["method"].as_str() {
            Some("eth_chainId") => json!({ "id": id, "result": "0xaa36a7" }),
            // It says that it took it, by another name; or that the time for it is over.
            Some("eth_sendRawTransaction") => json!({ "id": id, "result": format!("0x{}", "5c".repeat(32)) }),
            _ => json!({ "id": id, "error": { "code": -32000, "message": "nonce too low" } }),
        };
        Answer::json(200, &body).into()
    });
    let dead = Receiver::start().await.expect("a free port").url("/");
    let (app, mut ada, alone) = set_up(&chain, &format!("{},{dead}", liar.url("/"))).await;
    let (raw, hash) = signed(&app, &mut ada, 0, json!({})).await;
    let sent = alone.send_raw(&raw, hash).await;
    assert!(
        matches!(sent, Err(ChainFailure::Lied(_) | ChainFailure::Down(_))),
        "{sent:?}"
    );
    assert_eq!(chain.balance(TO).await, 10_000_000_000_000_000_000_000);

    let all = format!("{},{dead},{}", liar.url("/"), chain.url);
    let (_other, _, client) = set_up(&chain, &all).await;
    assert_eq!(client.whereabouts(hash).await, Ok(Whereabouts::Unsure));
    let sent = client.send_raw(&raw, hash).await;
    assert_eq!(sent.map(|said| said.sent), Ok(Sent::Taken));
    assert_eq!(client.whereabouts(hash).await, Ok(Whereabouts::Somewhere));
    chain.mined(&hash.to_string()).await;
    assert_eq!(chain.balance(TO).await, 10_000_000_000_000_000_000_001);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_are_tried_out_and_their_reasons_kept() {
    let chain = Anvil::start();
    let (_app, ada, client) = set_up(&chain, &chain.url).await;
    let own = parse_address(&ada.evm).unwrap();
    let token = parse_address(&chain.erc20("NORTH", 1_000, RICH).await).unwrap();
    assert_eq!(
        client.balance(own).await,
        Ok(U256::from(10_000_000_000_000_000_000_u64))
    );
    assert_eq!(client.code(own).await, Ok(Vec::new()));
    assert!(client.code(token).await.unwrap().len() > 1_000);
    let call = Call {
        from: Some(own),
        to: Some(token),
        data: aboard::chains::evm::abi::transfer(token, U256::from(1)),
        ..Call::default()
    };
    for failed in [
        client.call(&call).await.map(drop),
        client.estimate_gas(&call).await.map(drop),
    ] {
        let Err(ChainFailure::Refused(reason)) = failed else {
            panic!("{failed:?}");
        };
        assert!(reason.contains("transfer amount exceeds balance"), "{reason}");
    }
    let quote = client.fees().await.unwrap();
    assert!(matches!(quote, FeeQuote::Dynamic { .. }) && quote.gas_price() <= quote.most());
    assert!(quote.most() <= client.max_fee());
}
