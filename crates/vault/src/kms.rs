//! What the vault needs of whatever keeps the key-encryption key.

use crate::{Entropy, Secret};

/// Keeps the key-encryption key (KEK) and wraps other keys with it.
///
/// The KEK itself never leaves the implementation. [`KeyFile`](crate::KeyFile) is the one that
/// every installation can use; a remote KMS is another.
pub trait Kms: Send + Sync {
    /// A short public name of the KEK, the same wherever the same key is loaded, such as
    /// `kek_0123456789abcdef`. It says nothing about the key.
    fn id(&self) -> &str;

    /// Whether a value says of itself that this KEK wrapped it; whether that is true shows when it is unwrapped.
    fn wrapped(&self, value: &[u8]) -> bool;

    /// Encrypts a short secret, bound to `aad`, which [`Kms::unwrap_key`] must be given again.
    ///
    /// # Errors
    /// [`KmsError::Unavailable`] if the KMS cannot be reached; the key file never fails.
    fn wrap(&self, aad: &[u8], plaintext: &[u8], entropy: &dyn Entropy) -> Result<Vec<u8>, KmsError>;

    /// Decrypts what [`Kms::wrap`] made with the same KEK and the same `aad`.
    ///
    /// # Errors
    /// Any [`KmsError`]. A changed byte or another `aad` is [`KmsError::Refused`].
    fn unwrap_key(&self, aad: &[u8], wrapped: &[u8]) -> Result<Secret, KmsError>;
}

/// Why a [`Kms`] did not wrap or unwrap. No variant holds secret bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KmsError {
    /// The value was wrapped by another KEK; both are public ids.
    #[error("the key was wrapped with {found}, but {loaded} is loaded: load {found}")]
    WrongKey {
        /// The id of the KEK at hand.
        loaded: String,
        /// The id of the KEK that wrapped the value.
        found: String,
    },
    /// The value is too short or of a version this release does not know.
    #[error("not a wrapped key of this release: restore it from a backup, or upgrade Aboard")]
    Malformed,
    /// The value was changed, belongs to another place, or its KEK only looks like this one.
    #[error("the wrapped key is not authentic where it stands: restore it from a backup")]
    Refused,
    /// The KMS could not be asked; the text says why and holds no secret.
    #[error("the key service did not answer ({0}): check it and try again")]
    Unavailable(String),
}
