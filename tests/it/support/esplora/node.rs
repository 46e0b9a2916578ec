//! What the network answers, and what it takes.

use std::collections::BTreeSet;
use std::str::FromStr as _;

use aboard_fakes::{Answer, Reply, Request};
use bitcoin::consensus::encode::{deserialize, serialize};
use bitcoin::{OutPoint, Transaction, TxOut, Txid};
use serde_json::{Value, json};

use super::{Chain, Known, paid, script};

/// Less is not passed on, in satoshi for a virtual byte.
const LEAST_RATE: u64 = 1;

fn plain(status: u16, body: impl Into<String>) -> Answer {
    let mut answer = Answer::new(status);
    answer.body = body.into().into();
    answer.header("content-type", "text/plain")
}

/// As Esplora repeats what a node said.
fn refused(code: i64, words: &str) -> Answer {
    let said = json!({ "code": code, "message": words });
    plain(400, format!("sendrawtransaction RPC error: {said}"))
}

impl Chain {
    pub(super) fn output(&self, coin: OutPoint) -> Option<&TxOut> {
        let vout = usize::try_from(coin.vout).ok()?;
        self.known.get(&coin.txid)?.transaction.output.get(vout)
    }

    pub(super) fn coins(&self, address: &str) -> impl Iterator<Item = (OutPoint, &TxOut, Option<u32>)> {
        let own = script(address);
        self.known.iter().flat_map(move |(txid, known)| {
            let own = own.clone();
            let outputs = (0_u32..).zip(&known.transaction.output);
            outputs.filter_map(move |(vout, output)| {
                let coin = OutPoint::new(*txid, vout);
                (output.script_pubkey == own && !self.spent.contains_key(&coin)).then_some((coin, output, known.height))
            })
        })
    }

    fn place(height: Option<u32>) -> Value {
        match height {
            None => json!({ "confirmed": false }),
            Some(height) => json!({
                "confirmed": true, "block_height": height, "block_hash": format!("{height:064x}"), "block_time": 1_790_000_000,
            }),
        }
    }

    pub(super) fn answer(&mut self, request: &Request) -> Reply {
        let path = request.path.strip_prefix("/api/").unwrap_or_default();
        let parts: Vec<&str> = path.split('/').collect();
        let answer = match (request.method.as_str(), parts.as_slice()) {
            ("GET", ["block-height", "0"]) => plain(200, self.genesis),
            ("GET", ["blocks", "tip", "height"]) => plain(200, self.height.to_string()),
            ("GET", ["fee-estimates"]) => Answer::json(200, &self.estimates),
            ("GET", ["address", address]) => self.address(address),
            ("GET", ["address", address, "utxo"]) => self.utxo(address),
            ("GET", ["tx", txid, rest @ ..]) => self.about(txid, rest),
            ("POST", ["tx"]) => self.take(&request.body),
            _ => plain(404, "endpoint does not exist"),
        };
        answer.into()
    }

    fn address(&self, address: &str) -> Answer {
        let of = |settled: bool| -> u64 {
            let coins = self.coins(address).filter(|(.., height)| height.is_some() == settled);
            coins.map(|(_, output, _)| output.value.to_sat()).sum()
        };
        // What is being spent is still in the chain.
        let own = script(address);
        let leaving: u64 = self
            .spent
            .iter()
            .filter(|(_, by)| self.known[*by].height.is_none())
            .filter_map(|(coin, _)| Some((self.output(*coin)?, self.known.get(&coin.txid)?.height)))
            .filter(|(output, height)| output.script_pubkey == own && height.is_some())
            .map(|(output, _)| output.value.to_sat())
            .sum();
        let stats =
            |funded: u64, spent: u64| json!({ "funded_txo_sum": funded, "spent_txo_sum": spent, "tx_count": 1 });
        let body = json!({
            "address": address, "chain_stats": stats(of(true) + leaving, 0), "mempool_stats": stats(of(false), leaving),
        });
        Answer::json(200, &body)
    }

    fn utxo(&self, address: &str) -> Answer {
        let coin = |(coin, output, height): (OutPoint, &TxOut, Option<u32>)| {
            json!({
                "txid": coin.txid.to_string(), "vout": coin.vout, "value": output.value.to_sat() + self.lie,
                "status": Self::place(height),
            })
        };
        Answer::json(200, &self.coins(address).map(coin).collect())
    }

    fn about(&self, txid: &str, rest: &[&str]) -> Answer {
        let Ok(txid) = Txid::from_str(txid) else {
            return plain(400, "Invalid hex string");
        };
        let Some(known) = self.known.get(&txid) else {
            return plain(404, "Transaction not found");
        };
        match rest {
            ["raw"] => {
                let mut answer = Answer::new(200);
                answer.body = serialize(&known.transaction).into();
                answer
            }
            ["status"] => Answer::json(200, &Self::place(known.height)),
            ["outspend", vout] => {
                let coin = OutPoint::new(txid, vout.parse().unwrap_or(u32::MAX));
                match self.spent.get(&coin) {
                    None => Answer::json(200, &json!({ "spent": false })),
                    Some(by) => {
                        let status = Self::place(self.known[by].height);
                        Answer::json(
                            200,
                            &json!({ "spent": true, "txid": by.to_string(), "vin": 0, "status": status }),
                        )
                    }
                }
            }
            _ => plain(404, "endpoint does not exist"),
        }
    }

    /// What a node checks before it passes a transaction on.
    pub(super) fn take(&mut self, body: &[u8]) -> Answer {
        if let Some(why) = self.refuses {
            return refused(-26, why);
        }
        let text = String::from_utf8_lossy(body);
        let bytes: Option<Vec<u8>> = (0..text.len() / 2)
            .map(|i| u8::from_str_radix(text.get(2 * i..2 * i + 2)?, 16).ok())
            .collect();
        let Some(transaction) = bytes.as_deref().and_then(|raw| deserialize::<Transaction>(raw).ok()) else {
            return refused(-22, "TX decode failed. Make sure the tx has at least one input.");
        };
        let raw = bytes.expect("it was read");
        let txid = transaction.compute_txid();
        if let Some(known) = self.known.get(&txid) {
            return match known.height {
                None => refused(-27, "txn-already-in-mempool"),
                Some(_) => refused(-27, "Transaction already in block chain"),
            };
        }
        let mut worth = 0;
        let mut conflicts = BTreeSet::new();
        for (i, input) in transaction.input.iter().enumerate() {
            let Some(output) = self.output(input.previous_output) else {
                return refused(-25, "bad-txns-inputs-missingorspent");
            };
            if let Some(by) = self.spent.get(&input.previous_output) {
                let other = &self.known[by];
                if other.height.is_some() {
                    return refused(-25, "bad-txns-inputs-missingorspent");
                }
                if !other.transaction.is_explicitly_rbf() {
                    return refused(-26, "txn-mempool-conflict");
                }
                conflicts.insert(*by);
            }
            let (script, value) = (output.script_pubkey.as_bytes(), output.value.to_sat());
            if let Err(error) = bitcoinconsensus::verify(script, value, &raw, None, i) {
                return refused(-26, &format!("mandatory-script-verify-flag-failed ({error:?})"));
            }
            worth += value;
        }
        if transaction
            .output
            .iter()
            .any(|output| output.value < output.script_pubkey.minimal_non_dust())
        {
            return refused(-26, "dust");
        }
        let size = transaction.weight().to_vbytes_ceil();
        if paid(&transaction) + size * LEAST_RATE > worth {
            return refused(-26, "min relay fee not met, 0 < 141");
        }
        if let Err(why) = self.replace(&transaction, &conflicts) {
            return refused(-26, &why);
        }
        for input in &transaction.input {
            self.spent.insert(input.previous_output, txid);
        }
        self.known.insert(
            txid,
            Known {
                transaction,
                height: None,
            },
        );
        plain(200, txid.to_string())
    }

    /// What Bitcoin Core asks of a transaction that spends coins of others that wait (BIP-125); those go if it may.
    fn replace(&mut self, new: &Transaction, conflicts: &BTreeSet<Txid>) -> Result<(), String> {
        let mut gone = conflicts.clone();
        loop {
            let spends_them = |known: &Known| {
                let mut inputs = known.transaction.input.iter();
                inputs.any(|input| gone.contains(&input.previous_output.txid))
            };
            let children = self.known.iter().filter(|(_, known)| spends_them(known));
            let more: Vec<Txid> = children
                .map(|(txid, _)| *txid)
                .filter(|txid| !gone.contains(txid))
                .collect();
            if more.is_empty() {
                break;
            }
            gone.extend(more);
        }
        let (fee, size) = (self.fee(new), new.weight().to_vbytes_ceil());
        for conflict in conflicts {
            let old = &self.known[conflict].transaction;
            if fee * old.weight().to_vbytes_ceil() <= self.fee(old) * size {
                return Err("insufficient fee, rejecting replacement; new feerate is not higher".to_owned());
            }
        }
        let evicted: u64 = gone.iter().map(|txid| self.fee(&self.known[txid].transaction)).sum();
        if !gone.is_empty() && fee < evicted + size * LEAST_RATE {
            return Err("insufficient fee, rejecting replacement; not enough additional fees to relay".to_owned());
        }
        let known_inputs = conflicts.iter().flat_map(|txid| &self.known[txid].transaction.input);
        let known_inputs: BTreeSet<OutPoint> = known_inputs.map(|input| input.previous_output).collect();
        let adds_unconfirmed =
            |coin: &OutPoint| !known_inputs.contains(coin) && self.known[&coin.txid].height.is_none();
        if !gone.is_empty() && new.input.iter().any(|input| adds_unconfirmed(&input.previous_output)) {
            return Err("replacement-adds-unconfirmed".to_owned());
        }
        self.known.retain(|txid, _| !gone.contains(txid));
        self.spent.retain(|_, by| !gone.contains(by));
        Ok(())
    }

    /// What a transaction of known coins offers.
    pub(super) fn fee(&self, transaction: &Transaction) -> u64 {
        let coins = transaction.input.iter().map(|input| self.output(input.previous_output));
        let spent: u64 = coins.map(|output| output.expect("known").value.to_sat()).sum();
        spent - paid(transaction)
    }
}
