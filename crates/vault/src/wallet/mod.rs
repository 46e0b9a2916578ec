//! Embedded wallets: one BIP-39 phrase, three keys, sealed.
//!
//! ```text
//! KEK (Kms) wraps  the key column:  a data key, or the server's half of one
//!                       │  (⊕ the user's half, in secret0)
//!                       ▼ seals
//! phrase · leaf key evm · leaf key solana · leaf key bitcoin     the body column
//! ```
//!
//! Nothing here knows the network, the clock or the database: the caller stores the two columns of a
//! [`SealedWallet`], opens it for one operation, and drops it. What is signed is first read into
//! types that say what it does ([`evm::Transaction`], [`evm::TypedData`], [`solana::Transaction`],
//! [`bitcoin::Payment`]), so that a policy decides on what was parsed and never on what was claimed.
//!
//! ```
//! use aboard_vault::{KeyFile, SystemEntropy};
//! use aboard_vault::wallet::{Custody, Place, SealedWallet};
//!
//! let (kms, place) = (KeyFile::generate(&SystemEntropy), Place { environment: [1; 16], user: [2; 16], wallet: [3; 16] });
//! let created = SealedWallet::create(&kms, &place, Custody::Server, &SystemEntropy)?;
//! println!("{}", created.wallet.addresses().evm);
//!
//! let stored = SealedWallet::from_columns(created.wallet.key().to_vec(), created.wallet.body().to_vec())?;
//! let signature = stored.open(&kms, &place, None)?.evm()?.sign_message(b"hello");
//! assert_eq!(signature.to_bytes().len(), 65);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod bitcoin;
mod curve;
mod custody;
mod derive;
mod error;
pub mod evm;
mod export;
mod half;
mod hpke;
mod keys;
mod mask;
mod open;
mod part;
mod phrase;
mod pin;
mod place;
mod sealed;
mod secret0;
pub mod solana;
mod user_copy;
mod words;

#[cfg(test)]
mod tests;

pub use custody::Custody;
pub use error::WalletError;
pub use export::Exported;
pub use half::UserHalf;
pub use keys::Addresses;
pub use mask::mask_file;
pub use open::{DataKey, OpenWallet};
pub use phrase::{Phrase, PhraseError};
pub use pin::Pin;
pub use place::Place;
pub use sealed::{Created, SealedWallet};
pub use secret0::{Proven, Secret0, Secret0Error};
pub use user_copy::UserCopy;
