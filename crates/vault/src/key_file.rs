//! The KEK in a small text file.

use aws_lc_rs::hmac;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::{
    Entropy, Kms, KmsError, Secret, constant_time_eq, envelope,
    hash::hmac_with,
    sha256,
    text::{hex, parse_base32, push_base32},
};

const KEY: usize = 32;
const CHECKSUM: usize = 5;
const PREFIX: &str = "aboard-kek-";
const FORMAT: &str = "1";
const COMMENTS: &str = "\
# The key-encryption key of an Aboard server. Who has this file and the data can read every secret.
# Keep a backup of it apart from the data and its backups. Without it the secrets are lost.
";

const VERSION: u8 = 1;
const ID: usize = 8;
const HEADER: usize = 1 + ID;

/// The key-encryption key as it stands in a key file: a [`Kms`] that needs no service.
///
/// The text is two comment lines and one line `aboard-kek-1:<key>:<checksum>`: 32 bytes and 5
/// bytes of checksum in lower-case base32 (RFC 4648, no padding). The caller reads and writes the
/// file (mode 0600); this type never does.
pub struct KeyFile {
    key: Secret,
    /// The same key prepared for deriving; AWS-LC wipes it when freed.
    derive: hmac::Key,
    short_id: [u8; ID],
    id: String,
}

impl KeyFile {
    /// A new random key.
    #[must_use]
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self::from_key(Secret::random(KEY, entropy))
    }

    /// Reads the text of a key file. Blank lines, lines that start with `#` and spaces around the
    /// key line do not matter.
    ///
    /// # Errors
    /// [`KeyFileError`] says what is wrong and what to do; it never quotes the file.
    pub fn parse(text: &str) -> Result<Self, KeyFileError> {
        let mut lines = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        let line = lines.next().ok_or(KeyFileError::Empty)?;
        if lines.next().is_some() {
            return Err(KeyFileError::ExtraLine);
        }

        let mut fields = line.split(':');
        let label = fields.next().unwrap_or_default();
        let format = label.strip_prefix(PREFIX).ok_or(KeyFileError::NotAKey)?;
        if format != FORMAT {
            return Err(KeyFileError::UnknownFormat);
        }
        let (Some(key), Some(checksum), None) = (fields.next(), fields.next(), fields.next()) else {
            return Err(KeyFileError::NotAKey);
        };

        let mut key = parse_base32(key)
            .filter(|key| key.len() == KEY)
            .ok_or(KeyFileError::Damaged)?;
        let checksum = parse_base32(checksum).ok_or(KeyFileError::Damaged)?;
        if !constant_time_eq(&checksum, &checksum_of(&key)) {
            return Err(KeyFileError::Checksum);
        }
        Ok(Self::from_key(Secret::new(std::mem::take(&mut *key))))
    }

    /// The text of the key file, ending in a newline. It holds the key: write it to a file of mode
    /// 0600 and nowhere else.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        // All the room at once: a growing string would leave the key in freed memory.
        let mut text = Zeroizing::new(String::with_capacity(COMMENTS.len() + 128));
        text.push_str(COMMENTS);
        text.push_str(PREFIX);
        text.push_str(FORMAT);
        text.push(':');
        push_base32(&mut text, self.key.expose());
        text.push(':');
        push_base32(&mut text, &checksum_of(self.key.expose()));
        text.push('\n');
        text
    }

    fn from_key(key: Secret) -> Self {
        let derive = hmac::Key::new(hmac::HMAC_SHA256, key.expose());
        let mut short_id = [0; ID];
        short_id.copy_from_slice(&hmac_with(&derive, &[b"aboard-kek-id-1"])[..ID]);
        let id = format!("kek_{}", hex(&short_id));
        Self {
            key,
            derive,
            short_id,
            id,
        }
    }
}

impl ZeroizeOnDrop for KeyFile {}

/// Finds typing errors in a copied key. 40 bits of a hash of 256 random ones give nothing away,
/// and the label keeps them apart from the id.
fn checksum_of(key: &[u8]) -> [u8; CHECKSUM] {
    let input = Zeroizing::new([b"aboard-kek-checksum-1", key].concat());
    let mut out = [0; CHECKSUM];
    out.copy_from_slice(&sha256(&input)[..CHECKSUM]);
    out
}

impl Kms for KeyFile {
    /// `kek_` and 16 hex digits, derived from the key by HMAC-SHA256.
    fn id(&self) -> &str {
        &self.id
    }

    fn wrapped(&self, value: &[u8]) -> bool {
        value.first() == Some(&VERSION) && value.get(1..HEADER) == Some(&self.short_id[..])
    }

    /// `version 1 | key id (8) | salt (16) | ciphertext | tag (16)`, AES-256-GCM with a key per
    /// message: a KEK wraps a key for each user and wallet, too many for random nonces.
    fn wrap(&self, aad: &[u8], plaintext: &[u8], entropy: &dyn Entropy) -> Result<Vec<u8>, KmsError> {
        let mut header = [VERSION; HEADER];
        header[1..].copy_from_slice(&self.short_id);
        Ok(envelope::seal(&self.derive, &header, aad, plaintext, entropy))
    }

    fn unwrap_key(&self, aad: &[u8], wrapped: &[u8]) -> Result<Secret, KmsError> {
        if wrapped.len() < HEADER + envelope::OVERHEAD || wrapped[0] != VERSION {
            return Err(KmsError::Malformed);
        }
        let found = &wrapped[1..HEADER];
        if found != self.short_id {
            return Err(KmsError::WrongKey {
                loaded: self.id.clone(),
                found: format!("kek_{}", hex(found)),
            });
        }
        envelope::open(&self.derive, HEADER, aad, wrapped).ok_or(KmsError::Refused)
    }
}

/// What is wrong with a key file. No variant holds a byte of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFileError {
    /// There is no line with a key.
    #[error("the key file holds no key: restore it from its backup")]
    Empty,
    /// There is more than the one line with a key.
    #[error("the key file holds more than one line: leave only the line of the key in use")]
    ExtraLine,
    /// The line is not of the form `aboard-kek-1:<key>:<checksum>`.
    #[error("the key file is not one of Aboard: point to the file that `aboard keys init` made")]
    NotAKey,
    /// The line is a key in a format this release does not know.
    #[error("the key file has a format this release does not know: upgrade Aboard")]
    UnknownFormat,
    /// A character is missing, too many or changed.
    #[error("the key in the key file is damaged: copy it again from its backup")]
    Damaged,
    /// The key and its checksum do not belong together.
    #[error("the key in the key file does not match its checksum: copy it again from its backup")]
    Checksum,
}
