//! A recoverable ECDSA signature.

use alloy_primitives::{Address, U256};
use bitcoin::secp256k1::{
    Message,
    ecdsa::{RecoverableSignature, RecoveryId},
};

use super::address_of;
use crate::wallet::curve::SECP;

/// A signature on secp256k1 with the low `s` (EIP-2) and the nonce of RFC 6979: the same message and
/// key always give the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Big-endian.
    pub r: U256,
    /// Big-endian, at most half of the curve's order.
    pub s: U256,
    /// Whether the nonce's point has an odd y.
    pub y_parity: bool,
}

impl Signature {
    pub(super) fn new((bytes, y_parity): ([u8; 64], bool)) -> Self {
        Self {
            r: U256::from_be_slice(&bytes[..32]),
            s: U256::from_be_slice(&bytes[32..]),
            y_parity,
        }
    }

    /// `r ‖ s ‖ v` with `v` 27 or 28, as `personal_sign` and `eth_signTypedData_v4` give it.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 65] {
        let mut out = [0; 65];
        out[..64].copy_from_slice(&self.compact());
        out[64] = 27 + u8::from(self.y_parity);
        out
    }

    /// The address that signed `hash`, or `None` if nobody did, or `s` is not the low one.
    #[must_use]
    pub fn recover(&self, hash: &[u8; 32]) -> Option<Address> {
        let id = RecoveryId::from_i32(i32::from(self.y_parity)).ok()?;
        let signature = RecoverableSignature::from_compact(&self.compact(), id).ok()?;
        let mut low = signature.to_standard();
        low.normalize_s();
        if low != signature.to_standard() {
            return None;
        }
        let key = SECP.recover_ecdsa(&Message::from_digest(*hash), &signature).ok()?;
        Some(address_of(&key))
    }

    fn compact(&self) -> [u8; 64] {
        let mut out = [0; 64];
        out[..32].copy_from_slice(&self.r.to_be_bytes::<32>());
        out[32..].copy_from_slice(&self.s.to_be_bytes::<32>());
        out
    }
}
