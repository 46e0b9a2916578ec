//! The canary: does this KEK belong to this data?

use crate::{Entropy, Kms, KmsError, constant_time_eq, hash::length_prefixed};

const PLAINTEXT: &[u8] = b"aboard canary: this key belongs to this data";

fn aad() -> Vec<u8> {
    length_prefixed(&[b"aboard-canary-1"])
}

/// A known value wrapped by the KEK, to be stored with the data when the data is new.
///
/// # Errors
/// [`KmsError`] if the KMS did not wrap it; the key file always does.
pub fn canary_seal(kms: &dyn Kms, entropy: &dyn Entropy) -> Result<Vec<u8>, KmsError> {
    kms.wrap(&aad(), PLAINTEXT, entropy)
}

/// Checks a stored canary. A node whose KEK cannot open it must not start: it would write what
/// the other nodes cannot read.
///
/// # Errors
/// [`CanaryError`] tells a foreign KEK from a damaged canary and from a KMS that is away.
pub fn canary_check(kms: &dyn Kms, stored: &[u8]) -> Result<(), CanaryError> {
    match kms.unwrap_key(&aad(), stored) {
        Ok(opened) if constant_time_eq(opened.expose(), PLAINTEXT) => Ok(()),
        Ok(_) | Err(KmsError::Malformed) => Err(CanaryError::Damaged),
        Err(source @ KmsError::Unavailable(_)) => Err(CanaryError::Unreachable { source }),
        Err(source @ (KmsError::WrongKey { .. } | KmsError::Refused)) => Err(CanaryError::Foreign {
            id: kms.id().to_owned(),
            source,
        }),
    }
}

/// Why a canary did not sing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CanaryError {
    /// The KEK does not open it: it belongs to other data, or the canary was changed.
    #[error("the key {id} does not open this data: start with the key that belongs to it")]
    Foreign {
        /// The public id of the loaded KEK.
        id: String,
        /// What the KMS said, with the id that the data names, if it names one.
        source: KmsError,
    },
    /// It is not a canary.
    #[error("the canary in the data is damaged: restore the data from a backup")]
    Damaged,
    /// The KMS could not be asked.
    #[error("the canary could not be checked: bring the key service back and start again")]
    Unreachable {
        /// What the KMS said.
        source: KmsError,
    },
}
