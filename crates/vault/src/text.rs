//! Bytes as text: hex for public ids, base32 for the key file.

use std::fmt::Write;

use zeroize::Zeroizing;

/// RFC 4648 base32 in lower case: no two letters look alike in a printed backup.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Lower-case hex. For public values: the result is not wiped.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(out, "{byte:02x}");
    }
    out
}

/// Appends `bytes` to `out` as base32 without padding.
///
/// The caller reserves the room first: a growing `String` would leave copies behind.
pub(crate) fn push_base32(out: &mut String, bytes: &[u8]) {
    let (mut buffer, mut bits) = (0_u32, 0);
    for byte in bytes {
        buffer = (buffer << 8 | u32::from(*byte)) & 0xfff;
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            out.push(letter(buffer >> bits));
        }
    }
    if bits > 0 {
        out.push(letter(buffer << (5 - bits)));
    }
}

fn letter(value: u32) -> char {
    char::from(ALPHABET[(value & 31) as usize])
}

/// Reads unpadded base32. `None` for a foreign character, an impossible length or left-over bits
/// that are not zero, so that each byte string has exactly one spelling.
pub(crate) fn parse_base32(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut out = Zeroizing::new(Vec::with_capacity(text.len() * 5 / 8));
    let (mut buffer, mut bits) = (0_u32, 0);
    for c in text.bytes() {
        let value = match c {
            b'a'..=b'z' => c - b'a',
            b'2'..=b'7' => c - b'2' + 26,
            _ => return None,
        };
        buffer = (buffer << 5 | u32::from(value)) & 0xfff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            out.push((buffer >> bits).to_le_bytes()[0]);
        }
    }
    let clean = bits < 5 && buffer & ((1 << bits) - 1) == 0;
    clean.then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn base32(bytes: &[u8]) -> String {
        let mut out = String::new();
        push_base32(&mut out, bytes);
        out
    }

    /// RFC 4648, section 10, in lower case and without padding.
    #[test]
    fn base32_matches_the_rfc() {
        for (plain, text) in [
            ("", ""),
            ("f", "my"),
            ("fo", "mzxq"),
            ("foo", "mzxw6"),
            ("foob", "mzxw6yq"),
            ("fooba", "mzxw6ytb"),
            ("foobar", "mzxw6ytboi"),
        ] {
            assert_eq!(base32(plain.as_bytes()), text);
            assert_eq!(&**parse_base32(text).unwrap(), plain.as_bytes());
        }
    }

    #[test]
    fn base32_refuses_a_second_spelling() {
        for text in [
            "mz", "mzxw7yr", "MY", "my======", "m", "mzx", "a", "aaa", "aaaaaa", "m y", "m0",
        ] {
            assert!(parse_base32(text).is_none(), "{text} was read");
        }
    }

    proptest! {
        #[test]
        fn base32_round_trips(bytes: Vec<u8>) {
            prop_assert_eq!(&*parse_base32(&base32(&bytes)).unwrap(), &bytes);
        }

        #[test]
        fn hex_is_what_parses_back(bytes: Vec<u8>) {
            let text = hex(&bytes);
            prop_assert_eq!(text.len(), bytes.len() * 2);
            for (i, byte) in bytes.iter().enumerate() {
                prop_assert_eq!(u8::from_str_radix(&text[i * 2..i * 2 + 2], 16).unwrap(), *byte);
            }
        }
    }
}
