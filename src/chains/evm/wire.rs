//! Values as nodes write them: `0x` and hex. Each reader gives `None` for what it does not know.

use aboard_vault::wallet::evm::{Address, B256, U256};
use serde_json::Value;

/// A quantity: `0x` and 1 to 64 hex digits.
pub fn quantity(value: &Value) -> Option<U256> {
    let digits = value.as_str()?.strip_prefix("0x")?;
    let good = (1..=64).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    good.then(|| U256::from_str_radix(digits, 16).ok())?
}

/// A quantity that fits.
pub fn small(value: &Value) -> Option<u64> {
    u64::try_from(quantity(value)?).ok()
}

/// A price in wei.
pub fn price(value: &Value) -> Option<u128> {
    u128::try_from(quantity(value)?).ok()
}

/// Bytes: `0x` and pairs of hex digits, no more than `most`.
pub fn bytes(value: &Value, most: usize) -> Option<Vec<u8>> {
    let digits = value.as_str()?.strip_prefix("0x")?;
    if digits.len() % 2 != 0 || digits.len() / 2 > most || !digits.is_ascii() {
        return None;
    }
    let pair = |at: usize| {
        let pair = digits.get(at..at + 2)?;
        let hex = pair.bytes().all(|byte| byte.is_ascii_hexdigit());
        hex.then(|| u8::from_str_radix(pair, 16).ok())?
    };
    (0..digits.len()).step_by(2).map(pair).collect()
}

/// 32 bytes.
pub fn hash(value: &Value) -> Option<B256> {
    Some(B256::from(<[u8; 32]>::try_from(bytes(value, 32)?).ok()?))
}

/// 20 bytes; nodes write addresses without checksum.
pub fn address(value: &Value) -> Option<Address> {
    Some(Address::from(<[u8; 20]>::try_from(bytes(value, 20)?).ok()?))
}

/// What may be `null` or absent: outside, whether it can be read; inside, whether it is there.
pub fn nullable<T>(value: Option<&Value>, read: impl FnOnce(&Value) -> Option<T>) -> Option<Option<T>> {
    match value {
        None | Some(Value::Null) => Some(None),
        Some(value) => read(value).map(Some),
    }
}

/// `0x` and lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(2 + 2 * bytes.len());
    text.push_str("0x");
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn what_is_no_value_is_not_guessed_at() {
        for wrong in [
            json!("0x"),
            json!("1"),
            json!(1),
            json!("0xg"),
            json!("0x-1"),
            json!("0x+1"),
            json!("0x1 "),
            json!(null),
        ] {
            assert_eq!(quantity(&wrong), None, "{wrong}");
        }
        assert_eq!(quantity(&json!(format!("0x{}", "f".repeat(65)))), None);
        assert_eq!(quantity(&json!(format!("0x{}", "f".repeat(64)))), Some(U256::MAX));
        assert_eq!(small(&json!("0x10000000000000000")), None);
        for wrong in [
            json!("0x0"),
            json!("00"),
            json!("0xzz"),
            json!("0x0102"),
            json!("0x+1"),
            json!("0xéé"),
        ] {
            assert_eq!(bytes(&wrong, 1), None, "{wrong}");
        }
        assert_eq!(bytes(&json!("0x"), 0), Some(Vec::new()));
        assert_eq!(address(&json!("0x00")), None);
    }

    proptest! {
        #[test]
        fn bytes_come_back(original in proptest::collection::vec(any::<u8>(), 0..64)) {
            prop_assert_eq!(bytes(&json!(hex(&original)), 64), Some(original));
        }

        #[test]
        fn any_text_is_read_or_not(text in "\\PC*") {
            let _ = (quantity(&json!(text)), bytes(&json!(text), 100));
        }
    }
}
