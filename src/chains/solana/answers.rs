//! What nodes answer, read strictly: what does not fit is no answer.

use aboard_vault::wallet::solana::{Address, Signature, TokenAccount, Transaction};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::super::endpoints::words;

/// How long a blockhash can be good: 150 blocks, and room for a node that counts otherwise.
const LONGEST_LIFE: u64 = 300;
/// More slots than there will be in a thousand years.
const MOST_SLOTS: u64 = 100_000_000_000;
/// As many blocks as one answer may tell fees of.
const MOST_FEES: usize = 1_000;

/// An account of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The program that may change it.
    pub owner: Address,
    /// What the program keeps in it.
    pub data: Vec<u8>,
    /// What it has.
    pub lamports: u64,
    /// Whether it is a program.
    pub executable: bool,
}

/// An account that somebody has for a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holding {
    /// Where it is.
    pub at: Address,
    /// What it holds.
    pub account: TokenAccount,
}

/// A recent block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blockhash {
    /// Its hash.
    pub hash: [u8; 32],
    /// The height of the last block that takes transactions that name it.
    pub last_height: u64,
}

/// A block that nothing undoes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FinalBlock {
    /// How many blocks there are up to it.
    pub height: u64,
    /// Its slot: not every one has a block.
    pub slot: u64,
}

/// How sure it is that a transaction stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finality {
    /// A node has run it.
    Processed,
    /// Two thirds of the stake have voted for its block.
    Confirmed,
    /// Nothing undoes it.
    Finalized,
}

/// What is known of a transaction that landed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Where.
    pub slot: u64,
    /// How surely.
    pub finality: Finality,
    /// Why it failed, if it did. Its fee was paid all the same.
    pub failed: Option<String>,
}

/// A transaction that landed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Landed {
    /// Where.
    pub slot: u64,
    /// When, in seconds since 1970, as the validators say.
    pub time: Option<i64>,
    /// What it paid, in lamports.
    pub fee: u64,
    /// The units of computing that it took.
    pub units: Option<u64>,
    /// Why it failed, if it did.
    pub failed: Option<String>,
    /// The transaction, whose first signature is the id that was asked for.
    pub transaction: Transaction,
}

/// `null` is `None`; anything else has to be read.
#[expect(clippy::option_option, reason = "the outer one is whether the answer can be read")]
pub fn optional<T>(value: &Value, read: impl Fn(&Value) -> Option<T>) -> Option<Option<T>> {
    if value.is_null() {
        return Some(None);
    }
    read(value).map(Some)
}

fn address(value: &Value) -> Option<Address> {
    Address::parse(value.as_str()?).ok()
}

/// `["…", "base64"]`
fn bytes(value: &Value) -> Option<Vec<u8>> {
    (value[1] == "base64").then(|| STANDARD.decode(value[0].as_str()?).ok())?
}

pub fn account(value: &Value) -> Option<Account> {
    Some(Account {
        owner: address(&value["owner"])?,
        data: bytes(&value["data"])?,
        lamports: value["lamports"].as_u64()?,
        executable: value["executable"].as_bool()?,
    })
}

pub fn holding(value: &Value, program: Address) -> Option<Holding> {
    let account = account(&value["account"]).filter(|account| account.owner == program)?;
    Some(Holding {
        at: address(&value["pubkey"])?,
        account: TokenAccount::parse(program, &account.data).ok()?,
    })
}

pub fn blockhash(value: &Value) -> Option<Blockhash> {
    let slot = value["context"]["slot"].as_u64().filter(|slot| *slot <= MOST_SLOTS)?;
    let last_height = value["value"]["lastValidBlockHeight"].as_u64()?;
    // Not every slot has a block. A height far ahead would keep what was sent open for ever.
    let fits = last_height > 0 && last_height <= slot.saturating_add(LONGEST_LIFE);
    fits.then_some(Blockhash {
        hash: address(&value["value"]["blockhash"])?.0,
        last_height,
    })
}

pub fn final_block(value: &Value) -> Option<FinalBlock> {
    let (height, slot) = (value["blockHeight"].as_u64()?, value["absoluteSlot"].as_u64()?);
    (height <= slot && slot <= MOST_SLOTS).then_some(FinalBlock { height, slot })
}

pub fn paid(value: &Value) -> Option<Vec<u64>> {
    let list = value.as_array().filter(|list| list.len() <= MOST_FEES)?;
    list.iter().map(|entry| entry["prioritizationFee"].as_u64()).collect()
}

#[expect(clippy::option_option, reason = "the outer one is whether the answer can be read")]
fn failure(err: &Value) -> Option<Option<String>> {
    match err {
        Value::Null => Some(None),
        Value::String(_) | Value::Object(_) => Some(Some(in_plain_words(&err.to_string()))),
        _ => None,
    }
}

pub fn simulated(value: &Value) -> Option<Result<u64, String>> {
    if !value.is_object() {
        return None;
    }
    Some(match failure(&value["err"])? {
        None => Ok(value["unitsConsumed"].as_u64()?),
        Some(why) => Err(why),
    })
}

pub fn status(value: &Value) -> Option<Status> {
    let finality = match value["confirmationStatus"].as_str()? {
        "processed" => Finality::Processed,
        "confirmed" => Finality::Confirmed,
        "finalized" => Finality::Finalized,
        _ => return None,
    };
    Some(Status {
        slot: value["slot"].as_u64().filter(|slot| *slot <= MOST_SLOTS)?,
        finality,
        failed: failure(value.get("err")?)?,
    })
}

pub fn landed(value: &Value, id: &str) -> Option<Landed> {
    let meta = value.get("meta").filter(|meta| meta.is_object())?;
    let transaction = Transaction::parse(&bytes(&value["transaction"])?).ok()?;
    let is_it = Signature::parse(id).is_some_and(|id| transaction.id() == Some(id.0));
    is_it.then_some(Landed {
        slot: value["slot"].as_u64()?,
        time: value["blockTime"].as_i64(),
        fee: meta["fee"].as_u64()?,
        units: meta["computeUnitsConsumed"].as_u64(),
        failed: failure(meta.get("err")?)?,
        transaction,
    })
}

/// An error of the chain in words that a person can do something with; others as the chain has them.
#[must_use]
pub fn in_plain_words(error: &str) -> String {
    const KNOWN: &[(&[&str], &str)] = &[
        (
            &["AccountNotFound", "Attempt to debit an account but found no record"],
            "the wallet has no lamports to pay the fee with",
        ),
        (
            &["InsufficientFundsForFee", "Insufficient funds for fee"],
            "the wallet has not enough lamports to pay the fee",
        ),
        (
            &["InsufficientFundsForRent", "insufficient funds for rent"],
            "an account would be left with less than Solana lets it have (rent): send a little more or a little less, or everything",
        ),
        (
            &["BlockhashNotFound", "Blockhash not found"],
            "the recent blockhash is not known, or too old: take a new one",
        ),
        (&["AlreadyProcessed"], "the same transaction was sent before"),
    ];
    for (signs, plain) in KNOWN {
        if signs.iter().any(|sign| error.contains(sign)) {
            return (*plain).to_owned();
        }
    }
    words(error.trim_start_matches("Transaction simulation failed: "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const HASH: &str = "EkSnNWid2cvwEVnVx9aBqawnmiCNiDgp3gUdkDPTKN1N";

    #[test]
    fn a_blockhash_that_would_never_end_is_no_answer() {
        let said = |slot: u64, last: u64, hash: &str| {
            blockhash(
                &json!({ "context": { "slot": slot }, "value": { "blockhash": hash, "lastValidBlockHeight": last } }),
            )
        };
        assert_eq!(said(1000, 1150, HASH).unwrap().last_height, 1150);
        // Slots without blocks: the height lies behind.
        assert!(said(1000, 700, HASH).is_some());
        for (slot, last, hash) in [
            (1000, 1301, HASH),
            (1000, u64::MAX, HASH),
            (1000, 0, HASH),
            (1000, 1150, "0x5c"),
        ] {
            assert_eq!(said(slot, last, hash), None);
        }
        assert_eq!(final_block(&json!({ "blockHeight": 11, "absoluteSlot": 10 })), None);
    }

    #[test]
    fn what_became_of_a_transaction_is_read_or_refused() {
        let said =
            |finality: &str, err: Value| status(&json!({ "slot": 7, "confirmationStatus": finality, "err": err }));
        assert_eq!(said("finalized", Value::Null).unwrap().finality, Finality::Finalized);
        assert!(Finality::Confirmed < Finality::Finalized);
        let failed = said(
            "confirmed",
            json!({ "InsufficientFundsForRent": { "account_index": 0 } }),
        )
        .unwrap()
        .failed;
        assert!(failed.unwrap().contains("(rent)"));
        assert_eq!(said("rooted", Value::Null), None);
        assert_eq!(said("confirmed", json!(3)), None);
        assert_eq!(status(&json!({ "slot": 7, "confirmationStatus": "confirmed" })), None);
        let plain = in_plain_words("Transaction simulation failed: Blockhash not found");
        assert!(plain.contains("too old"), "{plain}");
        assert_eq!(
            in_plain_words("Transaction simulation failed: custom program error: 0x1\n"),
            "custom program error: 0x1"
        );
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "[a-zA-Z0-9+/=]{0,90}".prop_map(Value::from),
        ];
        let name = prop_oneof![
            Just("value"),
            Just("slot"),
            Just("context"),
            Just("err"),
            Just("account"),
            Just("data"),
            Just("owner"),
            Just("meta"),
            Just("transaction"),
            Just("lamports"),
            Just("pubkey"),
            Just("confirmationStatus"),
        ];
        leaf.prop_recursive(4, 32, 4, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::vec((name.clone(), inner), 0..4).prop_map(|pairs| pairs
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_answer_is_read_without_panic(value in any_json()) {
            let program = Address([6; 32]);
            let _ = (account(&value), holding(&value, program), blockhash(&value), final_block(&value), paid(&value));
            let _ = (simulated(&value), status(&value), landed(&value, HASH), optional(&value, status));
        }
    }
}
