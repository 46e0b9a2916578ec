use aboard_vault::{Aad, KeyFile, Kms, KmsError, Purpose, RootKey, RootKeyError, SystemEntropy};

use crate::support::{PLACE, flips, key_file, root_keys, vault_of};

const ID: [u8; 16] = [7; 16];

fn refusal(id: [u8; 16], purpose: Purpose, kms: &KeyFile, wrapped: &[u8]) -> RootKeyError {
    let result = RootKey::unwrap(id, purpose, kms, wrapped);
    result.err().expect("the root key was unwrapped")
}

#[test]
fn purposes_parse_back_and_have_names_of_their_own() {
    for purpose in Purpose::ALL {
        assert_eq!(Purpose::parse(purpose.as_str()), Some(*purpose));
        assert_eq!(purpose.to_string(), purpose.as_str());
    }
    for name in ["", "Seal", "seal ", "signing"] {
        assert_eq!(Purpose::parse(name), None);
    }
}

/// The names are stored; a rename would make every wrapped key of that purpose useless.
#[test]
fn purposes_keep_their_names() {
    let names: Vec<&str> = Purpose::ALL.iter().map(|p| p.as_str()).collect();
    assert_eq!(names[..3], ["seal", "code_mac", "secret0_mac"]);
    assert_eq!(names[3..], ["idempotency", "cursor", "user_token", "audit"]);
}

#[test]
fn an_unwrapped_key_is_the_same_key() {
    let kms = key_file();
    let mut before = root_keys(&SystemEntropy);
    before.push(RootKey::generate(ID, Purpose::Seal, &SystemEntropy));
    let wrapped = before.last().unwrap().wrap(&kms, &SystemEntropy).unwrap();
    let sealed = vault_of(before).seal(&PLACE, b"value", &SystemEntropy);

    let mut after = root_keys(&SystemEntropy);
    let key = RootKey::unwrap(ID, Purpose::Seal, &kms, &wrapped).ok().unwrap();
    assert_eq!((key.id(), key.purpose()), (ID, Purpose::Seal));
    after.push(key);
    let opened = vault_of(after).open(&PLACE, &sealed).ok().unwrap();
    assert_eq!(opened.expose(), b"value");
}

#[test]
fn a_wrapped_key_is_bound_to_its_id_purpose_and_kek() {
    let kms = key_file();
    let key = RootKey::generate(ID, Purpose::CodeMac, &SystemEntropy);
    let wrapped = key.wrap(&kms, &SystemEntropy).unwrap();
    let refused = RootKeyError::Kms(KmsError::Refused);
    assert_eq!(refusal([8; 16], Purpose::CodeMac, &kms, &wrapped), refused);
    for purpose in Purpose::ALL.iter().filter(|p| **p != Purpose::CodeMac) {
        assert_eq!(refusal(ID, *purpose, &kms, &wrapped), refused);
    }
    let RootKeyError::Kms(KmsError::WrongKey { found, .. }) = refusal(ID, Purpose::CodeMac, &key_file(), &wrapped)
    else {
        panic!("another KEK was not named as the reason");
    };
    assert_eq!(found, kms.id());
    for changed in flips(&wrapped) {
        refusal(ID, Purpose::CodeMac, &kms, &changed);
    }
    for end in 0..wrapped.len() {
        let error = refusal(ID, Purpose::CodeMac, &kms, &wrapped[..end]);
        assert!(matches!(
            error,
            RootKeyError::Kms(KmsError::Malformed | KmsError::Refused)
        ));
    }
}

/// Only somebody with the KEK could do this; it must be an error and not a weak key.
#[test]
fn a_key_of_another_length_is_refused() {
    let kms = key_file();
    // The AAD as the format has it: each part behind its length.
    let mut aad = Vec::new();
    for part in [&b"aboard-root-key-1"[..], &ID, b"seal"] {
        aad.extend_from_slice(&(part.len() as u64).to_be_bytes());
        aad.extend_from_slice(part);
    }
    for len in [0, 16, 31, 33] {
        let wrapped = kms.wrap(&aad, &vec![1; len], &SystemEntropy).unwrap();
        let error = refusal(ID, Purpose::Seal, &kms, &wrapped);
        assert_eq!(error, RootKeyError::Length { found: len });
    }
}

#[test]
fn a_place_is_an_aad_for_data_keys_too() {
    let kms = key_file();
    let wrapped = kms.wrap(&PLACE.to_bytes(), b"dek", &SystemEntropy).unwrap();
    let elsewhere = Aad { row: [9; 16], ..PLACE };
    assert!(kms.unwrap_key(&elsewhere.to_bytes(), &wrapped).is_err());
    assert!(kms.unwrap_key(&PLACE.to_bytes(), &wrapped).is_ok());
}
