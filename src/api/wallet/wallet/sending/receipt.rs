//! A send as clients read it: what ethers v6 makes of a `TransactionResponse`, read from the stored bytes.

use aboard_vault::wallet::evm::{Fees, Signature, Transaction};
use serde_json::{Value, json};

use super::super::evm_json::{hex, signed_authorization};
use super::{bitcoin, solana};
use crate::config::Family;
use crate::store::Send;
use crate::web::Failure;

/// The `txReceipt` of a send, as it was when it was sent: in no block yet. The same each time.
pub fn receipt(send: &Send) -> Result<Value, Failure> {
    let known = match send.family {
        Family::Evm => Transaction::parse_signed(&send.raw)
            .ok()
            .map(|(transaction, signature)| shown(send, &transaction, &signature)),
        Family::Solana => solana::receipt(send).map(|known| bare(&known)),
        Family::Bitcoin => bitcoin::receipt(send).map(|known| bare(&known)),
    };
    known.ok_or_else(|| Failure::internal(format!("send {}: it cannot be read", send.id)))
}

/// With `null` for what the family does not have.
fn bare(known: &Value) -> Value {
    let mut receipt = json!({
        "_type": "TransactionResponse", "accessList": null, "blockNumber": null, "blockHash": null,
        "blobVersionedHashes": null, "chainId": null, "data": null, "from": null, "gasLimit": null, "gasPrice": null,
        "hash": null, "maxFeePerGas": null, "maxPriorityFeePerGas": null, "maxFeePerBlobGas": null, "nonce": null,
        "signature": null, "to": null, "index": null, "type": null, "value": null,
    });
    for (name, value) in known.as_object().into_iter().flatten() {
        receipt[name] = value.clone();
    }
    receipt
}

fn shown(send: &Send, transaction: &Transaction, signature: &Signature) -> Value {
    let quantity = |number: u128| Value::String(number.to_string());
    let (kind, gas_price, most, tip, list) = match &transaction.fees {
        Fees::Legacy { gas_price } => (0, *gas_price, None, None, None),
        Fees::AccessList { gas_price, access_list } => (1, *gas_price, None, None, Some(access_list)),
        Fees::Dynamic {
            max_fee_per_gas,
            max_priority_fee_per_gas,
            access_list,
        } => (
            2,
            *max_fee_per_gas,
            Some(*max_fee_per_gas),
            Some(*max_priority_fee_per_gas),
            Some(access_list),
        ),
        Fees::SetCode {
            max_fee_per_gas,
            max_priority_fee_per_gas,
            access_list,
            ..
        } => (
            4,
            *max_fee_per_gas,
            Some(*max_fee_per_gas),
            Some(*max_priority_fee_per_gas),
            Some(access_list),
        ),
    };
    let list = list.map(|items| {
        let item = |item: &aboard_vault::wallet::evm::AccessListItem| {
            let keys: Vec<String> = item.storage_keys.iter().map(ToString::to_string).collect();
            json!({ "address": item.address.to_checksum(None), "storageKeys": keys })
        };
        items.iter().map(item).collect::<Vec<_>>()
    });
    // Only signatures of the first type hold the chain.
    let network = (kind == 0).then(|| {
        let v = u128::from(transaction.chain_id) * 2 + 35 + u128::from(signature.y_parity);
        v.to_string()
    });
    let mut receipt = json!({
        "_type": "TransactionResponse",
        "accessList": list,
        "blockNumber": null,
        "blockHash": null,
        "blobVersionedHashes": null,
        "chainId": transaction.chain_id.to_string(),
        "data": hex(&transaction.data),
        "from": send.lane.address,
        "gasLimit": transaction.gas_limit.to_string(),
        "gasPrice": quantity(gas_price),
        "hash": send.hash,
        "maxFeePerGas": most.map(quantity),
        "maxPriorityFeePerGas": tip.map(quantity),
        "maxFeePerBlobGas": null,
        "nonce": transaction.nonce,
        "signature": {
            "_type": "signature",
            "network": network,
            "networkV": network,
            "r": hex(&signature.r.to_be_bytes::<32>()),
            "s": hex(&signature.s.to_be_bytes::<32>()),
            "v": 27 + u8::from(signature.y_parity),
        },
        "to": transaction.to.map(|to| to.to_checksum(None)),
        "index": null,
        "type": kind,
        "value": transaction.value.to_string(),
    });
    if let Fees::SetCode { authorizations, .. } = &transaction.fees {
        receipt["authorizationList"] = authorizations.iter().map(signed_authorization).collect();
    }
    receipt
}
