//! People's names.

use super::Invalid;
use super::plain_text::hides;

/// A person's full name as they or somebody for them wrote it: 1 to 200 characters on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonName(String);

impl PersonName {
    /// Reads a name; the spaces around it are dropped.
    ///
    /// # Errors
    /// Nothing is left, it is longer than 200 characters, or it holds a control character such as a line break, or one that turns the
    /// direction of what follows.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let name = text.trim();
        if name.is_empty() || name.chars().count() > 200 || name.chars().any(hides) {
            return Err(Invalid::new("Send a name of 1 to 200 characters on one line."));
        }
        Ok(Self(name.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_of_all_scripts_pass_and_lines_do_not() {
        for name in ["John Doe", "Ελένη Παπαδοπούλου", "عمر", "李", "O'Brien-Smith, Jr."] {
            assert_eq!(PersonName::parse(&format!("  {name}\t")).unwrap().as_str(), name);
        }
        assert!(PersonName::parse(&"李".repeat(200)).is_ok());
        for wrong in [
            "",
            "   ",
            "a\nb",
            "a\u{1b}[2J",
            "a\u{0}b",
            "a\u{9b}2J",
            "a\u{202e}b",
            "a\u{2066}b",
            "a\u{200b}b",
            &"a".repeat(201),
        ] {
            assert!(PersonName::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn what_passes_reads_back_as_itself(text in "\\PC{0,220}") {
            if let Ok(name) = PersonName::parse(&text) {
                prop_assert_eq!(PersonName::parse(name.as_str()), Ok(name.clone()));
                prop_assert!((1..=200).contains(&name.as_str().chars().count()));
            }
        }
    }
}
