//! What is signed here is judged by Bitcoin Core's own code, as every node would.

use aboard_vault::wallet::bitcoin::{
    Coin, FeeRate, Key, Payment, Plan, RawTransaction, Recipient, Replaced, Txid, replace, select, sweep,
};
use bitcoin::{
    Amount, OutPoint, Psbt, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Witness, absolute::LockTime, consensus,
    hashes::Hash, transaction::Version,
};
use proptest::prelude::*;

use super::bitcoin::{somebody, with_key};

/// A transaction that pays these scripts; nobody signed it.
fn paying(name: u8, outputs: &[(&Recipient, u64)]) -> Transaction {
    let output = |(to, value): &(&Recipient, u64)| TxOut {
        value: Amount::from_sat(*value),
        script_pubkey: ScriptBuf::from_bytes(to.script().to_vec()),
    };
    spending(
        &[OutPoint::new(Txid::from_byte_array([name; 32]), 0)],
        outputs.iter().map(output).collect(),
    )
}

fn spending(coins: &[OutPoint], output: Vec<TxOut>) -> Transaction {
    let input = |coin: &OutPoint| TxIn {
        previous_output: *coin,
        script_sig: ScriptBuf::new(),
        sequence: Sequence::MAX,
        witness: Witness::new(),
    };
    Transaction {
        version: Version::TWO,
        lock_time: LockTime::ZERO,
        input: coins.iter().map(input).collect(),
        output,
    }
}

/// Whether every input of a transaction is a good spend of the coin with this value.
fn good(raw: &[u8], own: &Recipient, value: impl Fn(Txid, u32) -> u64) -> bool {
    let spends: Vec<_> = RawTransaction::parse(raw).unwrap().spends().collect();
    spends
        .iter()
        .enumerate()
        .all(|(i, (txid, vout))| bitcoinconsensus::verify(own.script(), value(*txid, *vout), raw, None, i).is_ok())
}

fn value_in(coins: &[Coin]) -> impl Fn(Txid, u32) -> u64 {
    move |txid, vout| {
        let known = coins.iter().find(|coin| (coin.txid, coin.vout) == (txid, vout));
        known.expect("only coins that were given are spent").value
    }
}

/// The money of a payment, as its bytes and the coins that it spends say.
fn check_money(key: &Key, coins: &[Coin], plan: &Plan, rate: FeeRate) -> Result<(), TestCaseError> {
    let signed = key.sign_plan(plan);
    let read = RawTransaction::parse(&signed.raw).expect("it is a transaction");
    prop_assert_eq!(read.txid(), signed.txid);
    let value = value_in(coins);
    let spent: u64 = read.spends().map(|(txid, vout)| value(txid, vout)).sum();
    let paid: u64 = read.outputs().map(|(_, value)| value).sum();
    prop_assert_eq!(spent, paid + plan.fee);
    let to_them: Vec<u64> = read
        .outputs()
        .filter(|(to, _)| *to == plan.to)
        .map(|(_, v)| v)
        .collect();
    prop_assert_eq!(to_them, [plan.amount]);
    for (to, value) in read.outputs() {
        prop_assert!(value >= to.dust(), "{} of {}", value, to.dust());
        prop_assert!(to == plan.to || to == key.public().script());
    }
    // At least the rate for what it really weighs; at most what the longest signatures and an output for change that
    // was not worth making would have cost.
    let size = read.virtual_size();
    prop_assert!(plan.fee >= rate.fee(size * 4));
    let inputs = u64::try_from(read.spends().count()).unwrap();
    let most = rate.fee((size + inputs + 31) * 4) + key.public().script().dust();
    prop_assert!(plan.fee <= most, "{} of {most}", plan.fee);
    prop_assert!(good(&signed.raw, &key.public().script(), value));
    Ok(())
}

#[test]
fn a_coin_is_what_its_transaction_says() {
    with_key(|key| {
        let own = key.public();
        let funding = paying(1, &[(&somebody(), 5000), (&own.script(), 70_000)]);
        let raw = consensus::serialize(&funding);
        let read = RawTransaction::parse(&raw).unwrap();
        let coin = read.coin(1, &own).unwrap();
        assert_eq!((coin.txid, coin.vout, coin.value), (funding.compute_txid(), 1, 70_000));
        // Somebody else's, and one that is not there.
        assert_eq!((read.coin(0, &own), read.coin(2, &own)), (None, None));
        assert_eq!(RawTransaction::parse(&raw[..raw.len() - 1]), None);
        assert_eq!(RawTransaction::parse(&[raw, vec![0]].concat()), None);
        assert_eq!(RawTransaction::parse(&vec![0; 4_000_001]), None);
    });
}

#[test]
fn a_spend_with_another_value_is_void() {
    with_key(|key| {
        let coins = [Coin {
            txid: Txid::from_byte_array([1; 32]),
            vout: 3,
            value: 90_000,
        }];
        let plan = select(&coins, &somebody(), 40_000, FeeRate::LEAST, &key.public()).unwrap();
        let signed = key.sign_plan(&plan);
        let own = key.public().script();
        assert!(good(&signed.raw, &own, |_, _| 90_000));
        assert!(!good(&signed.raw, &own, |_, _| 90_001));
        assert!(!good(&signed.raw, &somebody(), |_, _| 90_000));
    });
}

/// A PSBT as another wallet makes it, of two coins of this one: what comes out can be broadcast.
#[test]
fn a_psbt_becomes_a_good_spend() {
    with_key(|key| {
        let own = key.public().script();
        let funding = [
            paying(1, &[(&own, 30_000)]),
            paying(2, &[(&somebody(), 1000), (&own, 50_000)]),
        ];
        let coins = [(0, 0), (1, 1)].map(|(i, vout)| OutPoint::new(funding[i].compute_txid(), vout));
        let output = TxOut {
            value: Amount::from_sat(79_000),
            script_pubkey: ScriptBuf::from_bytes(somebody().script().to_vec()),
        };
        let mut psbt = Psbt::from_unsigned_tx(spending(&coins, vec![output])).unwrap();
        for (input, before) in psbt.inputs.iter_mut().zip(funding) {
            input.non_witness_utxo = Some(before);
        }
        let payment = Payment::parse(&psbt.serialize(), &key.public()).unwrap();
        assert_eq!((payment.summary().fee, payment.summary().values_proven), (1000, true));
        let signed = key.sign_psbt(&payment);
        let raw = signed.transaction.expect("every input is signed");
        assert_eq!(RawTransaction::parse(&raw).unwrap().txid(), signed.txid);
        let value = |txid, _| if txid == coins[0].txid { 30_000 } else { 50_000 };
        assert!(good(&raw, &own, value));
    });
}

fn any_coins() -> impl Strategy<Value = Vec<Coin>> {
    let values = proptest::collection::vec(300..50_000_000_u64, 1..12);
    values.prop_map(|values| {
        let coin = |(n, value)| Coin {
            txid: Txid::from_byte_array([u8::try_from(n % 3).unwrap(); 32]),
            vout: n,
            value,
        };
        (0..).zip(values).map(coin).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_spent_is_paid_or_fee_and_every_node_takes_it(
        coins in any_coins(), amount in 330..60_000_000_u64, rate in 1000..300_000_u64, all: bool,
    ) {
        let rate = FeeRate::per_kvb(rate);
        let mut outcome = Ok(());
        with_key(|key| {
            let plan = if all {
                sweep(&coins, &somebody(), rate)
            } else {
                select(&coins, &somebody(), amount, rate, &key.public())
            };
            if let Ok(plan) = plan {
                outcome = check_money(key, &coins, &plan, rate);
            }
        });
        outcome?;
    }
}

/// What nodes ask of a payment in the place of another one (BIP-125): its coins, more in all, and a higher rate.
fn check_replacement(key: &Key, coins: &[Coin], first: &Plan, second: &Plan) -> Result<(), TestCaseError> {
    let read = |plan: &Plan| RawTransaction::parse(&key.sign_plan(plan).raw).expect("it is a transaction");
    let (old, new) = (read(first), read(second));
    prop_assert!(old.can_be_replaced() && new.can_be_replaced());
    let spent: Vec<_> = new.spends().collect();
    prop_assert!(old.spends().all(|coin| spent.contains(&coin)));
    let value = value_in(coins);
    let worth: u64 = spent.iter().map(|(txid, vout)| value(*txid, *vout)).sum();
    let paid: u64 = new.outputs().map(|(_, value)| value).sum();
    prop_assert_eq!(worth, paid + second.fee);
    prop_assert!(new.outputs().all(|(to, value)| value >= to.dust()));
    prop_assert!(second.fee >= first.fee + new.virtual_size());
    prop_assert!(second.fee * old.virtual_size() > first.fee * new.virtual_size());
    prop_assert!(good(&key.sign_plan(second).raw, &key.public().script(), value));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_takes_the_place_of_a_payment_offers_enough_for_it(
        coins in any_coins(), amount in 330..60_000_000_u64, rates in (1000..100_000_u64, 1000..100_000_u64), back: bool,
    ) {
        let mut outcome = Ok(());
        with_key(|key| {
            let own = key.public();
            let Ok(first) = select(&coins, &somebody(), amount, FeeRate::per_kvb(rates.0), &own) else {
                return;
            };
            let replaced = Replaced {
                coins: first.coins.clone(),
                fee: first.fee,
                size: RawTransaction::parse(&key.sign_plan(&first).raw).expect("it is one").virtual_size(),
            };
            let is_free = |coin: &&Coin| !first.coins.contains(coin);
            let more: Vec<Coin> = coins.iter().filter(is_free).copied().collect();
            let (to, amount) = if back { (own.script(), None) } else { (somebody(), Some(amount)) };
            if let Ok(second) = replace(&replaced, &more, &to, amount, FeeRate::per_kvb(rates.1), &own) {
                outcome = check_replacement(key, &coins, &first, &second);
            }
        });
        outcome?;
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
        if let Some(read) = RawTransaction::parse(&bytes) {
            prop_assert!(read.virtual_size() > 0);
        }
    }
}
