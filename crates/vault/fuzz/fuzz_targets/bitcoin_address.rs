//! An address prints as one that reads as the same script.
#![no_main]

use aboard_vault::wallet::bitcoin::{Network, Recipient};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for network in [Network::Main, Network::Test, Network::Regtest] {
        if let Ok(to) = Recipient::parse(text, network) {
            let again = to.address(network).expect("it was an address");
            assert_eq!(Recipient::parse(&again, network), Ok(to));
        }
    }
});
