use aboard_vault::{Algorithm, PublicKey, SystemEntropy, TokenKey, verify};
use proptest::prelude::*;

use crate::support::{Counting, flips, unhex};

fn key(algorithm: Algorithm) -> TokenKey {
    TokenKey::generate(algorithm, &SystemEntropy).ok().unwrap()
}

/// The bytes of a signature in JOSE's form.
fn length(algorithm: Algorithm) -> usize {
    match algorithm {
        Algorithm::EdDsa | Algorithm::Es256 => 64,
        Algorithm::Rs256 => 256,
    }
}

#[test]
fn a_stored_key_is_the_same_key() {
    for algorithm in Algorithm::ALL {
        let made = key(algorithm);
        let read = TokenKey::from_private(algorithm, made.private().expose()).ok().unwrap();
        assert_eq!((read.algorithm(), read.public()), (algorithm, made.public()));
        for (signer, verifier) in [(&made, &read), (&read, &made)] {
            let signature = signer.sign(b"token").unwrap();
            assert_eq!(signature.len(), length(algorithm), "{algorithm:?}");
            assert!(verifier.verify(b"token", &signature));
            assert!(!verifier.verify(b"another", &signature));
        }
        assert_ne!(key(algorithm).public(), made.public());
    }
}

#[test]
fn ed25519_is_the_seed_that_was_stored_before() {
    let seed = unhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
    let key = TokenKey::from_private(Algorithm::EdDsa, &seed).ok().unwrap();
    assert_eq!(key.private().expose(), seed);
    let PublicKey::Ed25519 { x } = key.public() else {
        panic!("not an Ed25519 key")
    };
    assert_eq!(
        x[..],
        unhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    );
    assert!(verify(x, b"m", &key.sign(b"m").unwrap()));
    let made = TokenKey::generate(Algorithm::EdDsa, &Counting::default()).ok().unwrap();
    assert_eq!(made.private().expose(), (0..32).collect::<Vec<u8>>());
}

/// RFC 6979, A.2.5 (P-256, SHA-256, "sample"): the public key and a signature that is r and s.
#[test]
fn es256_reads_the_numbers_of_rfc_6979() {
    let head = unhex("308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420");
    let private = unhex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721");
    let x = unhex("60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6");
    let y = unhex("7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299");
    let pkcs8 = [&head[..], &private, &unhex("a14403420004"), &x, &y].concat();
    let key = TokenKey::from_private(Algorithm::Es256, &pkcs8).ok().unwrap();
    let expected = PublicKey::P256 {
        x: x.try_into().unwrap(),
        y: y.try_into().unwrap(),
    };
    assert_eq!(*key.public(), expected);
    let r = unhex("efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716");
    let s = unhex("f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8");
    assert!(key.verify(b"sample", &[&r[..], &s].concat()));
    // The same numbers as DER, which other libraries make unless told not to.
    let der = [&unhex("3046022100")[..], &r, &unhex("022100"), &s].concat();
    assert!(!key.verify(b"sample", &der));
}

#[test]
fn rs256_has_2048_bits_and_the_usual_exponent() {
    let PublicKey::Rsa { n, e } = key(Algorithm::Rs256).public().clone() else {
        panic!("not an RSA key")
    };
    assert_eq!((n.len(), n[0] & 0x80, n[255] & 1), (256, 0x80, 1));
    assert_eq!(e, [1, 0, 1]);
}

#[test]
fn a_key_of_another_algorithm_is_refused() {
    for algorithm in Algorithm::ALL {
        let private = key(algorithm).private();
        for other in Algorithm::ALL {
            let read = TokenKey::from_private(other, private.expose());
            assert_eq!(read.is_ok(), other == algorithm, "{algorithm:?} read as {other:?}");
            if let Err(error) = read {
                assert!(error.to_string().contains(other.as_str()));
            }
        }
        assert!(TokenKey::from_private(algorithm, &[]).is_err());
        let cut = &private.expose()[1..];
        assert!(TokenKey::from_private(algorithm, cut).is_err());
    }
}

#[test]
fn only_the_three_words_are_algorithms() {
    for algorithm in Algorithm::ALL {
        assert_eq!(Algorithm::parse(algorithm.as_str()), Some(algorithm));
    }
    for word in [
        "none", "HS256", "PS256", "RS512", "ES384", "eddsa", "Ed25519", "", "RS256 ",
    ] {
        assert_eq!(Algorithm::parse(word), None, "{word}");
    }
}

#[test]
fn every_flipped_bit_is_refused() {
    for algorithm in Algorithm::ALL {
        let (key, message) = (key(algorithm), b"token");
        let signature = key.sign(message).unwrap();
        for changed in flips(&signature) {
            assert!(!key.verify(message, &changed), "{algorithm:?}");
        }
        for changed in flips(message) {
            assert!(!key.verify(&changed, &signature), "{algorithm:?}");
        }
        for end in 0..signature.len() {
            assert!(!key.verify(message, &signature[..end]), "{algorithm:?}");
        }
        assert!(!key.verify(message, &[&signature[..], &[0]].concat()));
        assert!(!key.verify(message, &[&[0], &signature[..]].concat()));
    }
}

proptest! {
    #[test]
    fn no_key_takes_the_signature_of_another(message: Vec<u8>) {
        let keys = Algorithm::ALL.map(|algorithm| match algorithm {
            // Making RSA keys takes too long to do it for each case.
            Algorithm::Rs256 => rsa(),
            other => std::sync::Arc::new(key(other)),
        });
        for signer in &keys {
            let signature = signer.sign(&message).unwrap();
            for verifier in &keys {
                let same = verifier.algorithm() == signer.algorithm();
                prop_assert_eq!(verifier.verify(&message, &signature), same);
            }
        }
    }
}

fn rsa() -> std::sync::Arc<TokenKey> {
    static KEY: std::sync::OnceLock<std::sync::Arc<TokenKey>> = std::sync::OnceLock::new();
    std::sync::Arc::clone(KEY.get_or_init(|| std::sync::Arc::new(key(Algorithm::Rs256))))
}
