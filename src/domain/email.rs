//! E-mail addresses.

use super::Invalid;

/// A valid e-mail address: as it was given, and the key it is compared by.
///
/// The key is the ASCII local part in lower case, `@`, and the IDNA A-label of the domain. Dots and plus
/// signs are kept: what a provider makes of them is not ours to guess. Non-ASCII local parts are refused,
/// because look-alike letters (the Kelvin sign lower-cases to `k`) would let one person pass for another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    shown: String,
    key: String,
}

impl Email {
    /// Reads an address of at most 254 bytes.
    ///
    /// # Errors
    /// Says which rule the text breaks.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.len() > 254 {
            return Err(Invalid::new("Send an e-mail address of at most 254 characters."));
        }
        let wrong = || Invalid::new("Send a valid e-mail address, like ada@example.com.");
        let (local, domain) = text.rsplit_once('@').ok_or_else(wrong)?;
        if !local.is_ascii() {
            return Err(Invalid::new("Send an e-mail address whose part before the @ is ASCII."));
        }
        let quoted = local.contains(['"', '(', ')', '[', ']', '\\', ',', ';', ':', '<', '>', '@']);
        if quoted || domain.starts_with('[') || !domain.contains('.') {
            return Err(wrong());
        }
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| wrong())?;
        let key = format!("{}@{domain}", local.to_ascii_lowercase());
        if !email_address::EmailAddress::is_valid(&key) || key.len() > 254 {
            return Err(wrong());
        }
        Ok(Self {
            shown: text.to_owned(),
            key,
        })
    }

    /// The address as it was given.
    #[must_use]
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// What the address is compared by.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_key_folds_case_and_international_domains() {
        let email = Email::parse("Ada.Lovelace+x@Bücher.Example").unwrap();
        assert_eq!(email.key(), "ada.lovelace+x@xn--bcher-kva.example");
        assert_eq!(email.shown(), "Ada.Lovelace+x@Bücher.Example");
    }

    #[test]
    fn look_alikes_and_oddities_are_refused() {
        for text in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "ada@localhost",
            "ada@[127.0.0.1]",
            "\"a b\"@example.com",
            "a b@example.com",
            "ada@exa mple.com",
            "\u{212a}im@example.com",
            "ada@example..com",
            "ada@-example.com",
            ".ada@example.com",
            "ada..l@example.com",
            "ada@example.com\n",
            "a@b@example.com",
            "<ada@example.com>",
        ] {
            assert!(Email::parse(text).is_err(), "{text:?}");
        }
        assert!(Email::parse(&format!("{}@example.com", "a".repeat(300))).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_answered_and_the_key_is_a_fixed_point(text in "\\PC{0,80}") {
            if let Ok(email) = Email::parse(&text) {
                let again = Email::parse(email.key()).unwrap();
                prop_assert_eq!(again.key(), email.key());
                prop_assert!(email.key().is_ascii());
            }
        }

        #[test]
        fn plain_addresses_pass(local in "[a-z][a-z0-9]{0,20}", domain in "[a-z][a-z0-9]{0,20}") {
            let text = format!("{local}@{domain}.example");
            let email = Email::parse(&text).unwrap();
            prop_assert_eq!(email.key(), text.as_str());
        }
    }
}
