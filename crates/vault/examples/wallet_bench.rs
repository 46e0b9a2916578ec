//! What signing and making wallets costs beside the bare primitives, in CPU time of this thread:
//! `cargo run --release -p aboard-vault --example wallet_bench`.
//!
//! Every row is the best of a few rounds. The bare primitives are called with keys that are at hand;
//! the wallet starts from the two columns of a row.

#![expect(clippy::print_stdout, reason = "its output is what it is for")]
#![expect(clippy::unwrap_used, reason = "what fails here is a fault to be seen")]

use std::hint::black_box;

use aboard_vault::{
    Entropy, KeyFile, Kms, SigningKey, SystemEntropy,
    wallet::{
        Custody, Phrase, Place, SealedWallet,
        bitcoin::{Coin, FeeRate, Plan, Txid, select},
        evm::{Address, Fees, Transaction, TypedData, U256},
    },
};
use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hmac, pbkdf2,
};
use bitcoin::{
    hashes::Hash,
    secp256k1::{Message, Secp256k1, SecretKey},
};
use rustix::time::{ClockId, clock_gettime};

const ROUNDS: u32 = 7;

/// Microseconds of CPU that one call takes, at best.
fn cost(calls: u32, mut work: impl FnMut()) -> f64 {
    let now = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        #[expect(clippy::cast_precision_loss, reason = "a time for people to read")]
        let (seconds, nanoseconds) = (time.tv_sec as f64, time.tv_nsec as f64);
        seconds * 1e6 + nanoseconds / 1e3
    };
    work();
    let rounds = (0..ROUNDS).map(|_| {
        let start = now();
        for _ in 0..calls {
            work();
        }
        (now() - start) / f64::from(calls)
    });
    rounds.fold(f64::INFINITY, f64::min)
}

fn row(name: &str, us: f64) {
    println!("{name:<66} {us:>10.2} us");
}

fn ratio(name: &str, wallet: f64, bare: f64, most: f64) {
    let verdict = if wallet <= bare * most { "ok" } else { "OVER" };
    println!("{name:<66} {:>10.3} x   (at most {most}: {verdict})", wallet / bare);
}

fn main() {
    let entropy = &SystemEntropy;
    let place = Place {
        environment: [1; 16],
        user: [2; 16],
        wallet: [3; 16],
    };
    let kms = KeyFile::generate(entropy);
    let aes = open_cost();

    println!("-- primitives");
    row("AES-256-GCM: new key, open 32 bytes", aes);
    let secp = Secp256k1::new();
    let secret = SecretKey::from_slice(&[7; 32]).unwrap();
    let digest = Message::from_digest([9; 32]);
    let ecdsa = cost(2000, || {
        black_box(secp.sign_ecdsa_recoverable(black_box(&digest), &secret));
    });
    row("secp256k1: sign a digest, recoverable", ecdsa);
    let unrecoverable = cost(2000, || {
        black_box(secp.sign_ecdsa(black_box(&digest), &secret));
    });
    row("secp256k1: sign a digest", unrecoverable);
    let message = [5; 250];
    let ed25519 = cost(2000, || {
        let key = SigningKey::from_seed(black_box(&[7; 32])).ok().unwrap();
        black_box(key.sign(&message));
    });
    row("Ed25519: from 32 bytes of seed, sign 250 bytes", ed25519);
    let ready = SigningKey::from_seed(&[7; 32]).ok().unwrap();
    let ed25519_ready = cost(2000, || {
        black_box(ready.sign(black_box(&message)));
    });
    row("Ed25519: key ready, sign 250 bytes", ed25519_ready);

    for custody in [Custody::Server, Custody::Shared] {
        println!("-- custody {}", custody.as_str());
        let created = SealedWallet::create(&kms, &place, custody, entropy).ok().unwrap();
        let half = created.secret0.half();
        let (key, body) = (created.wallet.key(), created.wallet.body());
        // From the two columns to the key, as for each operation.
        let open = || SealedWallet::from_columns(key.to_vec(), body.to_vec()).ok().unwrap();
        let hash = cost(1000, || {
            let wallet = open();
            let open = wallet.open(&kms, &place, Some(&half)).ok().unwrap();
            black_box(open.evm().ok().unwrap().sign_hash(black_box([9; 32])));
        });
        row("evm: columns, unwrap, open, sign a hash", hash);
        let transaction = transfer();
        let sent = cost(1000, || {
            let wallet = open();
            let open = wallet.open(&kms, &place, Some(&half)).ok().unwrap();
            let key = open.evm().ok().unwrap();
            black_box(key.sign_transaction(black_box(&transaction)).ok().unwrap());
        });
        row("evm: the same, sign a transfer of type 2", sent);
        let solana = cost(1000, || {
            let wallet = open();
            let open = wallet.open(&kms, &place, Some(&half)).ok().unwrap();
            black_box(open.solana().ok().unwrap().sign_message(black_box(&message)).ok());
        });
        row("solana: the same, sign a message of 250 bytes", solana);
        let plan = plan(&created.wallet);
        let payment = cost(500, || {
            let wallet = open();
            let open = wallet.open(&kms, &place, Some(&half)).ok().unwrap();
            black_box(open.bitcoin().ok().unwrap().sign_plan(black_box(&plan)));
        });
        row("bitcoin: the same, sign a payment of one coin", payment);
        ratio("evm hash      / (AES open + curve)", hash, aes + ecdsa, 1.3);
        ratio("evm transfer  / (AES open + curve)", sent, aes + ecdsa, 1.3);
        ratio("solana        / (AES open + curve)", solana, aes + ed25519, 1.3);
        ratio("bitcoin       / (AES open + curve)", payment, aes + unrecoverable, 1.3);
    }

    println!("-- other work");
    let document = include_str!("../tests/vectors/mail.json");
    row(
        "evm: parse and hash typed data (Mail)",
        cost(1000, || {
            black_box(TypedData::parse(black_box(document)).ok());
        }),
    );
    let unsigned = transfer();
    row("evm: parse a signed transfer", {
        let wallet = SealedWallet::create(&kms, &place, Custody::Server, entropy)
            .ok()
            .unwrap()
            .wallet;
        let key = wallet.open(&kms, &place, None).ok().unwrap().evm().ok().unwrap();
        let raw = key.sign_transaction(&unsigned).ok().unwrap().raw;
        cost(1000, || {
            black_box(Transaction::parse_signed(black_box(&raw)).ok());
        })
    });

    println!("-- making a wallet");
    let words = Phrase::generate(entropy).words();
    let stretch = cost(20, || {
        let mut seed = [0; 64];
        let rounds = std::num::NonZeroU32::new(2048).unwrap();
        pbkdf2::derive(
            pbkdf2::PBKDF2_HMAC_SHA512,
            rounds,
            b"mnemonic",
            black_box(words.as_bytes()),
            &mut seed,
        );
        black_box(seed);
    });
    row("PBKDF2-HMAC-SHA512, 2048 rounds", stretch);
    let derive = derive_cost(&secp);
    row("BIP-32 twice, SLIP-10 once, three addresses", derive);
    let seal = seal_cost(&kms);
    row("wrap a key, seal four values", seal);
    let create = cost(20, || {
        black_box(SealedWallet::create(&kms, &place, Custody::Server, entropy).ok());
    });
    row("create", create);
    ratio(
        "create / (PBKDF2 + derivation + addresses + sealing)",
        create,
        stretch + derive + seal,
        1.1,
    );
}

/// AES-GCM alone: the key is new for each value, as it is for each wallet.
fn open_cost() -> f64 {
    let key = || LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[7; 32]).unwrap());
    let nonce = || Nonce::assume_unique_for_key([0; NONCE_LEN]);
    let mut sealed = vec![1; 32];
    key()
        .seal_in_place_append_tag(nonce(), Aad::empty(), &mut sealed)
        .unwrap();
    cost(5000, || {
        let mut bytes = sealed.clone();
        black_box(key().open_in_place(nonce(), Aad::empty(), &mut bytes).unwrap());
    })
}

/// The same steps with nothing around them: 5 levels twice on secp256k1, 4 on Ed25519.
fn derive_cost<C: bitcoin::secp256k1::Signing>(secp: &Secp256k1<C>) -> f64 {
    use aboard_vault::wallet::evm;
    use bitcoin::secp256k1::Scalar;
    let step = |chain: &[u8], parts: &[&[u8]]| -> [u8; 64] {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA512, chain));
        for part in parts {
            context.update(part);
        }
        context.sign().as_ref().try_into().unwrap()
    };
    let seed = [3; 64];
    let bip32 = |secp: &Secp256k1<C>| {
        let mut node = step(b"Bitcoin seed", &[&seed]);
        let mut key = SecretKey::from_slice(&node[..32]).unwrap();
        for level in 0..5_u32 {
            let number = level.to_be_bytes();
            node = if level < 3 {
                step(&node[32..], &[&[0], &key.secret_bytes(), &number])
            } else {
                step(&node[32..], &[&key.public_key(secp).serialize(), &number])
            };
            let tweak = Scalar::from_be_bytes(node[..32].try_into().unwrap()).unwrap();
            key = key.add_tweak(&tweak).unwrap();
        }
        key.public_key(secp)
    };
    cost(100, || {
        let evm = bip32(secp);
        let hash = alloy_primitives::keccak256(&evm.serialize_uncompressed()[1..]);
        black_box(evm::Address::from_slice(&hash[12..]));
        let bitcoin = bitcoin::CompressedPublicKey(bip32(secp));
        black_box(bitcoin.wpubkey_hash());
        let mut node = step(b"ed25519 seed", &[&seed]);
        for level in 0..4_u32 {
            node = step(&node[32..], &[&[0], &node[..32], &level.to_be_bytes()]);
        }
        black_box(SigningKey::from_seed(&node[..32]).ok().unwrap().public());
    })
}

fn seal_cost(kms: &KeyFile) -> f64 {
    let entropy = &SystemEntropy;
    let aad = [0; 120];
    cost(500, || {
        let key: [u8; 32] = entropy.array();
        // The key file's wrapping is the same envelope as a sealed value.
        for value in [&key[..], &[1; 32], &[2; 32], &[3; 32], &[4; 16]] {
            black_box(kms.wrap(&aad, black_box(value), entropy).ok());
        }
    })
}

fn transfer() -> Transaction {
    Transaction {
        chain_id: 1,
        nonce: 7,
        gas_limit: 21_000,
        to: Some(Address::repeat_byte(1)),
        value: U256::from(1_000_000_000_000_000_000_u64),
        data: Vec::new(),
        fees: Fees::Dynamic {
            max_fee_per_gas: 30_000_000_000,
            max_priority_fee_per_gas: 1_000_000_000,
            access_list: Vec::new(),
        },
    }
}

fn plan(wallet: &SealedWallet) -> Plan {
    let own = wallet.addresses().bitcoin;
    let coin = Coin {
        txid: Txid::from_byte_array([1; 32]),
        vout: 0,
        value: 1_000_000,
    };
    select(&[coin], &own.script(), 500_000, FeeRate::per_kvb(5000), &own).unwrap()
}
