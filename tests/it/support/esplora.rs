//! A Bitcoin network behind Esplora's REST interface: it takes what Bitcoin Core's own code takes, and makes blocks when a
//! test says so.

mod node;

use std::collections::HashMap;
use std::str::FromStr as _;
use std::sync::{Arc, Mutex, MutexGuard};

use aboard_fakes::Receiver;
use bitcoin::absolute::LockTime;
use bitcoin::hashes::Hash as _;
use bitcoin::transaction::Version;
use bitcoin::{Address, Amount, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Txid, Witness};
use serde_json::{Value, json};

/// The first block of testnet3, and of the main network.
pub const TEST: &str = "000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943";
pub const MAIN: &str = "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f";

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
    /// Why everything is refused.
    refuses: Option<&'static str>,
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
            refuses: None,
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

    /// Refuses whatever it is given from now on, or no longer.
    pub fn refuses(&self, why: Option<&'static str>) {
        self.chain().refuses = why;
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
        chain.fee(&chain.known[&Txid::from_str(txid).expect("an id")].transaction)
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
