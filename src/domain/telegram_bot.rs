//! Telegram bots: their names and tokens.

use zeroize::Zeroizing;

use super::Invalid;

/// The name of a bot, without the `@`, in lower case: Telegram's names have no case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BotName(String);

impl BotName {
    /// Reads one, with or without the `@`.
    ///
    /// # Errors
    /// It is not 5 to 32 letters, digits and underscores.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let name = text.strip_prefix('@').unwrap_or(text);
        let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if plain && (5..=32).contains(&name.len()) {
            return Ok(Self(name.to_ascii_lowercase()));
        }
        Err(Invalid::new(
            "The name of a Telegram bot has 5 to 32 letters, digits and underscores.",
        ))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A bot's token. It can be neither printed nor serialized, and is wiped when dropped.
pub struct BotToken(Zeroizing<String>);

impl BotToken {
    /// Reads one, `<number>:<secret>`.
    ///
    /// # Errors
    /// It has not this shape.
    pub fn parse(text: String) -> Result<Self, Invalid> {
        let text = Zeroizing::new(text);
        let (number, secret) = text.split_once(':').unwrap_or_default();
        let whole = !number.is_empty()
            && number.bytes().all(|byte| byte.is_ascii_digit())
            && (20..=100).contains(&secret.len())
            && secret
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if whole {
            return Ok(Self(text));
        }
        Err(Invalid::new(
            "This is no token of a Telegram bot; BotFather shows it as 123456789:AA….",
        ))
    }

    /// The text. The name is meant to stand out in a review.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_no_case_and_no_sign() {
        for text in ["Shop_Bot", "@shop_bot"] {
            assert_eq!(BotName::parse(text).unwrap().as_str(), "shop_bot");
        }
        for wrong in ["", "bot", "@bot", "shop bot", "shop-bot", &"b".repeat(33)] {
            assert!(BotName::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_token_is_a_number_and_a_secret() {
        let secret = "AAEhBP0av28AAAAAAAAAAAAAAAAAAAAAAAA";
        assert!(BotToken::parse(format!("123456789:{secret}")).is_ok());
        for wrong in ["", secret, &format!("x:{secret}"), "1:short", &format!("1:{secret} ")] {
            assert!(BotToken::parse(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
