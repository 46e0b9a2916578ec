//! API keys: `abp_test_` + 43 base62 characters + 6 characters of checksum.

use aboard_vault::sha256;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::base62::{self, DIGITS, decode, encode};

const BODY: usize = base62::LENGTH;
const CHECK: usize = 6;

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// `abp_`: a partner's key.
    Partner,
    /// `abs_`: a key of the organization's back end.
    Server,
    /// `abu_`: a key of one user.
    User,
    /// `abc_`: an app's client secret.
    Client,
}

impl KeyKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Partner, Self::Server, Self::User, Self::Client];

    const fn prefix(self) -> &'static str {
        match self {
            Self::Partner => "abp_",
            Self::Server => "abs_",
            Self::User => "abu_",
            Self::Client => "abc_",
        }
    }

    /// The word stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Partner => "partner",
            Self::Server => "server",
            Self::User => "user",
            Self::Client => "client",
        }
    }

    /// Reads a stored word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// Which of an organization's two data planes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnvironmentKind {
    /// For trying things; nothing leaves it.
    Sandbox,
    /// For real people.
    Production,
}

impl EnvironmentKind {
    /// Both, sandbox first.
    pub const ALL: [Self; 2] = [Self::Sandbox, Self::Production];

    const fn infix(self) -> &'static str {
        match self {
            Self::Sandbox => "test_",
            Self::Production => "live_",
        }
    }

    /// The word stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::Production => "production",
        }
    }

    /// Reads a stored word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// Why a text is not a key of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseKeyError {
    /// It does not look like any key of this product.
    #[error("this is not a key of this server")]
    NotAKey,
    /// It looks like one, but the checksum differs: a character was lost or changed.
    #[error("this key is mistyped or cut off: its checksum does not fit")]
    Mistyped,
}

/// A key that somebody presents. The 43 characters hold 32 bytes: the row's id and 128 secret bits, so that
/// a key is found by a time-ordered id. What is stored is the SHA-256 of the whole text.
#[derive(Clone)]
pub struct ApiKey {
    /// What it is for.
    pub kind: KeyKind,
    /// Its data plane.
    pub environment: EnvironmentKind,
    /// The id of its row.
    pub id: Uuid,
    /// SHA-256 of the text.
    pub hash: [u8; 32],
}

impl ApiKey {
    /// Reads a key.
    ///
    /// # Errors
    /// Tells a mistyped key from something that is no key at all.
    pub fn parse(text: &str) -> Result<Self, ParseKeyError> {
        let (kind, rest) = KeyKind::ALL
            .into_iter()
            .find_map(|kind| Some((kind, text.strip_prefix(kind.prefix())?)))
            .ok_or(ParseKeyError::NotAKey)?;
        let (environment, body) = EnvironmentKind::ALL
            .into_iter()
            .find_map(|environment| Some((environment, rest.strip_prefix(environment.infix())?)))
            .ok_or(ParseKeyError::NotAKey)?;
        if body.len() != BODY + CHECK || !body.is_ascii() {
            return Err(ParseKeyError::Mistyped);
        }
        let (head, check) = text.split_at(text.len() - CHECK);
        if checksum(head) != check.as_bytes() {
            return Err(ParseKeyError::Mistyped);
        }
        let bytes = decode(&body.as_bytes()[..BODY]).ok_or(ParseKeyError::Mistyped)?;
        let mut id = [0; 16];
        id.copy_from_slice(&bytes[..16]);
        Ok(Self {
            kind,
            environment,
            id: Uuid::from_bytes(id),
            hash: sha256(text.as_bytes()),
        })
    }
}

/// A key that was just made: the only moment its text exists.
#[derive(Clone)]
pub struct NewKey {
    text: Zeroizing<String>,
    /// The key as it will be presented.
    pub key: ApiKey,
}

impl NewKey {
    /// What a key looks like, as a regular expression.
    pub const PATTERN: &str = "^ab[a-z]_(test|live)_[0-9A-Za-z]{49}$";

    /// Makes a key from its row's id and fresh random bytes.
    #[must_use]
    pub fn new(kind: KeyKind, environment: EnvironmentKind, id: Uuid, secret: [u8; 16]) -> Self {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(id.as_bytes());
        bytes[16..].copy_from_slice(&secret);
        let mut text = String::with_capacity(9 + BODY + CHECK);
        text.push_str(kind.prefix());
        text.push_str(environment.infix());
        text.extend(encode(bytes).map(char::from));
        let check = checksum(&text);
        text.extend(check.map(char::from));
        let key = ApiKey {
            kind,
            environment,
            id,
            hash: sha256(text.as_bytes()),
        };
        Self { text: text.into(), key }
    }

    /// The text to hand out, once.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// What may be shown later: the first twelve and the last four characters.
    #[must_use]
    pub fn hint(&self) -> String {
        format!("{}…{}", &self.text[..12], &self.text[self.text.len() - 4..])
    }
}

fn checksum(head: &str) -> [u8; CHECK] {
    let digest = sha256(head.as_bytes());
    let mut number = u64::from(u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]));
    let mut check = [0; CHECK];
    for slot in check.iter_mut().rev() {
        *slot = DIGITS[usize::try_from(number % 62).unwrap_or_default()];
        number /= 62;
    }
    check
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Parts of a key; the key itself has no `Debug`.
    fn parts() -> impl Strategy<Value = (usize, usize, u128, [u8; 16])> {
        (0..4_usize, 0..2_usize, any::<u128>(), any::<[u8; 16]>())
    }

    fn made((kind, environment, id, secret): (usize, usize, u128, [u8; 16])) -> NewKey {
        NewKey::new(
            KeyKind::ALL[kind],
            EnvironmentKind::ALL[environment],
            Uuid::from_u128(id),
            secret,
        )
    }

    proptest! {
        #[test]
        fn a_key_reads_back(parts in parts()) {
            let made = made(parts);
            let read = ApiKey::parse(made.expose()).unwrap();
            prop_assert_eq!(read.kind, made.key.kind);
            prop_assert_eq!(read.environment, made.key.environment);
            prop_assert_eq!(read.id, made.key.id);
            prop_assert_eq!(read.hash, made.key.hash);
            prop_assert_eq!(made.expose().len(), 9 + 43 + 6);
        }

        #[test]
        fn one_changed_character_is_told_apart(parts in parts(), at in 9..58_usize, with in 0..62_usize) {
            let made = made(parts);
            let mut text = made.expose().as_bytes().to_vec();
            prop_assume!(text[at] != DIGITS[with]);
            text[at] = DIGITS[with];
            let text = String::from_utf8(text).unwrap();
            prop_assert_eq!(ApiKey::parse(&text).err(), Some(ParseKeyError::Mistyped));
        }

        #[test]
        fn any_text_is_answered(text in "(ab[psuc]_(test|live)_)?\\PC{0,60}") {
            prop_assert!(ApiKey::parse(&text).is_ok_and(|key| key.hash == sha256(text.as_bytes())) || ApiKey::parse(&text).is_err());
        }
    }

    #[test]
    fn the_largest_number_fits() {
        let made = NewKey::new(
            KeyKind::User,
            EnvironmentKind::Production,
            Uuid::from_u128(u128::MAX),
            [255; 16],
        );
        assert_eq!(ApiKey::parse(made.expose()).unwrap().id, Uuid::from_u128(u128::MAX));
        assert!(made.expose().starts_with("abu_live_"));
    }
}
