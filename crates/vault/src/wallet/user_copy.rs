//! `secret0` as a user holds it: a text, a file, or 24 words.

use zeroize::{ZeroizeOnDrop, Zeroizing};

use super::{
    pin::{self, Pin},
    secret0::{LEN, Secret0, Secret0Error},
    words::{NotWords, from_words, to_words},
};
use crate::{
    Mac, Purpose, Secret, Vault, constant_time_eq, sha256,
    text::{parse_base32, push_base32},
};

const PREFIX: &str = "xw0";
const TEXT_CHECKSUM: usize = 5;
const WORDS: usize = 24;
const WORDS_CHECKSUM: usize = 8;
/// A file that somebody wrote notes into is still read; more is not a recovery file.
const MOST_TEXT: usize = 8 * 1024;
const COMMENTS: &str = "\
# The recovery secret of a wallet. Who has it can move the wallet to another log-in: show it to nobody.
# Keep it where you will find it in years. Each recovery replaces it, and the old one stops working.
";

/// How the bytes of a copy relate to the secret. The number is the version that stands in it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// They are the secret.
    Bare = 1,
    /// They are the secret under a PIN.
    Pin = 2,
}

impl Form {
    fn of(version: u8) -> Result<Self, Secret0Error> {
        match version {
            1 => Ok(Self::Bare),
            2 => Ok(Self::Pin),
            _ => Err(Secret0Error::UnknownVersion),
        }
    }
}

/// A user's copy of a wallet's `secret0`.
///
/// * Text: `xw0.<version>.<wallet>.<24 bytes>.<checksum>`, lower-case base32 without padding; the
///   checksum, 5 bytes, covers all before it and so binds the copy to its wallet.
/// * File: that text under two lines of explanation.
/// * Words: version (1 byte), 24 bytes, checksum (8 bytes) in 24 words of BIP-39's list. They are
///   no BIP-39 phrase: no wallet will take them for one and show an empty account.
///
/// Version 1 is bare, version 2 wants a PIN.
pub struct UserCopy {
    form: Form,
    wallet: Option<[u8; 16]>,
    bytes: Secret,
}

impl UserCopy {
    pub(super) fn new(form: Form, wallet: Option<[u8; 16]>, bytes: Secret) -> Self {
        Self { form, wallet, bytes }
    }

    /// Reads a text, the content of a file, or words. Comment lines, blank lines, white space and
    /// a byte-order mark do not matter.
    ///
    /// # Errors
    /// [`Secret0Error`], which never quotes the input.
    pub fn parse(text: &str) -> Result<Self, Secret0Error> {
        if text.len() > MOST_TEXT {
            return Err(Secret0Error::NotASecret0);
        }
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut lines = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .peekable();
        let first = *lines.peek().ok_or(Secret0Error::NotASecret0)?;
        if let Some(fields) = first.strip_prefix(PREFIX).and_then(|rest| rest.strip_prefix('.')) {
            lines.next();
            if lines.next().is_some() {
                return Err(Secret0Error::Damaged);
            }
            return Self::parse_fields(fields);
        }
        // All the room at once: a growing string would leave words behind in freed memory.
        let mut words = Zeroizing::new(String::with_capacity(text.len() + 1));
        for line in lines {
            words.push_str(line);
            words.push(' ');
        }
        Self::parse_words(&words)
    }

    fn parse_fields(fields: &str) -> Result<Self, Secret0Error> {
        let mut fields = fields.split('.');
        let form = match fields.next().unwrap_or_default().as_bytes() {
            [digit @ b'0'..=b'9'] => Form::of(digit - b'0')?,
            _ => return Err(Secret0Error::NotASecret0),
        };
        let (Some(wallet), Some(bytes), Some(checksum), None) =
            (fields.next(), fields.next(), fields.next(), fields.next())
        else {
            return Err(Secret0Error::Damaged);
        };
        let wallet = parse_base32(wallet).ok_or(Secret0Error::Damaged)?;
        let wallet: [u8; 16] = wallet.as_slice().try_into().map_err(|_| Secret0Error::Damaged)?;
        let mut bytes = parse_base32(bytes)
            .filter(|bytes| bytes.len() == LEN)
            .ok_or(Secret0Error::Damaged)?;
        let checksum = parse_base32(checksum).ok_or(Secret0Error::Damaged)?;
        if !constant_time_eq(&checksum, &text_checksum(form, wallet, &bytes)) {
            return Err(Secret0Error::Damaged);
        }
        Ok(Self::new(form, Some(wallet), Secret::new(std::mem::take(&mut *bytes))))
    }

    fn parse_words(words: &str) -> Result<Self, Secret0Error> {
        let (bits, found) = from_words(words, WORDS).map_err(|error| match error {
            NotWords::Unknown(1) => Secret0Error::NotASecret0,
            NotWords::Unknown(position) => Secret0Error::UnknownWord { position },
            NotWords::TooMany(most) => Secret0Error::WordCount { found: most + 1 },
        })?;
        if found != WORDS {
            return Err(Secret0Error::WordCount { found });
        }
        let (content, checksum) = bits.split_at(1 + LEN);
        if !constant_time_eq(checksum, &words_checksum(content)) {
            return Err(Secret0Error::Damaged);
        }
        Ok(Self::new(
            Form::of(content[0])?,
            None,
            Secret::new(content[1..].to_vec()),
        ))
    }

    /// The one line of text, naming `wallet`: what the wire calls `secret0`.
    #[must_use]
    pub fn to_text(&self, wallet: [u8; 16]) -> Zeroizing<String> {
        // All the room at once, as in the key file.
        let mut text = Zeroizing::new(String::with_capacity(128));
        self.push_text(&mut text, wallet);
        text
    }

    /// The content of the recovery file (`.xellar`).
    #[must_use]
    pub fn to_file(&self, wallet: [u8; 16]) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(COMMENTS.len() + 128));
        text.push_str(COMMENTS);
        self.push_text(&mut text, wallet);
        text.push('\n');
        text
    }

    fn push_text(&self, text: &mut String, wallet: [u8; 16]) {
        text.push_str(PREFIX);
        text.push_str(match self.form {
            Form::Bare => ".1.",
            Form::Pin => ".2.",
        });
        push_base32(text, &wallet);
        text.push('.');
        push_base32(text, self.bytes.expose());
        text.push('.');
        push_base32(text, &text_checksum(self.form, wallet, self.bytes.expose()));
    }

    /// The 24 words.
    #[must_use]
    pub fn to_words(&self) -> Zeroizing<String> {
        let mut content = Zeroizing::new(Vec::with_capacity(1 + LEN + WORDS_CHECKSUM));
        content.push(self.form as u8);
        content.extend_from_slice(self.bytes.expose());
        let checksum = words_checksum(&content);
        content.extend_from_slice(&checksum);
        to_words(&content, WORDS)
    }

    /// The wallet that a text or a file names. `None` for words, which have no room for it: find the
    /// wallet by [`UserCopy::locators`].
    #[must_use]
    pub const fn wallet(&self) -> Option<[u8; 16]> {
        self.wallet
    }

    /// Whether it opens only with a PIN.
    #[must_use]
    pub fn needs_pin(&self) -> bool {
        self.form == Form::Pin
    }

    /// What to store beside the wallet so that it can be found by words alone. It says nothing about
    /// the secret.
    #[must_use]
    pub fn locator(&self, vault: &Vault) -> Mac {
        vault.mac(Purpose::Secret0Mac, &self.parts())
    }

    /// What [`UserCopy::locator`] gave for this copy under each loaded root key, the newest first.
    #[must_use]
    pub fn locators(&self, vault: &Vault) -> Vec<Mac> {
        vault.macs(Purpose::Secret0Mac, &self.parts())
    }

    fn parts(&self) -> [&[u8]; 3] {
        let form: &[u8] = match self.form {
            Form::Bare => b"bare",
            Form::Pin => b"pin",
        };
        [b"locator", form, self.bytes.expose()]
    }

    /// The secret of a copy without a PIN.
    ///
    /// # Errors
    /// [`Secret0Error::NeedsPin`].
    pub fn open(&self) -> Result<Secret0, Secret0Error> {
        match self.form {
            Form::Bare => Ok(Secret0::from_bytes(self.bytes.expose())),
            Form::Pin => Err(Secret0Error::NeedsPin),
        }
    }

    /// The secret of a copy with a PIN. A wrong PIN gives a wrong secret, which only
    /// [`Secret0::prove`] tells: count the try **before** calling this. A copy without a PIN opens
    /// all the same.
    #[must_use]
    pub fn open_with_pin(&self, wallet: [u8; 16], pin: &Pin, pepper: &Secret) -> Secret0 {
        match self.form {
            Form::Bare => Secret0::from_bytes(self.bytes.expose()),
            Form::Pin => Secret0::from_bytes(pin::mask(self.bytes.expose(), wallet, pin, pepper).expose()),
        }
    }
}

impl ZeroizeOnDrop for UserCopy {}

/// Finds typing errors. 40 bits of a hash of 192 random ones give nothing away.
fn text_checksum(form: Form, wallet: [u8; 16], bytes: &[u8]) -> [u8; TEXT_CHECKSUM] {
    let input = Zeroizing::new([b"aboard-secret0-text-1", &[form as u8][..], &wallet, bytes].concat());
    let mut out = [0; TEXT_CHECKSUM];
    out.copy_from_slice(&sha256(&input)[..TEXT_CHECKSUM]);
    out
}

fn words_checksum(content: &[u8]) -> [u8; WORDS_CHECKSUM] {
    let input = Zeroizing::new([b"aboard-secret0-words-1", content].concat());
    let mut out = [0; WORDS_CHECKSUM];
    out.copy_from_slice(&sha256(&input)[..WORDS_CHECKSUM]);
    out
}
