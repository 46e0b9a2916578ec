//! Addresses with the checksum of EIP-55.

use alloy_primitives::{Address, keccak256};
use bitcoin::secp256k1::PublicKey;

/// The address of a public key: the last 20 bytes of the hash of its coordinates.
pub(in super::super) fn address_of(key: &PublicKey) -> Address {
    Address::from_slice(&keccak256(&key.serialize_uncompressed()[1..])[12..])
}

/// Reads `0x` and 40 hex digits. Letters of both cases have to be the checksum of EIP-55; letters of
/// one case carry none. An address prints with its checksum.
///
/// # Errors
/// [`AddressError`].
pub fn parse_address(text: &str) -> Result<Address, AddressError> {
    let digits = text.strip_prefix("0x").ok_or(AddressError::Shape)?;
    if digits.len() != 40 || !digits.bytes().all(|c| c.is_ascii_hexdigit()) {
        return Err(AddressError::Shape);
    }
    let mut bytes = [0; 20];
    for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
        *byte = digit(pair[0]) << 4 | digit(pair[1]);
    }
    let address = Address::from(bytes);
    let mixed = digits.bytes().any(|c| c.is_ascii_lowercase()) && digits.bytes().any(|c| c.is_ascii_uppercase());
    if mixed && address.to_checksum(None)[2..] != *digits {
        return Err(AddressError::Checksum);
    }
    Ok(address)
}

/// The value of an ASCII hex digit.
fn digit(c: u8) -> u8 {
    match c {
        b'0'..=b'9' => c - b'0',
        b'a'..=b'f' => c - b'a' + 10,
        _ => c - b'A' + 10,
    }
}

/// Why a text is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not `0x` and 40 hex digits.
    #[error("an address is 0x and 40 hex digits: check it")]
    Shape,
    /// The upper and lower case letters do not match the digits (EIP-55).
    #[error("the checksum of the address is wrong: copy the address again")]
    Checksum,
}
