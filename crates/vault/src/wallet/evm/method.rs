//! Methods of contracts.

use alloy_primitives::keccak256;

/// The first four bytes of a call of a method, from its signature: `transfer(address,uint256)`.
#[must_use]
pub fn selector(signature: &str) -> [u8; 4] {
    let mut out = [0; 4];
    out.copy_from_slice(&keccak256(signature)[..4]);
    out
}
