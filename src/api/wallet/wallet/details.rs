//! What became of a transaction of Solana or Bitcoin, in the shape that [`transaction-detail`](super::transaction_detail)
//! has for receipts. What a family does not have is `null`; `fee` is in decimal units of its coin.

use std::collections::BTreeMap;

use aboard_vault::wallet::bitcoin::{Network, RawTransaction, Recipient, Txid};
use aboard_vault::wallet::evm::U256;
use aboard_vault::wallet::solana::{Effect, Signature};
use serde_json::{Value, json};

use crate::chains::bitcoin::Place;
use crate::chains::{bitcoin, solana};
use crate::config::Family;
use crate::domain::{Code, Invalid, show_amount};
use crate::web::Failure;

/// A transaction that spends more coins is shown without its fee: each would have to be looked up.
const MOST_SOURCES: usize = 25;

/// One that landed on Solana.
pub async fn solana(client: &solana::Client, id: &str) -> Result<Value, Failure> {
    if Signature::parse(id).is_none() {
        let why = "transactionHash must be the first signature of a transaction, in base58.";
        return Err(Failure::field("transactionHash", Invalid::new(why)));
    }
    let landed = client.landed(id).await?;
    let landed = landed.ok_or_else(|| Failure::new(Code::TransactionNotFound))?;
    let summary = landed.transaction.message.summary();
    let to = summary.effects.iter().find_map(|effect| match effect {
        Effect::Transfer { to, .. } => Some(to.to_string()),
        Effect::TokenAccount { owner, .. } => Some(owner.to_string()),
        Effect::Token { target, .. } => Some(target.to_string()),
        _ => None,
    });
    Ok(shown(json!({
        "blockNumber": landed.slot,
        "from": summary.payer.to_string(),
        "gasUsed": landed.units.map(|units| units.to_string()),
        "hash": id,
        "status": u8::from(landed.failed.is_none()),
        "to": to,
        "fee": show_amount(U256::from(landed.fee), Family::Solana.decimals()),
        "reason": landed.failed,
    })))
}

/// One that Bitcoin knows.
pub async fn bitcoin(client: &bitcoin::Client, network: Network, id: &str) -> Result<Value, Failure> {
    let txid: Txid = id.parse().map_err(|_| {
        let why = "transactionHash must be the id of a transaction: 64 hex digits.";
        Failure::field("transactionHash", Invalid::new(why))
    })?;
    let not_found = || Failure::new(Code::TransactionNotFound);
    let transaction = client.transaction(txid).await?.ok_or_else(not_found)?;
    let place = client.place(id).await?.ok_or_else(not_found)?;
    let (payer, fee) = paid_by(client, &transaction).await?;
    let to = transaction
        .outputs()
        .map(|(to, _)| to)
        .find(|to| Some(to) != payer.as_ref());
    let (height, hash) = match place {
        Place::Waiting => (None, None),
        Place::Block { height, hash, .. } => (Some(height), Some(hash)),
    };
    let address = |script: Option<Recipient>| script.and_then(|script| script.address(network));
    Ok(shown(json!({
        "blockHash": hash,
        "blockNumber": height,
        "from": address(payer),
        "gasUsed": transaction.virtual_size().to_string(),
        "hash": id,
        "status": height.map(|_| 1),
        "to": address(to),
        "fee": fee.map(|fee| show_amount(U256::from(fee), Family::Bitcoin.decimals())),
        "reason": null,
    })))
}

/// Who spent the first coin, and what the miner got, as the transactions say that the coins come from.
async fn paid_by(
    client: &bitcoin::Client,
    transaction: &RawTransaction,
) -> Result<(Option<Recipient>, Option<u64>), Failure> {
    let coins: Vec<(Txid, u32)> = transaction.spends().collect();
    if coins.len() > MOST_SOURCES {
        return Ok((None, None));
    }
    let mut sources: BTreeMap<Txid, RawTransaction> = BTreeMap::new();
    for (txid, _) in &coins {
        if !sources.contains_key(txid) {
            // The first transaction of a block spends nothing that is known.
            let Some(source) = client.transaction(*txid).await? else {
                return Ok((None, None));
            };
            sources.insert(*txid, source);
        }
    }
    let spent = coins.iter().map(|(txid, vout)| {
        let place = usize::try_from(*vout).ok()?;
        sources.get(txid)?.outputs().nth(place)
    });
    let Some(spent) = spent.collect::<Option<Vec<_>>>() else {
        return Ok((None, None));
    };
    let worth: u64 = spent.iter().map(|(_, value)| value).sum();
    let paid: u64 = transaction.outputs().map(|(_, value)| value).sum();
    let payer = spent.into_iter().next().map(|(payer, _)| payer);
    Ok((payer, worth.checked_sub(paid)))
}

/// With `null` for what the family does not have.
fn shown(known: Value) -> Value {
    let mut detail = json!({
        "_type": "TransactionReceipt", "blockHash": null, "blockNumber": null, "contractAddress": null,
        "cumulativeGasUsed": null, "from": null, "gasPrice": null, "gasUsed": null, "hash": null, "index": null, "logs": [],
        "logsBloom": null, "status": null, "to": null, "logCount": 0, "fee": null, "reason": null,
    });
    if let Value::Object(known) = known {
        for (name, value) in known {
            detail[name] = value;
        }
    }
    detail
}
