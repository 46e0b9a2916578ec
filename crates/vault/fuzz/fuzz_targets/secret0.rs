//! A recovery secret prints as one that reads as the same, as a text and as words.
#![no_main]

use aboard_vault::wallet::UserCopy;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(copy) = UserCopy::parse(text) {
        let words = UserCopy::parse(&copy.to_words()).ok().expect("its words are a secret");
        let line = UserCopy::parse(&copy.to_text([1; 16])).ok().expect("its text is a secret");
        assert_eq!(*words.to_words(), *line.to_words());
    }
});
