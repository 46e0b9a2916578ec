//! `POST /api/v{1,2}/wallet/transaction-detail`: what became of a transaction, in the shape of ethers' `TransactionReceipt`.
//!
//! While it waits for a block, what only a block can tell is `null`. `status` is 1 for one that did what it was to do, and 0
//! for one that failed, which costs its gas all the same. At most 100 logs are shown; `logCount` says how many there are.
//! Solana and Bitcoin have less to tell: `hash` is the first signature or the id, `gasUsed` units of computing or virtual
//! bytes, `blockNumber` a slot or a height, `fee` what was paid, and `reason` why one of Solana failed.

use aboard_vault::wallet::evm::{Address, B256};
use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};

use super::evm_json::{bytes, hex};
use super::{Look, details, shape};
use crate::chains::Chain;
use crate::chains::evm::{Client, KnownTransaction, Log, Receipt};
use crate::domain::{Code, Invalid};
use crate::web::reference::{self, Field, Schema, always, optional, required};
use crate::web::{Failure, Web};

/// What the reference says of it.
pub fn doc() -> reference::Operation {
    let hash = || Schema::text().pattern("^0x[0-9a-f]{64}$");
    let request = Schema::object([
        required(
            "transactionHash",
            Schema::text().says("0x and 64 hex digits; of Solana a signature in base58, of Bitcoin 64 hex digits."),
        ),
        shape::network(),
        shape::chain(),
    ]);
    let of_block = |name: &'static str, schema: Schema| -> Field { always(name, schema.or_null()) };
    let wei = || Schema::text().pattern("^[0-9]+$");
    let log = Schema::object([
        always("_type", Schema::just("log")),
        always("address", Schema::text()),
        always("blockHash", hash()),
        always("blockNumber", Schema::count()),
        always("data", Schema::text().says("At most 4 KiB of it.")),
        always("index", Schema::count()),
        always("removed", Schema::just(false)),
        always("topics", Schema::list(hash())),
        always("transactionHash", hash()),
        always("transactionIndex", Schema::count()),
    ]);
    let detail = Schema::object([
        always("_type", Schema::just("TransactionReceipt")),
        of_block("blockHash", Schema::text()),
        of_block("blockNumber", Schema::count()),
        of_block("contractAddress", Schema::text()),
        of_block("cumulativeGasUsed", wei()),
        of_block("from", Schema::text()),
        of_block("gasPrice", wei().says("In wei.")),
        of_block("gasUsed", wei()),
        always("hash", Schema::text()),
        of_block("index", Schema::count()),
        always("logs", Schema::list(log.named("Log"))),
        of_block("logsBloom", Schema::text()),
        of_block("status", Schema::integer(0, 1)),
        of_block("to", Schema::text()),
        always("logCount", Schema::count()),
        optional(
            "fee",
            shape::amount()
                .or_null()
                .says("Solana and Bitcoin, in decimal units of the coin."),
        ),
        optional("reason", Schema::text().or_null().says("Solana: why it failed.")),
    ]);
    let waiting = KnownTransaction {
        hash: B256::repeat_byte(0x5c),
        block_number: None,
        from: Address::repeat_byte(0xf3),
        to: Some(Address::repeat_byte(0x70)),
        nonce: 0,
        value: aboard_vault::wallet::evm::U256::ZERO,
    };
    let data = Schema::object([always("transactionDetail", detail.named("TransactionReceipt"))]);
    let example = json!({ "transactionDetail": shown_waiting(&waiting) });
    let body = json!({ "network": "ethereum-sepolia", "transactionHash": waiting.hash.to_string() });
    let source = include_str!("transaction_detail.rs");
    let operation = shape::asks("transactionDetail", source, MESSAGE, data, &example);
    shape::also_refuses(operation, Code::TransactionNotFound).body(request.named("TransactionToShow"), body)
}

const MESSAGE: &str = "Transaction Detail executed successfully";

/// 200 with the receipt; 404 for a transaction that no node knows.
pub async fn transaction_detail(State(web): State<Web>, Look(mut operation): Look) -> Result<Response, Failure> {
    let network = operation.network(&web)?;
    let detail = match network.nodes(&web)? {
        Chain::Evm(client) => evm(client, operation.fields.parsed("transactionHash", |text| hash(&text))?).await?,
        Chain::Solana(client) => details::solana(client, &operation.fields.text("transactionHash")?).await?,
        Chain::Bitcoin(client) => {
            let params = operation.bitcoin_network();
            details::bitcoin(client, params, &operation.fields.text("transactionHash")?).await?
        }
    };
    Ok(operation.answer(MESSAGE, &json!({ "transactionDetail": detail })))
}

async fn evm(client: &Client, hash: B256) -> Result<Value, Failure> {
    if let Some(receipt) = client.receipt(hash).await? {
        return Ok(shown(&receipt));
    }
    let known = client.transaction(hash).await?;
    known
        .map(|known| shown_waiting(&known))
        .ok_or_else(|| Failure::new(Code::TransactionNotFound))
}

fn hash(text: &str) -> Result<B256, Invalid> {
    let read = bytes(text).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    read.map(B256::from)
        .ok_or_else(|| Invalid::new("transactionHash must be 0x and 64 hex digits."))
}

fn shown(receipt: &Receipt) -> Value {
    let address = |address: Option<Address>| address.map(|address| address.to_checksum(None));
    json!({
        "_type": "TransactionReceipt",
        "blockHash": hex(receipt.block_hash.as_slice()),
        "blockNumber": receipt.block_number,
        "contractAddress": address(receipt.contract_address),
        "cumulativeGasUsed": receipt.cumulative_gas_used.to_string(),
        "from": receipt.from.to_checksum(None),
        "gasPrice": receipt.gas_price.map(|price| price.to_string()),
        "gasUsed": receipt.gas_used.to_string(),
        "hash": hex(receipt.hash.as_slice()),
        "index": receipt.index,
        "logs": receipt.logs.iter().map(|log| shown_log(receipt, log)).collect::<Vec<_>>(),
        "logsBloom": hex(&receipt.logs_bloom),
        "status": receipt.succeeded.map(u8::from),
        "to": address(receipt.to),
        "logCount": receipt.log_count,
    })
}

fn shown_log(receipt: &Receipt, log: &Log) -> Value {
    let topics: Vec<String> = log.topics.iter().map(|topic| hex(topic.as_slice())).collect();
    json!({
        "_type": "log",
        "address": log.address.to_checksum(None),
        "blockHash": hex(receipt.block_hash.as_slice()),
        "blockNumber": receipt.block_number,
        "data": hex(&log.data),
        "index": log.index,
        "removed": false,
        "topics": topics,
        "transactionHash": hex(receipt.hash.as_slice()),
        "transactionIndex": receipt.index,
    })
}

fn shown_waiting(known: &KnownTransaction) -> Value {
    json!({
        "_type": "TransactionReceipt",
        "blockHash": null,
        "blockNumber": null,
        "contractAddress": null,
        "cumulativeGasUsed": null,
        "from": known.from.to_checksum(None),
        "gasPrice": null,
        "gasUsed": null,
        "hash": hex(known.hash.as_slice()),
        "index": null,
        "logs": [],
        "logsBloom": null,
        "status": null,
        "to": known.to.map(|to| to.to_checksum(None)),
        "logCount": 0,
    })
}
