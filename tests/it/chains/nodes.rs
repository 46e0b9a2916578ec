//! Nodes that fail: through the front door, and how a network's nodes stand in for each other.

use aboard_fakes::{Answer, Receiver, Reply, Request};
use serde_json::{Value, json};

use crate::support::anvil::{Anvil, ENDPOINTS, SEPOLIA};
use crate::support::app::{Engine, TestApp, on_both};

on_both! {
    a_node_that_is_down_or_lies_is_told_apart_and_nothing_is_answered,
    the_next_node_stands_in,
    a_node_of_another_chain_is_never_believed,
    a_contract_that_says_what_busy_nodes_say_is_believed,
}

const ASK: &str = "balance-coin";

fn body() -> Value {
    json!({ "network": "ethereum-sepolia" })
}

/// An address at which nobody listens.
async fn nobody() -> String {
    let receiver = Receiver::start().await.expect("a free port");
    receiver.url("/")
}

/// A node that answers this to `eth_getBalance`, and shows the right chain.
async fn node(answer: impl Fn(&Value) -> Reply + Send + Sync + 'static) -> Receiver {
    let receiver = Receiver::start().await.expect("a free port");
    receiver.reply_with(move |request: &Request| {
        let call: Value = serde_json::from_slice(&request.body).expect("JSON");
        assert_eq!(call["jsonrpc"], "2.0");
        if call["method"] == "eth_chainId" {
            return result(&call, &json!(format!("{SEPOLIA:#x}")));
        }
        answer(&call)
    });
    receiver
}

fn result(call: &Value, result: &Value) -> Reply {
    Answer::json(200, &json!({ "jsonrpc": "2.0", "id": call["id"], "result": result })).into()
}

fn calls(node: &Receiver, method: &str) -> usize {
    let requests = node.requests();
    let all = requests
        .iter()
        .filter_map(|request| serde_json::from_slice::<Value>(&request.body).ok());
    all.filter(|call| call["method"] == method).count()
}

async fn a_node_that_is_down_or_lies_is_told_apart_and_nothing_is_answered(engine: Engine) {
    type Replies = fn(&Value) -> Reply;
    let replies: [(Replies, u16, &str); 12] = [
        (|_| Reply::Reset, 503, "No node of this network"),
        (|_| Reply::Garbage, 503, "No node of this network"),
        (
            |_| Reply::DripBody(std::time::Duration::from_millis(100)),
            503,
            "No node of this network",
        ),
        (|_| Answer::new(502).into(), 503, "No node of this network"),
        (
            |call| {
                let error = json!({ "code": -32005, "message": "limit exceeded" });
                Answer::json(429, &json!({ "id": call["id"], "error": error })).into()
            },
            503,
            "No node of this network",
        ),
        (|_| Reply::Flood(3 << 20), 502, "more than 1 MiB"),
        // A twentieth of what may be sent, and many times that once it is read.
        (|call| result(call, &json!(vec![json!({}); 12_001])), 502, "more values"),
        (|call| result(call, &json!("0xnonsense")), 502, "cannot be"),
        (|call| result(call, &json!(5)), 502, "cannot be"),
        (|call| result(call, &Value::Null), 502, "cannot be"),
        (
            |call| result(call, &json!(format!("0x1{}", "0".repeat(64)))),
            502,
            "cannot be",
        ),
        (
            |_| Answer::json(200, &json!({ "id": 999_999, "result": "0x1" })).into(),
            502,
            "another call",
        ),
    ];
    let turn = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let now = std::sync::Arc::clone(&turn);
    let node = node(move |call| (replies[now.load(std::sync::atomic::Ordering::SeqCst)].0)(call)).await;
    let settings = [
        (ENDPOINTS, &*node.url("/key-that-nobody-shall-see")),
        ("networks.ethereum-sepolia.timeout_seconds", "1"),
    ];
    let app = TestApp::with(engine, &settings).await;
    let mut ada = app.holder().await;
    for (at, (_, status, said)) in replies.iter().enumerate() {
        turn.store(at, std::sync::atomic::Ordering::SeqCst);
        let answer = ada.call(&app, ASK, &body()).await;
        let message = crate::support::wallets::refused(&answer, *status);
        assert!(message.contains(said), "{at}: {message}");
        assert!(
            !message.contains("127.0.0.1") && !message.contains("shall"),
            "{message}"
        );
        if *status == 503 {
            assert_eq!(answer.header("retry-after"), "5");
        }
    }
}

async fn the_next_node_stands_in(engine: Engine) {
    let chain = Anvil::start();
    let liar = node(|call| result(call, &json!("0xnonsense"))).await;
    let endpoints = format!("{},{},{}", nobody().await, liar.url("/"), chain.url);
    let app = TestApp::with(engine, &[(ENDPOINTS, &endpoints)]).await;
    let mut ada = app.holder().await;
    chain.fund(&ada.evm.clone(), 7).await;
    let expected = json!("0.000000000000000007");
    for _ in 0..3 {
        assert_eq!(ada.gets(&app, ASK, body()).await["balance"], expected);
    }
    assert_eq!(calls(&liar, "eth_getBalance"), 1, "it rests");
    // After its rest it has its turn again, and shows first what it is.
    app.advance(31);
    assert_eq!(ada.gets(&app, ASK, body()).await["balance"], expected);
    assert_eq!((calls(&liar, "eth_getBalance"), calls(&liar, "eth_chainId")), (2, 2));
}

async fn a_node_of_another_chain_is_never_believed(engine: Engine) {
    let other = Anvil::with(&["--chain-id", "1"]);
    let app = TestApp::with(engine, &[(ENDPOINTS, &other.url)]).await;
    let mut ada = app.holder().await;
    let estimate = json!({ "network": "ethereum-sepolia", "type": "send-coin", "to": ada.evm, "amount": "0" });
    for (path, body) in [(ASK, body()), ("estimate-gas", estimate)] {
        let message = ada.refused(&app, path, body, 502).await;
        assert!(message.contains("chain 1, not of 11155111"), "{message}");
    }
    let chain = Anvil::start();
    let endpoints = format!("{},{}", other.url, chain.url);
    let app = TestApp::with(engine, &[(ENDPOINTS, &endpoints)]).await;
    let mut ada = app.holder().await;
    let evm = ada.evm.clone();
    other.fund(&evm, 1_000_000).await;
    assert_eq!(ada.gets(&app, ASK, body()).await["balance"], "0");
}

/// Its words are anybody's, and would send every node to rest.
async fn a_contract_that_says_what_busy_nodes_say_is_believed(engine: Engine) {
    let node = node(|call| match call["method"].as_str() {
        Some("eth_estimateGas") => {
            let error = json!({ "code": 3, "message": "execution reverted: capacity reached", "data": "0x" });
            Answer::json(200, &json!({ "jsonrpc": "2.0", "id": call["id"], "error": error })).into()
        }
        _ => result(call, &json!("0x7")),
    })
    .await;
    let app = TestApp::with(engine, &[(ENDPOINTS, &node.url("/"))]).await;
    let mut ada = app.holder().await;
    let estimate = json!({ "network": "ethereum-sepolia", "type": "send-coin", "to": ada.evm, "amount": "0" });
    let message = ada.refused(&app, "estimate-gas", estimate, 422).await;
    assert!(message.contains("capacity reached"), "{message}");
    ada.gets(&app, ASK, body()).await;
    assert_eq!(
        calls(&node, "eth_chainId"),
        1,
        "it did not have to show again what it is"
    );
}
