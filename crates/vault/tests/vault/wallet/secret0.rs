use aboard_vault::{
    Purpose, RootKey, Secret, Vault,
    wallet::{Custody, Phrase, Pin, Secret0, Secret0Error, UserCopy},
};
use proptest::prelude::*;
use std::sync::Arc;

use super::{HERE, made, vault};
use crate::support::key_file;

fn secret() -> Secret0 {
    made(&key_file(), Custody::Shared).secret0
}

fn refusal(text: &str) -> Secret0Error {
    UserCopy::parse(text).err().expect("the secret was read")
}

#[test]
fn text_file_and_words_are_one_secret() {
    let (vault, secret) = (vault(), secret());
    let mac = secret.mac(&vault);
    let copy = secret.to_copy();
    let (text, file, words) = (copy.to_text(HERE.wallet), copy.to_file(HERE.wallet), copy.to_words());
    assert!(text.starts_with("xw0.1.") && !text.contains('\n'));
    assert!(file.starts_with("# ") && file.ends_with(&format!("{}\n", *text)));
    assert_eq!(words.split(' ').count(), 24);
    for (form, wallet) in [(&text, Some(HERE.wallet)), (&file, Some(HERE.wallet)), (&words, None)] {
        let read = UserCopy::parse(form).ok().unwrap();
        assert_eq!(read.wallet(), wallet);
        assert!(!read.needs_pin());
        let opened = read.open().ok().unwrap();
        assert!(opened.prove(&vault, &mac).is_ok());
        assert_eq!(*read.to_text(HERE.wallet), *text);
    }
}

#[test]
fn a_copy_survives_what_happens_to_files() {
    let (vault, secret) = (vault(), secret());
    let mac = secret.mac(&vault);
    let text = secret.to_copy().to_text(HERE.wallet);
    let words = secret.to_copy().to_words();
    for changed in [
        format!("\u{feff}# note\r\n\r\n  {}  \r\n", *text),
        format!("# mine\n{}", words.to_uppercase().replace(' ', "\n  ")),
    ] {
        let read = UserCopy::parse(&changed).ok().unwrap().open().ok().unwrap();
        assert!(read.prove(&vault, &mac).is_ok());
    }
}

/// A person who takes the words for a BIP-39 phrase finds no empty wallet, but an error.
#[test]
fn the_words_are_no_phrase() {
    let wrong = (0..64).filter(|_| Phrase::parse(&secret().to_copy().to_words()).is_ok());
    // The last 8 bits are the same for both by chance in 1 of 256.
    assert!(wrong.count() < 5);
}

#[test]
fn every_changed_character_is_found() {
    let text = secret().to_copy().to_text(HERE.wallet);
    for at in 0..text.len() {
        for new in 0..128_u8 {
            if text.as_bytes()[at] == new {
                continue;
            }
            let mut changed = text.as_bytes().to_vec();
            changed[at] = new;
            let error = refusal(std::str::from_utf8(&changed).unwrap());
            assert!(!format!("{error} {error:?}").contains(&text[10..20]));
        }
    }
}

#[test]
fn the_text_is_bound_to_its_wallet() {
    let secret = secret();
    let mine = secret.to_copy().to_text([1; 16]);
    let theirs = secret.to_copy().to_text([2; 16]);
    let (mine, theirs): (Vec<&str>, Vec<&str>) = (mine.split('.').collect(), theirs.split('.').collect());
    let mixed = [mine[0], mine[1], theirs[2], mine[3], mine[4]].join(".");
    assert_eq!(refusal(&mixed), Secret0Error::Damaged);
}

#[test]
fn what_is_wrong_is_explained() {
    let copy = secret().to_copy();
    let (text, words) = (copy.to_text(HERE.wallet), copy.to_words());
    let list: Vec<&str> = words.split(' ').collect();
    let swapped = [list[1], list[0]].into_iter().chain(list[2..].iter().copied());
    for (wrong, expected) in [
        (String::new(), Secret0Error::NotASecret0),
        ("# nothing\n".to_owned(), Secret0Error::NotASecret0),
        ("hunter2".to_owned(), Secret0Error::NotASecret0),
        ("{\"file\":{}}".to_owned(), Secret0Error::NotASecret0),
        ("x".repeat(9000), Secret0Error::NotASecret0),
        ("xw0.x".to_owned(), Secret0Error::NotASecret0),
        (text.replacen(".1.", ".3.", 1), Secret0Error::UnknownVersion),
        (text.replacen(".1.", ".2.", 1), Secret0Error::Damaged),
        (format!("{}\n{}", *text, *text), Secret0Error::Damaged),
        (format!("{}.x", *text), Secret0Error::Damaged),
        (text[..text.len() - 1].to_owned(), Secret0Error::Damaged),
        (list[..23].join(" "), Secret0Error::WordCount { found: 23 }),
        (format!("{} abandon", *words), Secret0Error::WordCount { found: 25 }),
        (
            format!("{} hunter2 {}", list[..4].join(" "), list[5..].join(" ")),
            Secret0Error::UnknownWord { position: 5 },
        ),
        (swapped.collect::<Vec<_>>().join(" "), Secret0Error::Damaged),
    ] {
        // Two first words that are the same cannot be told when they are swapped.
        if expected == Secret0Error::Damaged && wrong == *words {
            continue;
        }
        assert_eq!(refusal(&wrong), expected, "for {wrong}");
    }
}

#[test]
fn a_copy_with_a_pin_needs_pin_pepper_and_wallet() {
    let (vault, secret) = (vault(), secret());
    let mac = secret.mac(&vault);
    let pepper = Secret::new(vec![7; 32]);
    let pin = |digits| Pin::parse(digits).ok().unwrap();
    let copy = secret.to_copy_with_pin(HERE.wallet, &pin("314159"), &pepper);
    let proves = |copy: &UserCopy, wallet, digits, pepper: &Secret| {
        let opened = copy.open_with_pin(wallet, &pin(digits), pepper);
        opened.prove(&vault, &mac).is_ok()
    };
    for form in [copy.to_text(HERE.wallet), copy.to_words()] {
        let read = UserCopy::parse(&form).ok().unwrap();
        assert!(read.needs_pin());
        assert_eq!(read.open().err(), Some(Secret0Error::NeedsPin));
        assert!(proves(&read, HERE.wallet, "314159", &pepper));
        assert!(!proves(&read, HERE.wallet, "314158", &pepper));
        assert!(!proves(&read, [9; 16], "314159", &pepper));
        assert!(!proves(&read, HERE.wallet, "314159", &Secret::new(vec![8; 32])));
    }
    // A copy without one opens whatever PIN comes along.
    assert!(proves(&secret.to_copy(), HERE.wallet, "000000", &pepper));
}

#[test]
fn a_pin_is_six_digits() {
    assert!(Pin::parse("000000").is_ok());
    for wrong in ["", "12345", "1234567", "12345a", "12 345", "-12345", "１２３４５６"] {
        assert_eq!(Pin::parse(wrong).err(), Some(Secret0Error::PinFormat));
    }
}

#[test]
fn a_wallet_is_found_by_words_after_keys_were_added() {
    let (kms, secret) = (Arc::new(key_file()), secret());
    let keys = |count: u8| -> Vec<RootKey> {
        let fixed = crate::support::Counting::default();
        (0..count)
            .flat_map(|id| Purpose::ALL.iter().map(move |purpose| (id, *purpose)))
            .map(|(id, purpose)| RootKey::generate([id; 16], purpose, &fixed))
            .collect()
    };
    let before = Vault::new(kms.clone(), keys(1)).unwrap();
    let after = Vault::new(kms, keys(2)).unwrap();
    let stored = secret.to_copy().locator(&before);
    let read = UserCopy::parse(&secret.to_copy().to_words()).ok().unwrap();
    let found = read.locators(&after);
    assert_eq!(found.len(), 2);
    assert_eq!((found[1].key_id, found[1].tag), (stored.key_id, stored.tag));
    assert_eq!(found[0].key_id, [1; 16]);
    assert!(secret.prove(&after, &secret.mac(&before)).is_ok());
    // A locator proves nothing.
    assert!(secret.prove(&before, &stored).is_err());
}

proptest! {
    #[test]
    fn any_text_is_no_secret_and_no_panic(text: String) {
        refusal(&text);
        refusal(&format!("xw0.1.{text}"));
        refusal(&format!("xw0.2.{text}"));
    }

    #[test]
    fn swapped_words_are_found(a in 0..24_usize, b in 0..24_usize) {
        let words = secret().to_copy().to_words();
        let mut list: Vec<&str> = words.split(' ').collect();
        prop_assume!(list[a] != list[b]);
        list.swap(a, b);
        let error = refusal(&list.join(" "));
        prop_assert!(matches!(error, Secret0Error::Damaged | Secret0Error::UnknownVersion));
    }
}

#[test]
fn secrets_differ() {
    let vault = vault();
    let (one, two) = (secret(), secret());
    assert!(one.prove(&vault, &two.mac(&vault)).is_err());
}
