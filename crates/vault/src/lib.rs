//! Keys and sealing: the trust boundary of Aboard.
//!
//! Every secret the server keeps passes through this crate, and nothing else does: it knows no
//! network, no database, no files and no clock. Randomness comes in through [`Entropy`] and the
//! key-encryption key through [`Kms`], so both can be replaced (tests, a remote KMS) without
//! touching what is audited here. The primitives are those of AWS-LC (`aws-lc-rs`).
//!
//! ```text
//! KEK (Kms: key file, …)  wraps   root keys, one ring per Purpose   seal or MAC   rows
//! ```
//!
//! Types that hold key material have neither `Debug` nor `Display` nor `Clone`, and wipe their
//! memory when dropped.
//!
//! ```
//! use std::sync::Arc;
//! use aboard_vault::{Aad, KeyFile, Purpose, RootKey, SystemEntropy, Vault};
//!
//! let kms = Arc::new(KeyFile::generate(&SystemEntropy));
//! let keys = Purpose::ALL
//!     .iter()
//!     .zip(1_u8..)
//!     .map(|(purpose, n)| RootKey::generate([n; 16], *purpose, &SystemEntropy))
//!     .collect();
//! let vault = Vault::new(kms, keys)?;
//!
//! let place = Aad { table: "webhooks", column: "secret", environment: [1; 16], row: [2; 16] };
//! let sealed = vault.seal(&place, b"whsec_1", &SystemEntropy);
//! assert_eq!(vault.open(&place, &sealed)?.expose(), b"whsec_1");
//! assert!(vault.open(&Aad { row: [3; 16], ..place }, &sealed).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod aad;
mod canary;
mod entropy;
mod envelope;
mod hash;
mod kek_ring;
mod key_file;
mod kms;
pub mod remote;
mod root_key;
mod secret;
mod sign;
mod text;
mod token_key;
mod vault;
pub mod wallet;

pub use aad::Aad;
pub use canary::{CanaryError, canary_check, canary_seal};
pub use entropy::{Entropy, SystemEntropy};
pub use hash::{constant_time_eq, hmac_sha256, sha256};
pub use kek_ring::KekRing;
pub use key_file::{KeyFile, KeyFileError};
pub use kms::{Kms, KmsError};
pub use root_key::{Purpose, RootKey, RootKeyError};
pub use secret::Secret;
pub use sign::{SeedError, SigningKey, verify};
pub use token_key::{Algorithm, PublicKey, TokenKey, TokenKeyError};
pub use vault::{Mac, OpenError, Vault, VaultError};
