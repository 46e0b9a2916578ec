//! A phrase prints as one that reads as the same.
#![no_main]

use aboard_vault::wallet::Phrase;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(phrase) = Phrase::parse(text) {
        let words = phrase.words();
        let again = Phrase::parse(&words).ok().expect("its own words are a phrase");
        assert_eq!(*again.words(), *words);
    }
});
