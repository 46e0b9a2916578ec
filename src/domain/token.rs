//! Tokens whose shape is ours: a time-ordered id and a 256-bit secret.

use aboard_vault::{constant_time_eq, sha256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use super::Invalid;

/// An opaque secret of a login link, a one-time code or a session: 64 characters of base64url that hold
/// sixteen bytes of id and thirty-two of secret. The row is found by the id, so no random index is needed;
/// what is stored is the SHA-256 of the whole text.
#[derive(Clone)]
pub struct Token {
    id: Uuid,
    text: zeroize::Zeroizing<String>,
}

impl Token {
    /// Makes the token of a row from fresh random bytes.
    #[must_use]
    pub fn new(id: Uuid, secret: [u8; 32]) -> Self {
        let mut bytes = [0; 48];
        bytes[..16].copy_from_slice(id.as_bytes());
        bytes[16..].copy_from_slice(&secret);
        Self {
            id,
            text: URL_SAFE_NO_PAD.encode(bytes).into(),
        }
    }

    /// Reads a token that somebody presents; `None` for anything that we cannot have made.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 64 {
            return None;
        }
        let mut bytes = [0; 48];
        let length = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
        let id = Uuid::from_slice(bytes.get(..16)?).ok()?;
        (length == 48).then(|| Self {
            id,
            text: text.to_owned().into(),
        })
    }

    /// The id of the row it opens.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// What is stored and compared.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        sha256(self.text.as_bytes())
    }

    /// Whether a stored hash is this token's, in constant time.
    #[must_use]
    pub fn matches(&self, stored: &[u8]) -> bool {
        constant_time_eq(&self.hash(), stored)
    }

    /// The text to hand out, once.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }
}

/// A PKCE challenge of the method S256 (RFC 7636): base64url of a SHA-256, 43 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeChallenge(String);

impl CodeChallenge {
    /// What a challenge looks like, as a regular expression: the last of its characters holds four bits.
    pub const PATTERN: &str = "^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$";

    /// Reads a challenge.
    ///
    /// # Errors
    /// The text is not 43 characters of base64url.
    pub fn parse(text: String) -> Result<Self, Invalid> {
        let whole = URL_SAFE_NO_PAD.decode(&text).is_ok_and(|bytes| bytes.len() == 32);
        if whole {
            Ok(Self(text))
        } else {
            Err(Invalid::new(
                "Send the S256 challenge of RFC 7636: base64url of the verifier's SHA-256, 43 characters.",
            ))
        }
    }

    /// The text that is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `verifier` is what a stored challenge was made from.
    #[must_use]
    pub fn is_met(stored: &str, verifier: &str) -> bool {
        constant_time_eq(
            URL_SAFE_NO_PAD.encode(sha256(verifier.as_bytes())).as_bytes(),
            stored.as_bytes(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_token_reads_back(id in any::<u128>(), secret in any::<[u8; 32]>()) {
            let made = Token::new(Uuid::from_u128(id), secret);
            let read = Token::parse(made.expose()).unwrap();
            prop_assert_eq!(read.id(), made.id());
            prop_assert!(read.matches(&made.hash()));
        }

        #[test]
        fn any_text_is_answered(text in "\\PC{0,80}") {
            prop_assert!(Token::parse(&text).is_none_or(|token| token.expose() == text));
        }
    }

    #[test]
    fn the_rfc_7636_example_is_met() {
        let stored = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        assert!(CodeChallenge::parse(stored.to_owned()).is_ok());
        assert!(CodeChallenge::is_met(
            stored,
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        ));
        assert!(!CodeChallenge::is_met(
            stored,
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXK"
        ));
        assert!(CodeChallenge::parse("short".to_owned()).is_err());
    }
}
