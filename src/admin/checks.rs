//! What a person types: names, origins, scopes, amounts.

use anyhow::bail;
use url::Url;
use zeroize::Zeroizing;

use crate::domain::{BotName, BotToken, KeyKind, KeyScope, Provider};

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

/// A scope that keys of a kind can have.
pub fn scope(word: &str, kind: KeyKind) -> anyhow::Result<KeyScope> {
    let known = KeyScope::parse(word).filter(|scope| scope.is_of(kind));
    known.ok_or_else(|| {
        let all = KeyScope::ALL.into_iter().filter(|scope| scope.is_of(kind));
        let words: Vec<&str> = all.map(KeyScope::as_str).collect();
        anyhow::anyhow!(
            "--scope: {} keys have no scope `{word}`; there are {}",
            kind.as_str(),
            words.join(", ")
        )
    })
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

/// The name that an app has at a provider: a client id, a bot, or none.
pub fn provider_name(provider: Provider, name: Option<String>) -> anyhow::Result<String> {
    let name = name.unwrap_or_default();
    match provider {
        Provider::Google | Provider::Apple => {
            let plain = !name.is_empty() && name.len() <= 255 && name.bytes().all(|byte| byte.is_ascii_graphic());
            if !plain {
                bail!("NAME: write the client id that {} gave the app", provider.as_str());
            }
            Ok(name)
        }
        Provider::Telegram => match BotName::parse(&name) {
            Ok(bot) => Ok(bot.as_str().to_owned()),
            Err(wrong) => bail!("NAME: {wrong}"),
        },
        Provider::Rampable if name.is_empty() => Ok(name),
        Provider::Rampable => bail!("NAME: an app has one client secret for Rampable, and no name there; leave it out"),
    }
}

/// The name of an app at a provider, and the secret that goes with it where one has to.
pub fn provider(
    provider: Provider,
    name: Option<String>,
    secret: Option<Zeroizing<String>>,
) -> anyhow::Result<(String, Option<Zeroizing<String>>)> {
    let name = provider_name(provider, name)?;
    match (provider, secret) {
        (Provider::Google | Provider::Apple, None) => Ok((name, None)),
        (Provider::Google | Provider::Apple, Some(_)) => {
            bail!(
                "--secret-file: log-ins with {} are checked with its public keys; no secret is needed",
                provider.as_str()
            )
        }
        (Provider::Telegram | Provider::Rampable, None) => {
            bail!(
                "--secret-file: name the file that holds the bot's token or the client secret, or - for standard input"
            )
        }
        (Provider::Telegram, Some(secret)) => {
            if let Err(wrong) = BotToken::parse(secret.as_str().to_owned()) {
                bail!("--secret-file: {wrong}");
            }
            Ok((name, Some(secret)))
        }
        (Provider::Rampable, Some(secret)) => {
            if secret.is_empty() || secret.len() > 1_024 || !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
                bail!("--secret-file: the client secret is one line of 1 to 1024 visible ASCII characters");
            }
            Ok((name, Some(secret)))
        }
    }
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
        for (word, kind) in [
            ("users", KeyKind::Server),
            ("users:token", KeyKind::Server),
            ("wallets:erase", KeyKind::Server),
            ("requests", KeyKind::Server),
            ("custody", KeyKind::Client),
        ] {
            assert_eq!(scope(word, kind).unwrap().as_str(), word);
        }
        for (word, kind) in [
            ("", KeyKind::Server),
            ("Users", KeyKind::Server),
            ("custody", KeyKind::Server),
            ("users", KeyKind::Client),
        ] {
            assert!(scope(word, kind).is_err(), "{word}");
        }
        assert_eq!(
            scope("user", KeyKind::Server).unwrap_err().to_string(),
            "--scope: server keys have no scope `user`; there are users, users:token, wallets:erase, requests"
        );
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
