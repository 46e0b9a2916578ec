//! What a person types: names, origins, scopes, amounts.

use anyhow::bail;
use url::Url;

const LONGEST_NAME: usize = 100;

/// A name for people, without spaces around it.
pub fn name(text: &str) -> anyhow::Result<&str> {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        bail!("NAME: write 1 to {LONGEST_NAME} characters on one line");
    }
    Ok(name)
}

/// A web origin as browsers send it.
pub fn origin(text: &str) -> anyhow::Result<String> {
    let url = Url::parse(text).ok();
    let bare = url.filter(|url| {
        matches!(url.scheme(), "https" | "http")
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
    });
    match bare {
        Some(url) => Ok(url.origin().ascii_serialization()),
        None => bail!("--origin: `{text}` is no web origin; write scheme and host, like https://app.example.com"),
    }
}

/// A scope: a word, or words with colons between them.
pub fn scope(text: String) -> anyhow::Result<String> {
    let is_word = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_lowercase())
            && word
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte.is_ascii_digit())
    };
    if text.len() > 64 || !text.split(':').all(is_word) {
        bail!("--scope: `{text}` is no scope; write a word like users or users:token");
    }
    Ok(text)
}

/// An amount with its currency.
pub fn amount(text: String) -> anyhow::Result<String> {
    let is_amount = |text: &str| {
        let (number, currency) = text.split_once(' ')?;
        let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
        let digits =
            |text: &str| !text.is_empty() && text.len() <= 15 && text.bytes().all(|byte| byte.is_ascii_digit());
        let known = currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_uppercase());
        (digits(whole) && digits(part) && known).then_some(())
    };
    if is_amount(&text).is_none() {
        bail!("--amount: `{text}` is no amount; write a number and a currency, like \"9.00 EUR\"");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_as_browsers_send_them() {
        for (typed, sent) in [
            ("https://app.example.com", "https://app.example.com"),
            ("https://App.Example.com:443/", "https://app.example.com"),
            ("http://localhost:3000", "http://localhost:3000"),
        ] {
            assert_eq!(origin(typed).unwrap(), sent);
        }
        for wrong in [
            "app.example.com",
            "https://a.example/path",
            "https://a.example?x",
            "https://u@a.example",
            "*",
            "file:///a",
        ] {
            assert!(origin(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn scopes_names_and_amounts() {
        for right in ["users", "users:token", "wallets:erase", "a_b:c2"] {
            assert!(scope(right.to_owned()).is_ok(), "{right}");
        }
        for wrong in ["", "users token", ":users", "users:", "Users", "2a"] {
            assert!(scope(wrong.to_owned()).is_err(), "{wrong}");
        }
        for right in ["9.00 EUR", "9 EUR", "1000000.123456 USD"] {
            assert!(amount(right.to_owned()).is_ok(), "{right}");
        }
        for wrong in [
            "", "9", "EUR 9", "9. EUR", ".5 EUR", "-9 EUR", "9 eur", "9  EUR", "9 EUR ",
        ] {
            assert!(amount(wrong.to_owned()).is_err(), "{wrong}");
        }
        assert_eq!(name("  Acme ").unwrap(), "Acme");
        for wrong in ["", "  ", "a\nb", &"a".repeat(101)] {
            assert!(name(wrong).is_err(), "{wrong}");
        }
    }
}
