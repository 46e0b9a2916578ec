use aboard_vault::{
    CanaryError, Entropy, KeyFile, KeyFileError, Kms, KmsError, Secret, SystemEntropy, canary_check, canary_seal,
};
use proptest::prelude::*;

use crate::support::{Counting, flips, key_file, unhex};

/// Made apart from this code, by Python's `hmac`, `hashlib`, `base64` and `cryptography` (HKDF-Expand
/// and AES-GCM), for the key 00 01 … 1f.
const GOLDEN_ID: &str = "kek_f7f3bf24453ee5f1";
const GOLDEN_LINE: &str = "aboard-kek-1:aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypq:wreuj7gn";
const GOLDEN_WRAPPED: &str = "01f7f3bf24453ee5f1202122232425262728292a2b2c2d2e2f\
    688f4e362ce1454631274e7492d069383ab8dfd91acb";

fn refusal(text: &str) -> KeyFileError {
    KeyFile::parse(text).err().expect("the key file was read")
}

/// A stand-in for a remote KMS: "wraps" by doing nothing, or is away.
struct Remote {
    away: bool,
}

impl Kms for Remote {
    fn id(&self) -> &'static str {
        "remote"
    }

    fn wrapped(&self, _: &[u8]) -> bool {
        true
    }

    fn wrap(&self, _: &[u8], plaintext: &[u8], _: &dyn Entropy) -> Result<Vec<u8>, KmsError> {
        Ok(plaintext.to_vec())
    }

    fn unwrap_key(&self, _: &[u8], wrapped: &[u8]) -> Result<Secret, KmsError> {
        if self.away {
            return Err(KmsError::Unavailable("timeout".to_owned()));
        }
        Ok(Secret::new(wrapped.to_vec()))
    }
}

#[test]
fn formats_are_golden() {
    let entropy = Counting::default();
    let key = KeyFile::generate(&entropy);
    assert_eq!(key.id(), GOLDEN_ID);
    assert_eq!(key.to_text().lines().last(), Some(GOLDEN_LINE));
    assert_eq!(key.wrap(b"aad", b"golden", &entropy).unwrap(), unhex(GOLDEN_WRAPPED));
    let parsed = KeyFile::parse(GOLDEN_LINE).ok().unwrap();
    let opened = parsed.unwrap_key(b"aad", &unhex(GOLDEN_WRAPPED));
    assert_eq!(opened.ok().unwrap().expose(), b"golden");
}

#[test]
fn the_text_explains_itself() {
    let text = key_file().to_text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(text.ends_with('\n'));
    assert!(lines[0].starts_with("# ") && lines[0].contains("key-encryption key"));
    assert!(lines[1].starts_with("# ") && lines[1].contains("backup"));
    assert!(lines[2].starts_with("aboard-kek-1:"));
}

#[test]
fn parse_is_easy_on_surroundings() {
    for text in [
        format!("{GOLDEN_LINE}\n"),
        format!("# mine\r\n\r\n  {GOLDEN_LINE} \r\n# end"),
    ] {
        assert_eq!(KeyFile::parse(&text).ok().unwrap().id(), GOLDEN_ID);
    }
}

#[test]
fn parse_says_what_is_wrong() {
    let fields: Vec<&str> = GOLDEN_LINE.split(':').collect();
    let (key, sum) = (fields[1], fields[2]);
    for (text, expected) in [
        (String::new(), KeyFileError::Empty),
        ("# only\n\n# comments\n".to_owned(), KeyFileError::Empty),
        (format!("{GOLDEN_LINE}\n{GOLDEN_LINE}"), KeyFileError::ExtraLine),
        ("-----BEGIN PRIVATE KEY-----".to_owned(), KeyFileError::NotAKey),
        (format!("{key}:{sum}"), KeyFileError::NotAKey),
        (format!("aboard-kek-1:{key}"), KeyFileError::NotAKey),
        (format!("{GOLDEN_LINE}:x"), KeyFileError::NotAKey),
        (format!("aboard-kek-2:{key}:{sum}"), KeyFileError::UnknownFormat),
        (format!("aboard-kek-1:{}:{sum}", &key[1..]), KeyFileError::Damaged),
        (format!("aboard-kek-1:{key}aa:{sum}"), KeyFileError::Damaged),
        (
            format!("aboard-kek-1:{}:{sum}", key.to_uppercase()),
            KeyFileError::Damaged,
        ),
        (format!("aboard-kek-1::{sum}"), KeyFileError::Damaged),
        (format!("aboard-kek-1:{key}:{sum}!"), KeyFileError::Damaged),
        (format!("aboard-kek-1:{key}:"), KeyFileError::Checksum),
        (format!("aboard-kek-1:{key}:aaaaaaaa"), KeyFileError::Checksum),
        (format!("aboard-kek-1:b{}:{sum}", &key[1..]), KeyFileError::Checksum),
    ] {
        let error = refusal(&text);
        assert_eq!(error, expected, "for {text}");
        let message = error.to_string();
        assert!(message.contains(": "), "no advice in: {message}");
        for secret in [key, sum, &key[1..20]] {
            assert!(!message.contains(secret) && !format!("{error:?}").contains(secret));
        }
    }
}

#[test]
fn each_ascii_change_in_the_key_line_is_refused() {
    for at in 0..GOLDEN_LINE.len() {
        for new in 0..128_u8 {
            if GOLDEN_LINE.as_bytes()[at] == new {
                continue;
            }
            let mut line = GOLDEN_LINE.as_bytes().to_vec();
            line[at] = new;
            refusal(std::str::from_utf8(&line).unwrap());
        }
    }
}

#[test]
fn every_flipped_bit_is_refused() {
    let key = key_file();
    let wrapped = key.wrap(b"aad", b"secret", &SystemEntropy).unwrap();
    for changed in flips(&wrapped) {
        let error = key.unwrap_key(b"aad", &changed).err().unwrap();
        // A version this release does not know is not mistaken for a forgery.
        assert_eq!(error == KmsError::Malformed, changed[0] != wrapped[0]);
    }
}

#[test]
fn another_key_and_another_aad_are_refused() {
    let (key, other) = (key_file(), key_file());
    let wrapped = key.wrap(b"aad", b"secret", &SystemEntropy).unwrap();
    assert_eq!(key.unwrap_key(b"aax", &wrapped).err(), Some(KmsError::Refused));
    let wrong = KmsError::WrongKey {
        loaded: other.id().to_owned(),
        found: key.id().to_owned(),
    };
    assert_eq!(other.unwrap_key(b"aad", &wrapped).err(), Some(wrong));

    // Relabelled with the other key's id it must still not open there.
    let mut relabelled = wrapped;
    relabelled[1..9].copy_from_slice(&unhex(&other.id()["kek_".len()..]));
    assert_eq!(other.unwrap_key(b"aad", &relabelled).err(), Some(KmsError::Refused));
}

#[test]
fn the_canary_knows_its_key() {
    let (key, other) = (key_file(), key_file());
    let stored = canary_seal(&key, &SystemEntropy).unwrap();
    assert_eq!(canary_check(&key, &stored), Ok(()));

    let Err(CanaryError::Foreign { id, source }) = canary_check(&other, &stored) else {
        panic!("a foreign key opened the canary");
    };
    assert_eq!(id, other.id());
    assert!(source.to_string().contains(key.id()));
    for changed in flips(&stored) {
        assert!(canary_check(&key, &changed).is_err());
    }
    for end in 0..stored.len() {
        assert!(canary_check(&key, &stored[..end]).is_err());
    }
}

#[test]
fn the_canary_is_more_than_any_wrapped_value() {
    let stored = canary_seal(&Remote { away: false }, &SystemEntropy).unwrap();
    assert_eq!(canary_check(&Remote { away: false }, &stored), Ok(()));
    let foreign = canary_check(&Remote { away: false }, b"another value");
    assert_eq!(foreign, Err(CanaryError::Damaged));
    let source = KmsError::Unavailable("timeout".to_owned());
    let away = canary_check(&Remote { away: true }, &stored);
    assert_eq!(away, Err(CanaryError::Unreachable { source }));

    let key = key_file();
    let other_use = key.wrap(b"aad", b"a wallet's key", &SystemEntropy).unwrap();
    let source = KmsError::Refused;
    let id = key.id().to_owned();
    assert_eq!(canary_check(&key, &other_use), Err(CanaryError::Foreign { id, source }));
}

proptest! {
    #[test]
    fn the_text_round_trips(seed: u8) {
        let entropy = Counting::default();
        entropy.fill(&mut vec![0; usize::from(seed)]);
        for key in [KeyFile::generate(&entropy), key_file()] {
            let parsed = KeyFile::parse(&key.to_text()).ok().unwrap();
            prop_assert_eq!(parsed.id(), key.id());
            let wrapped = key.wrap(b"", b"x", &SystemEntropy).unwrap();
            let opened = parsed.unwrap_key(b"", &wrapped).ok().unwrap();
            prop_assert_eq!(opened.expose(), b"x");
        }
    }

    #[test]
    fn any_changed_character_is_refused(at in 0..GOLDEN_LINE.len(), new: char) {
        let text = key_file().to_text();
        let line = text.lines().last().unwrap();
        prop_assert_eq!(line.len(), GOLDEN_LINE.len());
        prop_assume!(!line[at..].starts_with(new));
        refusal(&format!("{}{new}{}", &line[..at], &line[at + 1..]));
    }

    #[test]
    fn any_text_is_no_key_and_no_panic(text: String) {
        refusal(&text);
        refusal(&format!("aboard-kek-1:{text}"));
    }

    #[test]
    fn wrapping_round_trips(aad: Vec<u8>, plaintext: Vec<u8>) {
        let key = key_file();
        let wrapped = key.wrap(&aad, &plaintext, &SystemEntropy).unwrap();
        let opened = key.unwrap_key(&aad, &wrapped).ok().unwrap();
        prop_assert_eq!(opened.expose(), &plaintext);
        for end in 0..wrapped.len() {
            prop_assert!(key.unwrap_key(&aad, &wrapped[..end]).is_err());
        }
    }

    #[test]
    fn any_bytes_are_refused(bytes: Vec<u8>) {
        prop_assert!(key_file().unwrap_key(b"", &bytes).is_err());
    }
}

#[test]
fn a_ring_wraps_with_one_key_and_opens_what_the_others_wrapped() {
    use std::sync::Arc;

    use aboard_vault::KekRing;

    let made = |_: u8| Arc::new(KeyFile::generate(&SystemEntropy));
    let (old, new, foreign) = (made(1), made(2), made(3));
    let by_old = old.wrap(b"aad", b"secret", &SystemEntropy).unwrap();
    let by_foreign = foreign.wrap(b"aad", b"secret", &SystemEntropy).unwrap();
    let ring = KekRing::new(new.clone(), vec![old.clone()]);
    assert_eq!(ring.id(), new.id());
    let by_ring = ring.wrap(b"aad", b"secret", &SystemEntropy).unwrap();
    assert!(ring.wrapped(&by_ring) && new.wrapped(&by_ring) && !old.wrapped(&by_ring));
    assert!(!ring.wrapped(&by_old));
    for wrapped in [&by_old, &by_ring] {
        assert_eq!(ring.unwrap_key(b"aad", wrapped).ok().unwrap().expose(), b"secret");
        assert_eq!(ring.unwrap_key(b"elsewhere", wrapped).err(), Some(KmsError::Refused));
    }
    // A key that nobody loaded is named.
    let refused = ring.unwrap_key(b"aad", &by_foreign).err();
    let named = KmsError::WrongKey {
        loaded: new.id().to_owned(),
        found: foreign.id().to_owned(),
    };
    assert_eq!(refused, Some(named));
    assert_eq!(ring.unwrap_key(b"aad", &[]).err(), Some(KmsError::Malformed));
}
