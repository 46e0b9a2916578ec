use aboard_vault::{SeedError, SigningKey, SystemEntropy, verify};
use proptest::prelude::*;

use crate::support::{Counting, flips, unhex};

/// RFC 8032, 7.1, tests 1 to 3: seed, public key, message, signature.
const RFC_8032: [[&str; 4]; 3] = [
    [
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ],
    [
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ],
    [
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ],
];

#[test]
fn signatures_match_rfc_8032() {
    for [seed, public, message, signature] in RFC_8032.map(|row| row.map(unhex)) {
        let key = SigningKey::from_seed(&seed).ok().unwrap();
        assert_eq!(key.public()[..], public);
        assert_eq!(key.seed().expose(), seed);
        assert_eq!(key.sign(&message)[..], signature);
        assert!(verify(&key.public(), &message, &signature));
    }
}

#[test]
fn a_generated_key_is_its_entropy() {
    let key = SigningKey::generate(&Counting::default());
    let seed: Vec<u8> = (0..32).collect();
    assert_eq!(key.seed().expose(), seed);
    let again = SigningKey::from_seed(&seed).ok().unwrap();
    assert_eq!(key.public(), again.public());
}

#[test]
fn a_seed_of_another_length_is_refused() {
    for found in [0, 31, 33, 64] {
        let error = SigningKey::from_seed(&vec![1; found]).err();
        assert_eq!(error, Some(SeedError { found }));
    }
}

#[test]
fn every_flipped_bit_is_refused() {
    let key = SigningKey::generate(&SystemEntropy);
    let (message, public) = (b"token", key.public());
    let signature = key.sign(message);
    assert!(verify(&public, message, &signature));
    for changed in flips(&signature) {
        assert!(!verify(&public, message, &changed));
    }
    for changed in flips(message) {
        assert!(!verify(&public, &changed, &signature));
    }
    for changed in flips(&public) {
        assert!(!verify(&changed.try_into().unwrap(), message, &signature));
    }
    for end in 0..signature.len() {
        assert!(!verify(&public, message, &signature[..end]));
    }
    assert!(!verify(&public, message, &[&signature[..], &[0]].concat()));
}

proptest! {
    #[test]
    fn signing_round_trips(message: Vec<u8>) {
        let key = SigningKey::generate(&SystemEntropy);
        let other = SigningKey::generate(&SystemEntropy);
        let signature = key.sign(&message);
        prop_assert!(verify(&key.public(), &message, &signature));
        prop_assert!(!verify(&other.public(), &message, &signature));
        let restored = SigningKey::from_seed(key.seed().expose()).ok().unwrap();
        prop_assert_eq!(restored.sign(&message), signature);
    }
}
