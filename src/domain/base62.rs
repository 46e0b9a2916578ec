//! Base62 of 256-bit numbers: texts that survive a double click, a URL and a spoken "one word".

pub(super) const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// How many digits 256 bits take.
pub(super) const LENGTH: usize = 43;
/// Digits are read and written so many at a time, since 62^5 fits a limb: this runs on every request.
const AT_A_TIME: usize = 5;
const SCALE: u64 = 62_u64.pow(5);

/// The digits of a 256-bit number, most significant first.
pub(super) fn encode(bytes: [u8; 32]) -> [u8; LENGTH] {
    let mut limbs = [0_u64; 8];
    for (limb, chunk) in limbs.iter_mut().zip(bytes.chunks_exact(4)) {
        *limb = chunk.iter().fold(0, |value, byte| (value << 8) | u64::from(*byte));
    }
    let mut digits = [0; LENGTH];
    for digits in digits.rchunks_mut(AT_A_TIME) {
        let mut rest = 0;
        for limb in &mut limbs {
            let value = (rest << 32) | *limb;
            *limb = value / SCALE;
            rest = value % SCALE;
        }
        for digit in digits.iter_mut().rev() {
            *digit = DIGITS[usize::try_from(rest % 62).unwrap_or_default()];
            rest /= 62;
        }
    }
    digits
}

/// Reads digits; `None` for another character or a number that is too large.
pub(super) fn decode(digits: &[u8]) -> Option<[u8; 32]> {
    let mut limbs = [0_u64; 8];
    for digits in digits.chunks(AT_A_TIME) {
        let (mut scale, mut carry) = (1, 0);
        for digit in digits {
            let digit = match digit {
                b'0'..=b'9' => u64::from(digit - b'0'),
                b'A'..=b'Z' => u64::from(digit - b'A') + 10,
                b'a'..=b'z' => u64::from(digit - b'a') + 36,
                _ => return None,
            };
            (scale, carry) = (scale * 62, carry * 62 + digit);
        }
        for limb in limbs.iter_mut().rev() {
            let value = *limb * scale + carry;
            *limb = value & 0xffff_ffff;
            carry = value >> 32;
        }
        if carry != 0 {
            return None;
        }
    }
    let mut bytes = [0; 32];
    for (chunk, limb) in bytes.chunks_exact_mut(4).zip(limbs) {
        chunk.copy_from_slice(&limb.to_be_bytes()[4..]);
    }
    Some(bytes)
}
