//! Bitcoin: one key, one P2WPKH address; payments, PSBTs (BIP-174) and messages (BIP-322).
//!
//! Amounts are in satoshi.

mod address;
mod coins;
mod fee;
mod key;
mod message;
mod payment;
mod psbt;
mod raw;
mod replace;

#[cfg(test)]
mod tests;

pub use self::{
    address::{BitcoinAddressError, Network, PublicKey, Recipient},
    coins::{Coin, CoinError, Plan, select, sweep},
    fee::FeeRate,
    key::{Key, SignedPayment},
    psbt::{Input, Output, Payment, PsbtError, SignedPsbt, Summary},
    raw::RawTransaction,
    replace::{Replaced, replace},
};
pub use ::bitcoin::Txid;
