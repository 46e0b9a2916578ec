//! Telephone numbers.

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, Region};

use super::Invalid;

/// A telephone number: as it was given, and the key it is compared by.
///
/// The key is E.164 (`+12025550123`) where the number has a country code, or where the environment's
/// default region makes it valid; otherwise it is the bare digits as given, and nothing is ever sent there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phone {
    shown: String,
    key: String,
}

impl Phone {
    /// What a number looks like, as a regular expression; it also has at most 40 characters.
    pub const PATTERN: &str = "^[+]?[-./() ]*([0-9][-./() ]*){3,20}$";

    /// Reads a number of 3 to 20 digits with the usual separators. `region` is an ISO 3166 code like `GR`.
    ///
    /// # Errors
    /// Says which rule the text breaks. Whether the numbering plan knows the number is not asked here:
    /// the documents' own examples exist in no plan.
    pub fn parse(text: &str, region: Option<&str>) -> Result<Self, Invalid> {
        let wrong = || Invalid::new("Send a phone number of 3 to 20 digits, like +306912345678.");
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let plain = text.char_indices().all(|(at, char)| match char {
            '0'..='9' | ' ' | '-' | '.' | '(' | ')' | '/' => true,
            '+' => at == 0,
            _ => false,
        });
        if !plain || text.len() > 40 || !(3..=20).contains(&digits.len()) {
            return Err(wrong());
        }
        let key = if text.starts_with('+') {
            format!("+{digits}")
        } else {
            region.and_then(|region| normalised(text, region)).unwrap_or(digits)
        };
        Ok(Self {
            shown: text.to_owned(),
            key,
        })
    }

    /// Reads a number in the format of E.164 (ITU-T): `+`, then 7 to 15 digits of which the first is no zero, and
    /// nothing else. The documented examples `+1234567890` and `+1987654321` pass, though no plan has them.
    ///
    /// # Errors
    /// The text has another format.
    pub fn parse_e164(text: &str) -> Result<Self, Invalid> {
        let digits = text.strip_prefix('+').unwrap_or_default();
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
        if !plain || !(7..=15).contains(&digits.len()) {
            return Err(Invalid::new(
                "Invalid phone format: send E.164, a + and 7 to 15 digits, like +306912345678.",
            ));
        }
        Ok(Self {
            shown: text.to_owned(),
            key: text.to_owned(),
        })
    }

    /// Whether a numbering plan knows the number: asked before something is really sent there.
    #[must_use]
    pub fn is_in_a_plan(&self) -> bool {
        let number = PHONE_NUMBER_UTIL.parse(&self.key, None);
        number.is_ok_and(|number| PHONE_NUMBER_UTIL.is_valid_number(&number))
    }

    /// The country whose plan has the number, as ISO 3166 writes it (`GR`); where several share a code and none of them
    /// has it, or no plan does, `None`.
    #[must_use]
    pub fn country(&self) -> Option<String> {
        let number = PHONE_NUMBER_UTIL.parse(&self.key, None).ok()?;
        let region = PHONE_NUMBER_UTIL.get_region_for_number(&number)?;
        Some(region.to_string())
    }

    /// What ten thousand numbers have in common that were given out together: all but the last four digits.
    #[must_use]
    pub fn prefix(&self) -> &str {
        self.key.get(..self.key.len().saturating_sub(4)).unwrap_or_default()
    }

    /// The number as it was given.
    #[must_use]
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// What the number is compared by.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

fn normalised(text: &str, region: &str) -> Option<String> {
    let number = PHONE_NUMBER_UTIL
        .parse(text, Some(region.parse::<Region>().ok()?))
        .ok()?;
    let valid = PHONE_NUMBER_UTIL.is_valid_number(&number);
    valid.then(|| PHONE_NUMBER_UTIL.format(&number, PhoneNumberFormat::E164).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_documented_numbers_pass_as_printed() {
        for (text, key) in [
            ("1234567890", "1234567890"),
            ("+1234567890", "+1234567890"),
            ("65212232422", "65212232422"),
        ] {
            assert_eq!(Phone::parse(text, None).unwrap().key(), key);
        }
    }

    #[test]
    fn a_default_region_gives_national_numbers_a_country() {
        assert_eq!(Phone::parse("691 234 5678", Some("GR")).unwrap().key(), "+306912345678");
        assert_eq!(Phone::parse("1234567890", Some("GR")).unwrap().key(), "1234567890");
    }

    #[test]
    fn separators_do_not_matter() {
        assert_eq!(Phone::parse("+30 (691) 234-5678", None).unwrap().key(), "+306912345678");
    }

    #[test]
    fn oddities_are_refused() {
        for text in [
            "",
            "12",
            "abc",
            "+",
            "12+34567",
            "123456789012345678901",
            "٣٤٥٦٧٨",
            "123;ext=4",
            "123\u{0}456",
        ] {
            assert!(Phone::parse(text, None).is_err(), "{text:?}");
        }
    }

    #[test]
    fn e164_is_a_plus_and_digits_alone() {
        for text in ["+1234567890", "+1987654321", "+6834002", "+123456789012345"] {
            let phone = Phone::parse_e164(text).unwrap();
            assert_eq!((phone.key(), phone.shown()), (text, text));
            assert_eq!(phone.key(), Phone::parse(text, None).unwrap().key());
        }
        for text in [
            "",
            "+",
            "1234567890",
            "+0123456789",
            "+123456",
            "+1234567890123456",
            "+30 691 234 5678",
            " +1234567890",
            "++1234567890",
            "+12345678٩",
        ] {
            assert!(Phone::parse_e164(text).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_e164_is_also_a_phone_with_that_key(text in "\\+?[0-9 ]{0,18}") {
            if let Ok(phone) = Phone::parse_e164(&text) {
                prop_assert_eq!(Phone::parse(&text, Some("GR")).unwrap(), phone);
            }
        }

        #[test]
        fn any_text_is_answered(text in "\\PC{0,50}", region in "[A-Z]{2}") {
            if let Ok(phone) = Phone::parse(&text, Some(&region)) {
                prop_assert!(phone.key().trim_start_matches('+').bytes().all(|byte| byte.is_ascii_digit()));
            }
        }
    }
}
