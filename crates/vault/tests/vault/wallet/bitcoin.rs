use aboard_vault::wallet::bitcoin::{
    BitcoinAddressError, Coin, CoinError, FeeRate, Key, Network, PublicKey, Recipient, Txid, select, sweep,
};
use bitcoin::{Transaction, consensus::encode::deserialize, hashes::Hash};
use proptest::prelude::*;

use super::with_wallet;

const SOMEBODY: &str = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4";

pub fn with_key(work: impl FnOnce(&Key)) {
    with_wallet(|open| work(&open.bitcoin().ok().unwrap()));
}

pub fn somebody() -> Recipient {
    Recipient::parse(SOMEBODY, Network::Main).unwrap()
}

fn coin(name: u8, value: u64) -> Coin {
    Coin {
        txid: Txid::from_byte_array([name; 32]),
        vout: 0,
        value,
    }
}

/// Some key: the coins of [`coin`] are anybody's.
pub fn own() -> PublicKey {
    let bytes = "0330d54fd0dd420a6e5f8d3624f5f3482cae350f79d5f0753bf5beef9c2d91af3c";
    PublicKey::from_slice(&crate::support::unhex(bytes)).unwrap()
}

#[test]
fn addresses_are_of_their_network() {
    for (text, network) in [
        (SOMEBODY, Network::Main),
        ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", Network::Main),
        ("3P14159f73E4gFr7JterCCQh9QjiTjiZrG", Network::Main),
        (
            "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
            Network::Main,
        ),
        ("tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx", Network::Test),
        ("mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn", Network::Test),
    ] {
        let read = Recipient::parse(text, network).unwrap();
        assert_eq!(read.address(network).as_deref(), Some(text));
        let other = if network == Network::Main {
            Network::Test
        } else {
            Network::Main
        };
        assert_eq!(Recipient::parse(text, other), Err(BitcoinAddressError::Network));
    }
    for wrong in [
        "",
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5",
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb",
        "0x00",
    ] {
        assert_eq!(
            Recipient::parse(wrong, Network::Main),
            Err(BitcoinAddressError::Invalid)
        );
    }
    assert!(own().address(Network::Regtest).starts_with("bcrt1q"));
}

#[test]
fn coins_are_chosen_for_the_amount() {
    let rate = FeeRate::per_kvb(10_000);
    let coins = [coin(1, 100_000), coin(2, 500_000), coin(3, 50_000), coin(4, 500)];
    // The smallest that is enough; the change is what is left.
    let plan = select(&coins, &somebody(), 60_000, rate, &own()).unwrap();
    assert_eq!(plan.coins, [coin(1, 100_000)]);
    assert_eq!(plan.amount + plan.change + plan.fee, 100_000);
    // One input and two outputs of P2WPKH are 141 virtual bytes, signatures at their longest.
    assert_eq!(plan.fee, 1410);
    // No single one is enough: the largest together. The one that costs more than it is worth stays.
    let plan = select(&coins, &somebody(), 610_000, rate, &own()).unwrap();
    assert_eq!(plan.coins, [coin(2, 500_000), coin(1, 100_000), coin(3, 50_000)]);
    let missing = select(&coins, &somebody(), 650_000, rate, &own()).err();
    assert!(matches!(missing, Some(CoinError::Missing { have: 650_000, need }) if need > 650_000));
    // The order in which a server names them changes nothing.
    let mut other = coins;
    other.reverse();
    assert_eq!(
        select(&other, &somebody(), 60_000, rate, &own()),
        select(&coins, &somebody(), 60_000, rate, &own())
    );
}

#[test]
fn change_that_is_dust_goes_to_the_miner() {
    let plan = select(&[coin(1, 100_000)], &somebody(), 98_700, FeeRate::LEAST, &own()).unwrap();
    assert!(plan.change >= 294);
    let plan = select(&[coin(1, 100_000)], &somebody(), 99_700, FeeRate::LEAST, &own()).unwrap();
    assert_eq!((plan.change, plan.fee), (0, 300));
    let dust = select(&[coin(1, 100_000)], &somebody(), 293, FeeRate::LEAST, &own());
    assert_eq!(dust, Err(CoinError::Dust { least: 294 }));
}

#[test]
fn a_sweep_leaves_nothing() {
    let plan = sweep(&[coin(1, 60_000), coin(2, 40_000)], &somebody(), FeeRate::per_kvb(2000)).unwrap();
    assert_eq!((plan.amount + plan.fee, plan.change), (100_000, 0));
    assert_eq!(plan.coins.len(), 2);
    assert!(matches!(
        sweep(&[], &somebody(), FeeRate::LEAST),
        Err(CoinError::Missing { have: 0, .. })
    ));
}

#[test]
fn a_list_of_coins_that_cannot_be_true_is_refused() {
    for coins in [
        vec![coin(1, 50_000), coin(1, 50_000)],
        vec![coin(1, u64::MAX), coin(2, u64::MAX)],
        vec![coin(1, 2_100_000_000_000_001)],
    ] {
        assert_eq!(
            select(&coins, &somebody(), 1000, FeeRate::LEAST, &own()),
            Err(CoinError::Impossible)
        );
    }
    let many: Vec<Coin> = (0..1000)
        .map(|n| Coin {
            vout: n,
            ..coin(1, 10_000)
        })
        .collect();
    let refused = select(&many, &somebody(), 8_000_000, FeeRate::LEAST, &own());
    assert_eq!(refused, Err(CoinError::TooMany));
}

#[test]
fn fee_rates_have_bounds() {
    assert_eq!(FeeRate::per_vb(0.1), Some(FeeRate::LEAST));
    assert_eq!(FeeRate::per_vb(1e300), Some(FeeRate::MOST));
    assert_eq!(FeeRate::per_vb(12.3451).unwrap().sat_per_kvb(), 12_346);
    assert_eq!(FeeRate::per_vb(f64::NAN), None);
    let estimates = [(144, 1.0), (1, 20.0), (6, 10.0), (3, f64::INFINITY)];
    for (blocks, rate) in [
        (1, 20_000),
        (5, 20_000),
        (6, 10_000),
        (143, 10_000),
        (1000, 1000),
        (0, 20_000),
    ] {
        assert_eq!(FeeRate::within(blocks, &estimates).unwrap().sat_per_kvb(), rate);
    }
    assert_eq!(FeeRate::within(6, &[]), None);
}

#[test]
fn a_payment_spends_what_was_planned() {
    with_key(|key| {
        let coins = [coin(9, 30_000), coin(1, 20_000)];
        let plan = select(&coins, &somebody(), 40_000, FeeRate::LEAST, &key.public()).unwrap();
        let signed = key.sign_plan(&plan);
        let sent: Transaction = deserialize(&signed.raw).unwrap();
        assert_eq!(sent.compute_txid(), signed.txid);
        // Sorted by name and by value.
        assert_eq!(sent.input[0].previous_output.txid, coins[1].txid);
        assert_eq!(sent.output[0].value.to_sat(), plan.change);
        assert_eq!(sent.output[1].script_pubkey.as_bytes(), somebody().script());
        let paid: u64 = sent.output.iter().map(|output| output.value.to_sat()).sum();
        assert_eq!(paid + plan.fee, 50_000);
        assert!(u64::try_from(sent.vsize()).unwrap() <= plan.fee);
        assert_eq!(key.sign_plan(&plan), signed);
    });
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
        prop_assert!(Recipient::parse(&String::from_utf8_lossy(&bytes), Network::Main).is_err());
    }

    #[test]
    fn a_plan_adds_up(values in proptest::collection::vec(300..100_000_000_u64, 1..40), amount in 294..200_000_000_u64, rate in 1000..500_000_u64) {
        let coins: Vec<Coin> = (0..).zip(values).map(|(n, value)| Coin { vout: n, ..coin(1, value) }).collect();
        let rate = FeeRate::per_kvb(rate);
        match select(&coins, &somebody(), amount, rate, &own()) {
            Ok(plan) => {
                let sum: u64 = plan.coins.iter().map(|coin| coin.value).sum();
                prop_assert_eq!(sum, plan.amount + plan.change + plan.fee);
                prop_assert_eq!(plan.amount, amount);
                prop_assert!(plan.change == 0 || plan.change >= 294);
                // No coin is there for nothing.
                let least = plan.coins.iter().map(|coin| coin.value).min().unwrap();
                prop_assert!(plan.coins.len() == 1 || sum - least < amount + plan.fee);
            }
            Err(CoinError::Missing { need, .. }) => {
                let sum: u64 = coins.iter().map(|coin| coin.value).sum();
                prop_assert!(sum < need + rate.fee(272) * 40);
            }
            Err(other) => prop_assert!(false, "{other:?}"),
        }
    }
}
