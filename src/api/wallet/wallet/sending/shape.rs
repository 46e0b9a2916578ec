//! What calls that send take and answer, as the reference has it.

use serde_json::{Value, json};

use super::super::shape;
use crate::domain::Code;
use crate::web::reference::{Field, Operation, Schema, always, optional};

/// A transaction to show.
pub const HASH: &str = "0x5f1c0b0c7b7f2f3d7c1f35d9b6f3b1a4d9a2f2b3d4c5e6f708192a3b4c5d6e7f";

/// What every call that sends takes beside what it sends.
pub fn beside() -> Vec<Field> {
    let nonce = optional(
        "nonce",
        quantity().says("The next of this address, or that of a send of its own, which this one then replaces."),
    );
    let mut fields = place_and_fees();
    fields.push(nonce);
    fields.push(optional(
        "replaces",
        Schema::text().says("`send-coin` on Bitcoin: the hash of a send of this wallet that waits. This one is paid with its coins, offers more, and takes its place."),
    ));
    fields
}

/// The same but for the nonce.
pub fn place_and_fees() -> Vec<Field> {
    vec![
        shape::network(),
        shape::chain(),
        optional("gasLimit", quantity().says("Without it the network is asked.")),
        optional("gasPrice", quantity().says("In wei. In place of the next two.")),
        optional(
            "maxFeePerGas",
            quantity().says("In wei. Without it the network is asked."),
        ),
        optional("maxPriorityFeePerGas", quantity().says("In wei.")),
        optional(
            "priorityFee",
            quantity()
                .says("Solana: millionths of a lamport for a unit of computing. Without it the network is asked."),
        ),
        optional(
            "feeRate",
            Schema::either(Schema::text(), Schema::number())
                .says("Bitcoin: satoshi for a virtual byte. Without it the servers are asked."),
        ),
        optional(
            "allowDuplicate",
            Schema::boolean()
                .usually(false)
                .says("Whether the same may be sent twice within a minute, without an `Idempotency-Key`."),
        ),
        shape::secret(),
    ]
}

fn quantity() -> Schema {
    Schema::either(Schema::text(), Schema::count())
}

/// A call that sends something.
pub fn sends(id: &'static str, source: &'static str, message: &str) -> Operation {
    let data = Schema::object([always("txReceipt", receipt())]);
    let operation = shape::asks(id, source, message, data, &json!({ "txReceipt": example() }));
    [Code::DuplicateSend, Code::SendsPaused, Code::NewDeviceHold]
        .into_iter()
        .fold(operation, shape::also_refuses)
}

fn receipt() -> Schema {
    let (text, or_null) = (Schema::text, || Schema::text().or_null());
    let nothing = || Schema::text().or_null().says("`null`: it is in no block yet.");
    let signature = Schema::object([
        always("_type", Schema::just("signature")),
        always("network", or_null()),
        always("networkV", or_null()),
        always("r", text()),
        always("s", text()),
        always("v", Schema::integer(27, 28)),
    ]);
    let receipt = Schema::object_of([
        always("_type", Schema::just("TransactionResponse")),
        always("hash", text()),
        always("from", text()),
        always("to", or_null()),
        always("nonce", Schema::count().or_null()),
        always("value", text().says("In wei, lamports or satoshi.")),
        always("data", or_null()),
        always("chainId", or_null()),
        always("type", Schema::integer(0, 4).or_null()),
        always("gasLimit", or_null()),
        always("gasPrice", or_null()),
        always("maxFeePerGas", or_null()),
        always("maxPriorityFeePerGas", or_null()),
        always("maxFeePerBlobGas", or_null()),
        always("accessList", Schema::list(Schema::map()).or_null()),
        always(
            "blockNumber",
            Schema::count().or_null().says("`null`: it is in no block yet."),
        ),
        always("blockHash", nothing()),
        always("blobVersionedHashes", Schema::list(text()).or_null()),
        always("index", Schema::count().or_null()),
        always("signature", signature.or_null()),
    ]);
    receipt
        .says("As ethers v6 writes a transaction. Quantities are decimal texts in wei. Solana and Bitcoin have no more than `hash`, `from`, `to` and `value`; the rest is `null`.")
        .named("TxReceipt")
}

fn example() -> Value {
    json!({
        "_type": "TransactionResponse", "hash": HASH,
        "from": "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "to": shape::EVM_ADDRESS, "nonce": 0,
        "value": "15000000000000000", "data": "0x", "chainId": "11155111", "type": 2, "gasLimit": "21000",
        "gasPrice": "2000000000", "maxFeePerGas": "2000000000", "maxPriorityFeePerGas": "1000000000",
        "maxFeePerBlobGas": null, "accessList": [], "blockNumber": null, "blockHash": null, "blobVersionedHashes": null,
        "index": null,
        "signature": { "_type": "signature", "network": null, "networkV": null, "r": "0x…", "s": "0x…", "v": 27 },
    })
}
