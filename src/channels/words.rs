//! The texts of messages, in every language.
//!
//! A language is one value of [`Words`]: one that lacks a text, or a purpose, does not compile. To add one: a variant of
//! [`Language`], a file here, a line in [`words`].
//!
//! What comes from outside is the app's name alone. A text puts the code nowhere: whoever builds a message does, at
//! its very beginning.

mod arabic;
mod english;
mod greek;
mod indonesian;

use super::Purpose;
use crate::domain::Language;

/// All texts of one language.
pub(super) struct Words {
    /// What the code is for: (purpose, app). A sentence without its full stop.
    pub what: fn(Purpose, &str) -> String,
    /// That nobody may ask for the code.
    pub keep_it: &'static str,
    /// How long the code works: (minutes).
    pub works_for: fn(i64) -> String,
    /// For a person who did not ask for it.
    pub not_you: &'static str,
}

/// The texts of a language.
pub(super) fn words(language: Language) -> &'static Words {
    match language {
        Language::English => &english::WORDS,
        Language::Greek => &greek::WORDS,
        Language::Arabic => &arabic::WORDS,
        Language::Indonesian => &indonesian::WORDS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_purpose_has_its_own_text_that_names_the_app() {
        for language in Language::ALL {
            let words = words(*language);
            let texts: Vec<String> = Purpose::ALL
                .iter()
                .map(|purpose| (words.what)(*purpose, "Acme"))
                .collect();
            for (at, text) in texts.iter().enumerate() {
                assert!(text.contains("Acme"), "{text}");
                assert!(!text.ends_with('.') && !text.contains('\n'), "{text}");
                assert!(!texts[..at].contains(text), "{text}");
            }
        }
    }

    #[test]
    fn no_language_borrows_the_texts_of_another() {
        let all: Vec<&Words> = Language::ALL.iter().map(|language| words(*language)).collect();
        for (at, words) in all.iter().enumerate() {
            for other in &all[..at] {
                assert_ne!(words.keep_it, other.keep_it);
                assert_ne!(words.not_you, other.not_you);
                assert_ne!((words.works_for)(10), (other.works_for)(10));
                assert_ne!((words.what)(Purpose::LogIn, ""), (other.what)(Purpose::LogIn, ""));
            }
        }
    }

    #[test]
    fn minutes_are_counted_as_the_language_counts() {
        for (language, minutes, text) in [
            (Language::English, 1, "It works for 1 minute."),
            (Language::English, 10, "It works for 10 minutes."),
            (Language::Greek, 1, "Ισχύει για 1 λεπτό."),
            (Language::Greek, 5, "Ισχύει για 5 λεπτά."),
            (Language::Arabic, 1, "صالح لمدة دقيقة واحدة."),
            (Language::Arabic, 2, "صالح لمدة دقيقتين."),
            (Language::Arabic, 10, "صالح لمدة 10 دقائق."),
            (Language::Arabic, 11, "صالح لمدة 11 دقيقة."),
            (Language::Indonesian, 10, "Berlaku selama 10 menit."),
        ] {
            assert_eq!((words(language).works_for)(minutes), text);
        }
    }
}
