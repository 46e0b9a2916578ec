//! Addresses as a page shows them to somebody who may not see them whole.

/// What stands for the hidden characters, however many they are.
const HIDDEN: &str = "•••";

/// An e-mail address with its first character and its domain only: `u•••@example.com`. The dots do not tell the
/// length. Takes anything and never panics; what has no `@` is a local part.
#[must_use]
pub fn mask_email(email: &str) -> String {
    let (local, domain) = match email.rsplit_once('@') {
        Some((local, domain)) => (local, Some(domain)),
        None => (email, None),
    };
    let mut masked = String::with_capacity(email.len() + HIDDEN.len());
    masked.extend(local.chars().next());
    masked.push_str(HIDDEN);
    if let Some(domain) = domain {
        masked.push('@');
        masked.push_str(domain);
    }
    masked
}

/// A telephone number with its last two digits only: `•••89`. With fewer than six digits, none: two would be too many.
/// Takes anything and never panics.
#[must_use]
pub fn mask_phone(phone: &str) -> String {
    let digits: Vec<char> = phone.chars().filter(char::is_ascii_digit).collect();
    let shown = if digits.len() < 6 {
        &[]
    } else {
        &digits[digits.len() - 2..]
    };
    HIDDEN.chars().chain(shown.iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_its_first_character_and_its_domain() {
        for (email, masked) in [
            ("user@example.com", "u•••@example.com"),
            ("u@example.com", "u•••@example.com"),
            ("@example.com", "•••@example.com"),
            ("\"a@b\"@example.com", "\"•••@example.com"),
            ("no-address", "n•••"),
            ("@", "•••@"),
            ("", "•••"),
            ("żółw@example.com", "ż•••@example.com"),
            ("🚢@example.com", "🚢•••@example.com"),
            ("مستخدم@example.com", "م•••@example.com"),
        ] {
            assert_eq!(mask_email(email), masked);
        }
    }

    #[test]
    fn a_number_keeps_its_last_two_digits() {
        for (phone, masked) in [
            ("+302101234589", "•••89"),
            ("1234567890", "•••90"),
            ("(555) 01-23", "•••23"),
            ("12345", "•••"),
            ("", "•••"),
            ("٠١٢٣٤٥٦٧٨٩", "•••"),
            ("🚢🚢🚢🚢🚢🚢🚢", "•••"),
        ] {
            assert_eq!(mask_phone(phone), masked);
        }
    }
}
