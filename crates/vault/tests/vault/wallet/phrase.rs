use aboard_vault::{
    SystemEntropy,
    wallet::{Phrase, PhraseError},
};
use proptest::prelude::*;

use super::WORDS;

fn refusal(text: &str) -> PhraseError {
    Phrase::parse(text).err().expect("the phrase was read")
}

#[test]
fn a_new_phrase_has_twelve_words() {
    let phrase = Phrase::generate(&SystemEntropy);
    assert_eq!(phrase.words().split(' ').count(), 12);
    assert_ne!(*phrase.words(), *Phrase::generate(&SystemEntropy).words());
    let again = Phrase::parse(&phrase.words()).ok().unwrap();
    assert_eq!(*again.words(), *phrase.words());
}

#[test]
fn words_are_read_as_people_type_them() {
    let typed = WORDS.replace("test ", "  TEST\n\t");
    assert_eq!(*Phrase::parse(&typed).ok().unwrap().words(), WORDS);
}

#[test]
fn a_wrong_phrase_is_explained_and_not_quoted() {
    let words: Vec<&str> = WORDS.split(' ').collect();
    for (text, expected) in [
        (String::new(), PhraseError::WordCount),
        (words[..11].join(" "), PhraseError::WordCount),
        (format!("{WORDS} test"), PhraseError::WordCount),
        (vec!["test"; 27].join(" "), PhraseError::WordCount),
        (WORDS.replace("junk", "test"), PhraseError::Checksum),
        (
            WORDS.replace("junk", "junkk"),
            PhraseError::UnknownWord { position: 12 },
        ),
        (
            WORDS.replacen("test", "hunter2", 1),
            PhraseError::UnknownWord { position: 1 },
        ),
    ] {
        let error = refusal(&text);
        assert_eq!(error, expected, "for {text}");
        let message = format!("{error} {error:?}");
        assert!(!message.contains("junk") && !message.contains("hunter2"), "{message}");
    }
}

proptest! {
    #[test]
    fn any_text_is_no_phrase_and_no_panic(text: String) {
        refusal(&text);
    }
}
