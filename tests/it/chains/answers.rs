//! What nodes answer, good and bad, as the client reads it: a node that says what it is told to.

use std::sync::{Arc, Mutex};

use aboard::chains::evm::{Call, Client, FeeQuote, MOST_LOGS};
use aboard::chains::{ChainFailure, Chains};
use aboard::clock::Clock;
use aboard::config::{Config, Sources};
use aboard_fakes::{Answer, Receiver, Request};
use aboard_vault::wallet::evm::{Address, B256};
use serde_json::{Value, json};

use crate::support::anvil::{ENDPOINTS, SEPOLIA};

const GWEI: u128 = 1_000_000_000;

/// A node that has an answer for some methods, and knows no others.
struct Scripted {
    _node: Receiver,
    answers: Arc<Mutex<Vec<(&'static str, Value)>>>,
    client: Client,
}

impl Scripted {
    async fn start() -> Self {
        let node = Receiver::start().await.expect("a free port");
        let answers = Arc::new(Mutex::new(Vec::<(&'static str, Value)>::new()));
        let known = Arc::clone(&answers);
        node.reply_with(move |request: &Request| {
            let call: Value = serde_json::from_slice(&request.body).expect("JSON");
            let known = known.lock().expect("no test panicked here");
            let found = known.iter().rev().find(|(method, _)| call["method"] == *method);
            let mut body = json!({ "jsonrpc": "2.0", "id": call["id"] });
            match found {
                _ if call["method"] == "eth_chainId" => body["result"] = json!(format!("{SEPOLIA:#x}")),
                Some((_, result)) => body["result"] = result.clone(),
                None => body["error"] = json!({ "code": -32601, "message": "method not found" }),
            }
            Answer::json(200, &body).into()
        });
        let sources = Sources {
            set: vec![(ENDPOINTS.to_owned(), node.url("/"))],
            ..Sources::default()
        };
        let networks = Config::load(&sources).expect("good settings").networks;
        let chains = Chains::new(&networks, &Clock::System).expect("TLS");
        Self {
            client: chains.evm("ethereum-sepolia").expect("it has a node").clone(),
            _node: node,
            answers,
        }
    }

    fn says(&self, method: &'static str, result: Value) {
        let mut answers = self.answers.lock().expect("no test panicked here");
        answers.push((method, result));
    }
}

#[tokio::test]
async fn a_chain_without_base_fees_has_one_price() {
    let node = Scripted::start().await;
    node.says("eth_gasPrice", json!("0x3b9aca00"));
    let legacy = Ok(FeeQuote::Legacy { gas_price: GWEI });
    assert_eq!(node.client.fees().await, legacy, "it does not know the call");
    let nothing = json!({ "oldestBlock": "0x1", "gasUsedRatio": [0.5] });
    node.says("eth_feeHistory", nothing);
    assert_eq!(node.client.fees().await, legacy);
    let zeros = json!({ "oldestBlock": "0x1", "baseFeePerGas": ["0x0", "0x0"], "reward": [["0x0"]] });
    node.says("eth_feeHistory", zeros);
    assert_eq!(node.client.fees().await, legacy);
    node.says("eth_gasPrice", json!(format!("{:#x}", 2_000 * GWEI)));
    assert!(matches!(node.client.fees().await, Err(ChainFailure::Refused(_))));
}

#[tokio::test]
async fn a_tip_is_what_others_pay_and_never_more_than_the_ceiling() {
    let node = Scripted::start().await;
    let base = format!("{:#x}", 7 * GWEI);
    let history = |tips: &[u128]| {
        let rewards: Vec<Value> = tips.iter().map(|tip| json!([format!("{tip:#x}")])).collect();
        json!({ "oldestBlock": "0x1", "baseFeePerGas": [base, base], "reward": rewards })
    };
    for (tips, expected) in [
        (&[GWEI, 3 * GWEI, 2 * GWEI][..], 2 * GWEI),
        (&[0, 0, GWEI], GWEI),
        (&[5_000 * GWEI], 100 * GWEI),
        (&[0], 0),
    ] {
        node.says("eth_feeHistory", history(tips));
        let quote = node.client.fees().await.unwrap();
        let dynamic = FeeQuote::Dynamic {
            base_fee: 7 * GWEI,
            max_fee_per_gas: 14 * GWEI + expected,
            max_priority_fee_per_gas: expected,
        };
        assert_eq!(quote, dynamic, "{tips:?}");
        assert_eq!(
            (quote.gas_price(), quote.most()),
            (7 * GWEI + expected, 14 * GWEI + expected)
        );
    }
    // Where nobody tipped, what the node proposes.
    node.says("eth_maxPriorityFeePerGas", json!("0x5"));
    assert_eq!(node.client.fees().await.unwrap().gas_price(), 7 * GWEI + 5);
    for nonsense in [
        json!(5),
        json!({ "baseFeePerGas": ["7"] }),
        json!({ "baseFeePerGas": ["0x7"], "reward": [[]] }),
        json!({ "baseFeePerGas": vec!["0x7"; 1_000] }),
        json!({ "baseFeePerGas": [format!("0x1{}", "0".repeat(32))] }),
    ] {
        node.says("eth_feeHistory", nonsense.clone());
        assert!(
            matches!(node.client.fees().await, Err(ChainFailure::Lied(_))),
            "{nonsense}"
        );
    }
}

fn receipt(hash: B256, logs: usize) -> Value {
    let log = json!({
        "address": format!("0x{}", "70".repeat(20)), "topics": [hash.to_string()], "logIndex": "0x0",
        "data": format!("0x{}", "00".repeat(5_000)),
    });
    json!({
        "transactionHash": hash.to_string(), "blockHash": hash.to_string(), "blockNumber": "0x10", "status": "0x1",
        "transactionIndex": "0x0", "from": format!("0x{}", "70".repeat(20)), "to": null, "gasUsed": "0x5208",
        "cumulativeGasUsed": "0x5208", "logs": vec![log; logs],
    })
}

#[tokio::test]
async fn a_receipt_is_of_the_transaction_asked_for_and_its_logs_are_bounded() {
    let node = Scripted::start().await;
    let (hash, other) = (B256::repeat_byte(0x5c), B256::repeat_byte(0x5d));
    node.says("eth_getTransactionReceipt", Value::Null);
    assert_eq!(node.client.receipt(hash).await, Ok(None));
    node.says("eth_getTransactionReceipt", receipt(hash, 2));
    let read = node.client.receipt(hash).await.unwrap().expect("a receipt");
    assert_eq!(
        (read.block_number, read.gas_price, read.logs[0].data.len()),
        (16, None, 4 << 10)
    );
    assert!(matches!(node.client.receipt(other).await, Err(ChainFailure::Lied(_))));

    let mut many = receipt(hash, 0);
    let log = json!({ "address": format!("0x{}", "70".repeat(20)), "topics": [], "logIndex": "0x0", "data": "0x" });
    many["logs"] = vec![log; 2 * MOST_LOGS].into();
    node.says("eth_getTransactionReceipt", many);
    let read = node.client.receipt(hash).await.unwrap().expect("a receipt");
    assert_eq!((read.logs.len(), read.log_count), (MOST_LOGS, 2 * MOST_LOGS));

    for (field, nonsense) in [
        ("status", json!("0x2")),
        ("blockNumber", Value::Null),
        ("gasUsed", json!("0xffffffffffffffffff")),
        ("from", json!("0x12")),
        ("logs", json!({})),
    ] {
        let mut wrong = receipt(hash, 0);
        wrong[field] = nonsense;
        node.says("eth_getTransactionReceipt", wrong);
        assert!(
            matches!(node.client.receipt(hash).await, Err(ChainFailure::Lied(_))),
            "{field}"
        );
    }
}

#[tokio::test]
async fn gas_that_no_transaction_takes_is_a_lie() {
    let node = Scripted::start().await;
    let call = Call {
        to: Some(Address::repeat_byte(0x70)),
        ..Call::default()
    };
    for (gas, good) in [
        ("0x5208", true),
        ("0x0", false),
        ("0x5207", false),
        ("0xffffffffffff", false),
    ] {
        node.says("eth_estimateGas", json!(gas));
        let estimate = node.client.estimate_gas(&call).await;
        assert_eq!(estimate.is_ok(), good, "{gas}: {estimate:?}");
    }
}
