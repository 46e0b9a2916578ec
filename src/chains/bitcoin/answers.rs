//! What servers answer, read strictly: what does not fit is no answer.

use aboard_vault::wallet::bitcoin::{Coin, Txid};
use serde_json::Value;

use super::super::endpoints::{Problem, Reply, words};
use super::Taken;

/// All the bitcoin there will ever be.
const ALL: u64 = 2_100_000_000_000_000;

/// What an address has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    /// In blocks.
    pub confirmed: u64,
    /// With what is on its way, in and out.
    pub expected: u64,
}

/// A coin as a server names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unspent {
    /// The coin.
    pub coin: Coin,
    /// The block it is in; `None` while it waits for one.
    pub height: Option<u32>,
}

/// Where a transaction stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Waiting for a block.
    Waiting,
    /// In one.
    Block {
        /// Its height.
        height: u32,
        /// Its hash, in hex.
        hash: String,
        /// When it was made, in seconds since 1970, as its miner says.
        time: Option<i64>,
    },
}

/// A body of one line.
pub fn text(reply: &Reply) -> Result<&str, Problem> {
    only_200(reply)?;
    let text = std::str::from_utf8(&reply.body).ok().map(str::trim);
    text.ok_or_else(|| Problem::Lied("an answer that is no text".to_owned()))
}

pub fn height(reply: &Reply) -> Result<u32, Problem> {
    let height = text(reply)?.parse().ok();
    height.ok_or_else(|| Problem::Lied("a height that is no number".to_owned()))
}

pub fn json<T>(reply: &Reply, read: impl Fn(&Value) -> Option<T>) -> Result<T, Problem> {
    only_200(reply)?;
    let value: Option<Value> = reply.json()?;
    value
        .and_then(|value| read(&value))
        .ok_or_else(|| Problem::Lied("an answer that cannot be".to_owned()))
}

/// `None` for 404.
pub fn if_found<T>(reply: &Reply, read: impl Fn(&Reply) -> Result<T, Problem>) -> Result<Option<T>, Problem> {
    if reply.status == 404 {
        return Ok(None);
    }
    only_200(reply)?;
    read(reply).map(Some)
}

fn only_200(reply: &Reply) -> Result<(), Problem> {
    match reply.status {
        200 => Ok(()),
        400 => Err(Problem::Refused {
            code: 400,
            reason: words(&String::from_utf8_lossy(&reply.body)),
        }),
        status => Err(Problem::Down(format!("status {status}"))),
    }
}

pub fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn money(value: &Value) -> Option<u64> {
    value.as_u64().filter(|value| *value <= ALL)
}

fn small(value: &Value) -> Option<u32> {
    value.as_u64().and_then(|value| u32::try_from(value).ok())
}

fn txid(value: &Value) -> Option<Txid> {
    value.as_str()?.parse().ok()
}

pub fn balance(value: &Value, address: &str) -> Option<Balance> {
    if value["address"].as_str()? != address {
        return None;
    }
    // What ever came can be more than there is: coins go round.
    let sum = |stats: &Value, name: &str| stats[name].as_u64().map(i128::from);
    let of = |stats: &Value| Some(sum(stats, "funded_txo_sum")? - sum(stats, "spent_txo_sum")?);
    let confirmed = of(&value["chain_stats"])?;
    let expected = confirmed + of(&value["mempool_stats"])?;
    let bounded = |amount: i128| u64::try_from(amount).ok().filter(|amount| *amount <= ALL);
    Some(Balance {
        confirmed: bounded(confirmed)?,
        expected: bounded(expected)?,
    })
}

pub fn unspent(value: &Value) -> Option<Unspent> {
    let height = match place(&value["status"])? {
        Place::Waiting => None,
        Place::Block { height, .. } => Some(height),
    };
    Some(Unspent {
        coin: Coin {
            txid: txid(&value["txid"])?,
            vout: small(&value["vout"])?,
            value: money(&value["value"])?,
        },
        height,
    })
}

pub fn place(value: &Value) -> Option<Place> {
    if !value["confirmed"].as_bool()? {
        return Some(Place::Waiting);
    }
    Some(Place::Block {
        height: small(&value["block_height"])?,
        hash: value["block_hash"].as_str().filter(|hash| is_hash(hash))?.to_owned(),
        time: value["block_time"].as_i64(),
    })
}

#[expect(clippy::option_option, reason = "the outer one is whether the answer can be read")]
pub fn spender(value: &Value) -> Option<Option<(Txid, Place)>> {
    if !value["spent"].as_bool()? {
        return Some(None);
    }
    Some(Some((txid(&value["txid"])?, place(&value["status"])?)))
}

/// Pairs of blocks and satoshi for a virtual byte.
pub fn estimates(value: &Value) -> Option<Vec<(u16, f64)>> {
    let map = value.as_object().filter(|map| map.len() <= 200)?;
    let pair = |(blocks, rate): (&String, &Value)| Some((blocks.parse().ok()?, rate.as_f64()?));
    map.iter().map(pair).collect()
}

pub fn taken(reply: &Reply, txid: &str) -> Result<Taken, Problem> {
    match reply.status {
        200 if text(reply)? == txid => Ok(Taken::Yes),
        200 => Err(Problem::Lied("another id than the transaction's".to_owned())),
        400 => Ok(verdict(&words(&String::from_utf8_lossy(&reply.body)))),
        status => Err(Problem::Down(format!("status {status}"))),
    }
}

/// What a node's refusal comes to. A transaction that it has already is taken.
fn verdict(said: &str) -> Taken {
    const HAS_IT: &[&str] = &[
        "txn-already-in-mempool",
        "txn-already-known",
        "already in block chain",
        "already in utxo set",
        "Transaction already in",
    ];
    const KNOWN: &[(&str, &str)] = &[
        (
            "min relay fee not met",
            "the fee is less than the network passes on: ask for a higher feeRate",
        ),
        (
            "mempool min fee not met",
            "the network is busy and the fee too low for now: ask for a higher feeRate",
        ),
        (
            "missingorspent",
            "a coin of it was spent elsewhere, or its transaction is gone: send again",
        ),
        (
            "txn-mempool-conflict",
            "a coin of it is being spent by another transaction: wait for that one",
        ),
        (
            "insufficient fee",
            "a coin of it is being spent by another transaction that pays more: wait for that one",
        ),
        ("dust", "an output is too small for the network to pass on: send more"),
        (
            "too-long-mempool-chain",
            "too many transactions that wait for a block hang together: wait for one",
        ),
    ];
    if HAS_IT.iter().any(|sign| said.contains(sign)) {
        return Taken::Yes;
    }
    let known = KNOWN.iter().find(|(sign, _)| said.contains(sign));
    Taken::No(known.map_or_else(|| said.to_owned(), |(_, plain)| (*plain).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn reply(status: u16, body: &str) -> Reply {
        Reply {
            status,
            body: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn money_that_cannot_be_is_no_answer() {
        let said = |funded: u64, spent: u64, coming: u64, leaving: u64| {
            let stats = |funded: u64, spent: u64| json!({ "funded_txo_sum": funded, "spent_txo_sum": spent });
            let body =
                json!({ "address": "a", "chain_stats": stats(funded, spent), "mempool_stats": stats(coming, leaving) });
            balance(&body, "a").map(|read| (read.confirmed, read.expected))
        };
        assert_eq!(said(100, 30, 5, 20), Some((70, 55)));
        // What went round many times is more than there is.
        assert_eq!(said(u64::MAX, u64::MAX - 1, 0, 0), Some((1, 1)));
        for (funded, spent, coming, leaving) in [(1, 2, 5, 0), (1, 0, 0, 2), (ALL + 1, 0, 0, 0), (ALL, 0, 1, 0)] {
            assert_eq!(said(funded, spent, coming, leaving), None);
        }
        assert_eq!(balance(&json!({ "address": "b" }), "a"), None);
        let coin = |value: Value| {
            unspent(&json!({
                "txid": "5c".repeat(32), "vout": 0, "value": value, "status": { "confirmed": false },
            }))
        };
        assert!(coin(json!(ALL)).is_some());
        for value in [json!(ALL + 1), json!(-1), json!("1"), json!(1.5), Value::Null] {
            assert_eq!(coin(value), None);
        }
    }

    #[test]
    fn refusals_are_told_from_what_a_node_has_already() {
        let id = "5c".repeat(32);
        assert_eq!(taken(&reply(200, &id), &id), Ok(Taken::Yes));
        assert!(matches!(taken(&reply(200, "ab"), &id), Err(Problem::Lied(_))));
        assert!(matches!(taken(&reply(502, ""), &id), Err(Problem::Down(_))));
        let said = |words: &str| {
            taken(
                &reply(
                    400,
                    &format!("sendrawtransaction RPC error: {{\"message\":\"{words}\"}}"),
                ),
                &id,
            )
        };
        for words in [
            "txn-already-in-mempool",
            "Transaction already in block chain",
            "Transaction outputs already in utxo set",
        ] {
            assert_eq!(said(words), Ok(Taken::Yes));
        }
        let Ok(Taken::No(why)) = said("bad-txns-inputs-missingorspent") else {
            panic!("it was refused")
        };
        assert!(why.contains("spent elsewhere"), "{why}");
        assert!(matches!(said("something new"), Ok(Taken::No(why)) if why.contains("something new")));
    }

    #[test]
    fn estimates_and_places_are_read_strictly() {
        assert_eq!(estimates(&json!({ "3": 1.5 })), Some(vec![(3, 1.5)]));
        for wrong in [json!({ "x": 1 }), json!({ "3": "1" }), json!([1])] {
            assert_eq!(estimates(&wrong), None);
        }
        assert_eq!(place(&json!({ "confirmed": false })), Some(Place::Waiting));
        let block = json!({ "confirmed": true, "block_height": 7, "block_hash": "5c".repeat(32) });
        assert!(matches!(
            place(&block),
            Some(Place::Block {
                height: 7,
                time: None,
                ..
            })
        ));
        for wrong in [
            json!({}),
            json!({ "confirmed": true }),
            json!({ "confirmed": true, "block_height": -1 }),
        ] {
            assert_eq!(place(&wrong), None);
        }
        assert_eq!(if_found(&reply(404, ""), |_| Ok(1)), Ok(None));
        assert!(matches!(if_found(&reply(500, ""), |_| Ok(1)), Err(Problem::Down(_))));
        assert!(height(&reply(200, "-1")).is_err());
        let many = format!("[{}{{}}]", "{},".repeat(12_000));
        let read = json(&reply(200, &many), |value| value.as_array().map(Vec::len));
        assert!(matches!(read, Err(Problem::Lied(why)) if why.contains("more values")));
    }
}
