//! A Bitcoin network behind Esplora's REST interface: it takes what Bitcoin Core's own code takes, and makes blocks when a
//! test says so.

use std::collections::HashMap;
use std::str::FromStr as _;
use std::sync::{Arc, Mutex, MutexGuard};

use aboard_fakes::{Answer, Receiver, Reply, Request};
use bitcoin::absolute::LockTime;
use bitcoin::consensus::encode::{deserialize, serialize};
use bitcoin::hashes::Hash as _;
use bitcoin::transaction::Version;
use bitcoin::{Address, Amount, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Txid, Witness};
use serde_json::{Value, json};

/// The first block of testnet3, and of the main network.
pub const TEST: &str = "000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943";
pub const MAIN: &str = "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f";

/// Less is not passed on, in satoshi for a virtual byte.
const LEAST_RATE: u64 = 1;

struct Known {
    transaction: Transaction,
    /// The block it is in.
    height: Option<u32>,
}

struct Chain {
    genesis: &'static str,
    height: u32,
    known: HashMap<Txid, Known>,
    /// Who spends which coin.
    spent: HashMap<OutPoint, Txid>,
    estimates: Value,
    /// What coins are said to be worth more than they are.
    lie: u64,
    count: u8,
}

/// The network; it ends when it is dropped.
pub struct Esplora {
    pub receiver: Receiver,
    chain: Arc<Mutex<Chain>>,
}

impl Esplora {
    pub async fn start() -> Self {
        Self::of(TEST).await
    }

    /// Of the network with this first block.
    pub async fn of(genesis: &'static str) -> Self {
        let receiver = Receiver::start().await.expect("a free port");
        let chain = Arc::new(Mutex::new(Chain {
            genesis,
            height: 800_000,
            known: HashMap::new(),
            spent: HashMap::new(),
            estimates: json!({ "1": 20.5, "3": 12.0, "6": 8.0, "144": 1.01 }),
            lie: 0,
            count: 0,
        }));
        let answering = Arc::clone(&chain);
        receiver.reply_with(move |request| answering.lock().expect("nobody panicked").answer(request));
        Self { receiver, chain }
    }

    fn chain(&self) -> MutexGuard<'_, Chain> {
        self.chain.lock().expect("nobody panicked")
    }

    /// Its address, as a setting.
    pub fn url(&self) -> String {
        self.receiver.url("/api")
    }

    /// Pays somebody so many satoshi, in a block or still on the way.
    pub fn fund(&self, address: &str, value: u64, settled: bool) -> Txid {
        let mut chain = self.chain();
        chain.count += 1;
        let nobodys = OutPoint::new(Txid::from_byte_array([chain.count; 32]), 0);
        let transaction = Transaction {
            version: Version::TWO,
            lock_time: LockTime::ZERO,
            input: vec![TxIn {
                previous_output: nobodys,
                script_sig: ScriptBuf::new(),
                sequence: Sequence::MAX,
                witness: Witness::new(),
            }],
            output: vec![TxOut {
                value: Amount::from_sat(value),
                script_pubkey: script(address),
            }],
        };
        let txid = transaction.compute_txid();
        let height = settled.then_some(chain.height);
        chain.known.insert(txid, Known { transaction, height });
        txid
    }

    /// Gives it a transaction in hex; its id, or the refusal.
    pub fn give(&self, raw: &str) -> Result<String, String> {
        let answer = self.chain().take(raw.as_bytes());
        let said = String::from_utf8_lossy(&answer.body).into_owned();
        if answer.status == 200 { Ok(said) } else { Err(said) }
    }

    /// Puts all that waits into a block, and makes more.
    pub fn mine(&self, blocks: u32) {
        let mut chain = self.chain();
        let next = chain.height + 1;
        for known in chain.known.values_mut() {
            known.height.get_or_insert(next);
        }
        chain.height += blocks;
    }

    /// Forgets a transaction that waits, as nodes do with old ones.
    pub fn forget(&self, txid: &str) {
        let mut chain = self.chain();
        let txid = Txid::from_str(txid).expect("an id");
        chain.known.remove(&txid);
        chain.spent.retain(|_, by| *by != txid);
    }

    /// Has a coin spent by a transaction that was not sent from here.
    pub fn steal(&self, coin: OutPoint, to: &str) {
        let mut chain = self.chain();
        let transaction = Transaction {
            version: Version::ONE,
            lock_time: LockTime::ZERO,
            input: vec![TxIn {
                previous_output: coin,
                script_sig: ScriptBuf::new(),
                sequence: Sequence::MAX,
                witness: Witness::new(),
            }],
            output: vec![TxOut {
                value: Amount::from_sat(1000),
                script_pubkey: script(to),
            }],
        };
        let txid = transaction.compute_txid();
        chain.spent.insert(coin, txid);
        chain.known.insert(
            txid,
            Known {
                transaction,
                height: None,
            },
        );
    }

    /// Says that each coin is worth more than it is.
    pub fn lie(&self, more: u64) {
        self.chain().lie = more;
    }

    /// Has no idea what fees are.
    pub fn no_estimates(&self) {
        self.chain().estimates = json!({});
    }

    /// A transaction that it was given.
    pub fn transaction(&self, txid: &str) -> Option<Transaction> {
        let txid = Txid::from_str(txid).expect("an id");
        self.chain().known.get(&txid).map(|known| known.transaction.clone())
    }

    /// What an address has, in blocks and on its way.
    pub fn worth(&self, address: &str) -> u64 {
        self.chain()
            .coins(address)
            .map(|(_, output, _)| output.value.to_sat())
            .sum()
    }

    /// The fee of a transaction that it was given.
    pub fn fee(&self, txid: &str) -> u64 {
        let chain = self.chain();
        let transaction = &chain.known[&Txid::from_str(txid).expect("an id")].transaction;
        let spent: u64 = transaction
            .input
            .iter()
            .map(|input| chain.output(input.previous_output).expect("known").value.to_sat())
            .sum();
        spent - paid(transaction)
    }
}

fn paid(transaction: &Transaction) -> u64 {
    transaction.output.iter().map(|output| output.value.to_sat()).sum()
}

/// The script of an address.
pub fn script(address: &str) -> ScriptBuf {
    Address::from_str(address)
        .expect("an address")
        .assume_checked()
        .script_pubkey()
}

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
    fn output(&self, coin: OutPoint) -> Option<&TxOut> {
        let vout = usize::try_from(coin.vout).ok()?;
        self.known.get(&coin.txid)?.transaction.output.get(vout)
    }

    fn coins(&self, address: &str) -> impl Iterator<Item = (OutPoint, &TxOut, Option<u32>)> {
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

    fn answer(&mut self, request: &Request) -> Reply {
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
    fn take(&mut self, body: &[u8]) -> Answer {
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
        for (i, input) in transaction.input.iter().enumerate() {
            let Some(output) = self.output(input.previous_output) else {
                return refused(-25, "bad-txns-inputs-missingorspent");
            };
            if self.spent.contains_key(&input.previous_output) {
                return refused(-26, "txn-mempool-conflict");
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
}
