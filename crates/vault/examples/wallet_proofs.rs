//! Prints what wallets make, one JSON object a line, for `verify/verify.mjs` to check with libraries
//! that others wrote: `cargo run -p aboard-vault --example wallet_proofs -- 1000 | node verify.mjs`.
//!
//! The keys are random and worthless. A second argument is the seed of the randomness, for printing
//! the same again.

#![expect(clippy::print_stdout, reason = "its output is what it is for")]
#![expect(clippy::unwrap_used, reason = "what fails here is a fault to be seen")]

use aboard_vault::{
    Entropy, KeyFile,
    wallet::{Custody, OpenWallet, Phrase, Place, SealedWallet, Secret0},
};
use serde_json::{Value, json};

#[path = "proofs/bitcoin.rs"]
mod bitcoin_proofs;
#[path = "proofs/evm.rs"]
mod evm_proofs;
#[path = "proofs/random.rs"]
mod random;
#[path = "proofs/solana.rs"]
mod solana_proofs;

use random::Random;

fn main() {
    let mut args = std::env::args().skip(1);
    let wallets: u32 = args.next().map_or(100, |n| n.parse().expect("a number of wallets"));
    let seed = args.next().unwrap_or_default();
    let random = Random::new(seed.as_bytes());
    let kms = KeyFile::generate(&random);
    for i in 0..wallets {
        let custody = if i % 2 == 0 { Custody::Server } else { Custody::Shared };
        let place = Place {
            environment: Entropy::array(&random),
            user: Entropy::array(&random),
            wallet: Entropy::array(&random),
        };
        let phrase = Phrase::generate(&random);
        let created = SealedWallet::import(&kms, &place, custody, &phrase, &random).unwrap();
        // As it comes out of a row.
        let wallet = SealedWallet::from_columns(created.wallet.key().to_vec(), created.wallet.body().to_vec()).unwrap();
        let half = created.secret0.half();
        let open = wallet.open(&kms, &place, Some(&half)).unwrap();
        keys(&wallet, &phrase);
        evm_proofs::print(&open, &random);
        solana_proofs::print(&open, &random);
        bitcoin_proofs::print(&open, &random);
        export(&place, &open, &created.secret0, &random);
    }
}

fn line(kind: &str, value: Value) {
    let Value::Object(mut fields) = value else {
        unreachable!("all lines are objects")
    };
    fields.insert("kind".to_owned(), kind.into());
    println!("{}", Value::Object(fields));
}

fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().fold(String::new(), |mut text, byte| {
        use std::fmt::Write as _;
        // A String takes everything.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn keys(wallet: &SealedWallet, phrase: &Phrase) {
    use aboard_vault::wallet::bitcoin::Network;
    let addresses = wallet.addresses();
    line(
        "keys",
        json!({
            "words": *phrase.words(),
            "evm": addresses.evm.to_string(),
            "solana": addresses.solana.to_string(),
            "bitcoin": addresses.bitcoin.address(Network::Main),
            "bitcoinTest": addresses.bitcoin.address(Network::Test),
            "bitcoinRegtest": addresses.bitcoin.address(Network::Regtest),
        }),
    );
}

/// To a key pair of the client's, whose private key goes along for the check.
fn export(place: &Place, open: &OpenWallet<'_>, secret0: &Secret0, random: &Random) {
    use aboard_vault::{Purpose, RootKey, Vault};
    use aws_lc_rs::agreement::{PrivateKey, X25519};
    let keys = Purpose::ALL
        .iter()
        .map(|purpose| RootKey::generate([1; 16], *purpose, random))
        .collect();
    let vault = Vault::new(std::sync::Arc::new(KeyFile::generate(random)), keys).unwrap();
    let proven = secret0.prove(&vault, &secret0.mac(&vault)).ok().unwrap();
    let private: [u8; 32] = Entropy::array(&random);
    let pair = PrivateKey::from_private_key(&X25519, &private).unwrap();
    let public = pair.compute_public_key().unwrap();
    let exported = open.export(&proven, public.as_ref(), random).unwrap();
    line(
        "export",
        json!({
            "private": hex(private),
            "wallet": hex(place.wallet),
            "enc": hex(exported.enc),
            "ciphertext": hex(exported.ciphertext),
        }),
    );
}
