use std::sync::Arc;

use aboard_vault::{Aad, Kms, Mac, OpenError, Purpose, RootKey, SystemEntropy, Vault, VaultError, hmac_sha256};
use proptest::prelude::*;

use crate::support::{Counting, PLACE, flips, key_file, new_vault, root_keys, unhex, vault_of};

/// Made apart from this code, by Python's `hmac` and `cryptography` (HKDF-Expand and AES-GCM), for
/// the root key 00 01 … 1f, the salt 20 21 … 2f and the plaintext "golden".
const GOLDEN_SEALED: &str = "01aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa202122232425262728292a2b2c2d2e2f\
    688f4e362ce165a82fddd4259549e30ac4756ce1b815";
/// Likewise the MAC of "ab", "c" for the purpose `cursor`.
const GOLDEN_MAC: &str = "95c2259490999f4f5da2d66e264bd76103e637df40bb0413b97a5b52cdc1fe0d";

/// A vault whose key of `purpose` is 00 01 … 1f.
fn golden_vault(purpose: Purpose, entropy: &Counting) -> Vault {
    let mut keys = root_keys(&SystemEntropy);
    keys.retain(|key| key.purpose() != purpose);
    keys.push(RootKey::generate([0xaa; 16], purpose, entropy));
    vault_of(keys)
}

fn opened(vault: &Vault, aad: &Aad, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
    vault.open(aad, sealed).map(|s| s.expose().to_vec())
}

#[test]
fn formats_are_golden() {
    let entropy = Counting::default();
    let vault = golden_vault(Purpose::Seal, &entropy);
    assert_eq!(vault.seal(&PLACE, b"golden", &entropy), unhex(GOLDEN_SEALED));
    assert_eq!(opened(&vault, &PLACE, &unhex(GOLDEN_SEALED)).unwrap(), b"golden");

    let vault = golden_vault(Purpose::Cursor, &Counting::default());
    let mac = vault.mac(Purpose::Cursor, &[b"ab", b"c"]);
    assert_eq!((mac.key_id, mac.tag.to_vec()), ([0xaa; 16], unhex(GOLDEN_MAC)));
}

#[test]
fn a_missing_purpose_is_named() {
    for purpose in Purpose::ALL {
        let mut keys = root_keys(&SystemEntropy);
        keys.retain(|key| key.purpose() != *purpose);
        let error = Vault::new(Arc::new(key_file()), keys).err().unwrap();
        assert_eq!(error, VaultError::Missing(*purpose));
        assert!(error.to_string().contains(purpose.as_str()));
    }
}

#[test]
fn two_keys_of_one_purpose_need_two_ids() {
    let mut keys = root_keys(&SystemEntropy);
    keys.push(RootKey::generate([0xaa; 16], Purpose::Cursor, &SystemEntropy));
    let expected = VaultError::Duplicate {
        purpose: Purpose::Cursor,
        key_id: "aa".repeat(16),
    };
    assert_eq!(Vault::new(Arc::new(key_file()), keys).err(), Some(expected));
}

#[test]
fn every_flipped_bit_is_refused() {
    let vault = new_vault();
    let sealed = vault.seal(&PLACE, b"secret", &SystemEntropy);
    for changed in flips(&sealed) {
        assert!(opened(&vault, &PLACE, &changed).is_err());
    }
}

#[test]
fn errors_tell_what_happened() {
    let vault = new_vault();
    let sealed = vault.seal(&PLACE, b"", &SystemEntropy);
    assert_eq!(opened(&vault, &PLACE, &sealed), Ok(vec![]));
    let changed = |at: usize| {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        opened(&vault, &PLACE, &changed).unwrap_err()
    };
    assert_eq!(changed(0), OpenError::UnknownVersion(0));
    let key_id = format!("ab{}", "aa".repeat(15));
    assert_eq!(changed(1), OpenError::UnknownKey { key_id });
    assert_eq!(changed(17), OpenError::Refused, "the salt");
    assert_eq!(changed(sealed.len() - 1), OpenError::Refused, "the tag");
    let short = opened(&vault, &PLACE, &sealed[..sealed.len() - 1]);
    assert_eq!(short, Err(OpenError::TooShort));
}

#[test]
fn a_value_opens_in_its_own_place_only() {
    let vault = new_vault();
    let sealed = vault.seal(&PLACE, b"secret", &SystemEntropy);
    for elsewhere in [
        Aad {
            table: "webhook",
            ..PLACE
        },
        Aad {
            column: "secrets",
            ..PLACE
        },
        Aad {
            environment: [3; 16],
            ..PLACE
        },
        Aad { row: [3; 16], ..PLACE },
        Aad {
            environment: PLACE.row,
            row: PLACE.environment,
            ..PLACE
        },
        // The same letters, split elsewhere.
        Aad {
            table: "webhookss",
            column: "ecret",
            ..PLACE
        },
        Aad {
            table: "webhook",
            column: "ssecret",
            ..PLACE
        },
    ] {
        assert_eq!(opened(&vault, &elsewhere, &sealed), Err(OpenError::Refused));
    }
    assert_eq!(opened(&vault, &PLACE, &sealed).unwrap(), b"secret");
}

#[test]
fn a_vault_with_other_keys_of_the_same_ids_opens_nothing() {
    let sealed = new_vault().seal(&PLACE, b"secret", &SystemEntropy);
    assert_eq!(opened(&new_vault(), &PLACE, &sealed), Err(OpenError::Refused));
}

#[test]
fn sealing_twice_gives_two_values() {
    let vault = new_vault();
    let seal = || vault.seal(&PLACE, b"secret", &SystemEntropy);
    let (first, second) = (seal(), seal());
    // Both the salt and, because of it, the ciphertext.
    assert_ne!(first[17..33], second[17..33]);
    assert_ne!(first[33..39], second[33..39]);
}

/// Rotation: the process starts again with the old keys and a newer one behind them.
#[test]
fn an_old_root_key_still_opens_and_verifies() {
    let kms = Arc::new(key_file());
    let old = root_keys(&SystemEntropy);
    let wrapped: Vec<_> = old
        .iter()
        .map(|key| (key.purpose(), key.wrap(&*kms, &SystemEntropy).unwrap()))
        .collect();
    let before = Vault::new(kms.clone(), old).ok().unwrap();
    let sealed = before.seal(&PLACE, b"secret", &SystemEntropy);
    let mac = before.mac(Purpose::CodeMac, &[b"123456"]);
    let lasting = before.lasting_mac(Purpose::UserToken, &[b"user"]);

    let mut keys = Vec::new();
    for (purpose, wrapped) in &wrapped {
        keys.push(RootKey::unwrap([0xaa; 16], *purpose, &*kms, wrapped).ok().unwrap());
        keys.push(RootKey::generate([0xbb; 16], *purpose, &SystemEntropy));
    }
    let after = Vault::new(kms, keys).ok().unwrap();
    assert_eq!(opened(&after, &PLACE, &sealed).unwrap(), b"secret");
    assert!(after.verify_mac(Purpose::CodeMac, &[b"123456"], &mac));

    // New values are of the new key, and the old vault knows nothing of it.
    let newer = after.seal(&PLACE, b"secret", &SystemEntropy);
    assert_eq!(newer[1..17], [0xbb; 16]);
    let key_id = "bb".repeat(16);
    assert_eq!(opened(&before, &PLACE, &newer), Err(OpenError::UnknownKey { key_id }));
    let newer = after.mac(Purpose::CodeMac, &[b"123456"]);
    assert_eq!(newer.key_id, [0xbb; 16]);
    assert!(after.verify_mac(Purpose::CodeMac, &[b"123456"], &newer));
    assert!(!before.verify_mac(Purpose::CodeMac, &[b"123456"], &newer));

    // What is derived anew each time does not change with the keys.
    assert_eq!(after.lasting_mac(Purpose::UserToken, &[b"user"]), lasting);
    assert_ne!(after.lasting_mac(Purpose::UserToken, &[b"other"]), lasting);
    assert_ne!(after.lasting_mac(Purpose::Cursor, &[b"user"]), lasting);
}

#[test]
fn a_mac_is_bound_to_purpose_key_and_parts() {
    let vault = new_vault();
    let parts: &[&[u8]] = &[b"ab", b"c"];
    let mac = vault.mac(Purpose::CodeMac, parts);
    assert!(vault.verify_mac(Purpose::CodeMac, parts, &mac));
    let others: [&[&[u8]]; 6] = [
        &[b"a", b"bc"],
        &[b"abc"],
        &[b"ab", b"c", b""],
        &[b"c", b"ab"],
        &[b"ab"],
        &[],
    ];
    for other in others {
        assert!(!vault.verify_mac(Purpose::CodeMac, other, &mac));
    }
    for purpose in Purpose::ALL.iter().filter(|p| **p != Purpose::CodeMac) {
        assert!(!vault.verify_mac(*purpose, parts, &mac));
    }
    for tag in flips(&mac.tag) {
        let tag = tag.try_into().unwrap();
        assert!(!vault.verify_mac(Purpose::CodeMac, parts, &Mac { tag, ..mac }));
    }
    let key_id = [0xab; 16];
    assert!(!vault.verify_mac(Purpose::CodeMac, parts, &Mac { key_id, ..mac }));
}

/// A MAC under the seal key must never be a message key, which is HMAC of a label, salt and 1.
#[test]
fn a_mac_is_not_a_plain_hmac_of_its_parts() {
    let key: Vec<u8> = (0..32).collect();
    let vault = golden_vault(Purpose::Seal, &Counting::default());
    let mac = vault.mac(Purpose::Seal, &[b"aboard-seal-1", &[0; 16], &[1]]);
    let message_key = hmac_sha256(&key, &[b"aboard-seal-1", &[0; 16], &[1]]);
    assert_ne!(mac.tag, message_key);
}

#[test]
fn the_kms_is_the_one_given() {
    let kms = Arc::new(key_file());
    let vault = Vault::new(kms.clone(), root_keys(&SystemEntropy)).ok().unwrap();
    assert_eq!(vault.kms().id(), kms.id());
}

proptest! {
    #[test]
    fn sealing_round_trips(
        table: String,
        column: String,
        environment: [u8; 16],
        row: [u8; 16],
        plaintext: Vec<u8>,
    ) {
        let vault = new_vault();
        let aad = Aad { table: &table, column: &column, environment, row };
        let sealed = vault.seal(&aad, &plaintext, &SystemEntropy);
        prop_assert_eq!(sealed.len(), plaintext.len() + 49);
        prop_assert_eq!(opened(&vault, &aad, &sealed).unwrap(), plaintext);
        for end in 0..sealed.len() {
            prop_assert!(opened(&vault, &aad, &sealed[..end]).is_err());
        }
        prop_assert!(opened(&vault, &aad, &[&sealed[..], &[0]].concat()).is_err());
    }

    #[test]
    fn any_bytes_are_refused(rest: Vec<u8>) {
        let vault = new_vault();
        prop_assert!(opened(&vault, &PLACE, &rest).is_err());
        // Past the checks of version and key id too.
        let known = [&[1][..], &[0xaa; 16], &rest].concat();
        prop_assert!(opened(&vault, &PLACE, &known).is_err());
    }

    #[test]
    fn places_never_share_their_bytes(
        a in proptest::array::uniform2("[ab]{0,2}"),
        b in proptest::array::uniform2("[ab]{0,2}"),
    ) {
        let place = |[table, column]: &[String; 2]| Aad { table, column, ..PLACE }.to_bytes();
        prop_assert_eq!(a == b, place(&a) == place(&b));
    }

    #[test]
    fn macs_differ_when_parts_do(
        a in proptest::collection::vec("[ab]{0,3}", 0..4),
        b in proptest::collection::vec("[ab]{0,3}", 0..4),
    ) {
        let vault = new_vault();
        let slices_a: Vec<&[u8]> = a.iter().map(String::as_bytes).collect();
        let slices_b: Vec<&[u8]> = b.iter().map(String::as_bytes).collect();
        let mac = vault.mac(Purpose::Idempotency, &slices_a);
        prop_assert_eq!(vault.verify_mac(Purpose::Idempotency, &slices_b, &mac), a == b);
    }
}
