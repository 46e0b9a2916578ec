//! Amounts as people write them (`1.5`) and as chains count them (1500000 of the smallest unit), exactly.

use aboard_vault::wallet::evm::U256;

use super::Invalid;

/// No amount that anybody means is longer.
const LONGEST: usize = 120;

/// Reads an amount with at most so many decimals into the smallest unit. Digits, and a point with digits on both sides: no
/// sign, no exponent, no separators. Zeros at the end count as no decimals.
///
/// # Errors
/// Says what is wrong, as a sentence that begins with the amount.
pub fn parse_amount(text: &str, decimals: u8) -> Result<U256, Invalid> {
    let shape = || Invalid::new("The amount must be a text of digits with a point at most, like \"0.05\".");
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction.trim_end_matches('0')),
        Some(_) => return Err(shape()),
        None => (text, ""),
    };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || text.len() > LONGEST || !digits(whole) || !digits(fraction) {
        return Err(shape());
    }
    let decimals = usize::from(decimals);
    if fraction.len() > decimals {
        let found = fraction.len();
        return Err(Invalid::new(match decimals {
            0 => format!("The amount has {found} decimals, and what is sent has none: it is counted in whole units."),
            _ => format!("The amount has {found} decimals, and what is sent has {decimals}. Round it."),
        }));
    }
    let too_large = || Invalid::new("The amount is larger than any chain can count.");
    // Without its zeros in front a number of more digits than the largest has is larger.
    let all = format!("{whole}{fraction:0<decimals$}");
    let all = all.trim_start_matches('0');
    if all.len() > 78 {
        return Err(too_large());
    }
    let text = if all.is_empty() { "0" } else { all };
    U256::from_str_radix(text, 10).map_err(|_| too_large())
}

/// Writes an amount of the smallest unit with its point, and with no zeros at its end: `0.02`, `1`, `0`.
#[must_use]
pub fn show_amount(units: U256, decimals: u8) -> String {
    let decimals = usize::from(decimals);
    let digits = format!("{units:0>width$}", width = decimals + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() {
        whole.to_owned()
    } else {
        format!("{whole}.{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_are_read_exactly() {
        for (text, decimals, expected) in [
            ("0", 18, "0"),
            ("1", 18, "1000000000000000000"),
            ("0.02", 18, "20000000000000000"),
            ("1.5", 6, "1500000"),
            ("007.10", 1, "71"),
            ("0.000000000000000001", 18, "1"),
            ("12.000", 0, "12"),
            (
                "115792089237316195423570985008687907853269984665640564039457584007913129639935",
                0,
                "115792089237316195423570985008687907853269984665640564039457584007913129639935",
            ),
        ] {
            assert_eq!(parse_amount(text, decimals).unwrap().to_string(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_amount_is_refused_in_words() {
        for text in [
            "", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", "0x1", " 1", "1 ", "١", "1.2.3", "NaN",
        ] {
            assert!(
                parse_amount(text, 18).unwrap_err().message.contains("digits"),
                "{text:?}"
            );
        }
        let said = parse_amount("0.1234567", 6).unwrap_err().message;
        assert!(said.contains("7 decimals") && said.contains("has 6"), "{said}");
        let said = parse_amount("0.5", 0).unwrap_err().message;
        assert!(said.contains("whole units"), "{said}");
        for text in [
            "115792089237316195423570985008687907853269984665640564039457584007913129639936".to_owned(),
            "9".repeat(100),
        ] {
            assert!(parse_amount(&text, 0).unwrap_err().message.contains("larger"), "{text}");
        }
        assert!(parse_amount(&"0".repeat(1_000), 0).is_err());
        assert!(parse_amount("1", 255).unwrap_err().message.contains("larger"));
        assert_eq!(parse_amount("0", 255).unwrap(), U256::ZERO);
    }

    #[test]
    fn amounts_are_written_without_idle_zeros() {
        for (units, decimals, expected) in [
            (0_u64, 18, "0"),
            (20_000_000_000_000_000, 18, "0.02"),
            (1_000_000, 6, "1"),
            (1_500_000, 6, "1.5"),
            (1, 0, "1"),
            (100, 0, "100"),
        ] {
            assert_eq!(show_amount(U256::from(units), decimals), expected);
        }
        assert_eq!(show_amount(U256::from(1), 255).len(), 257);
    }

    fn any_units() -> impl Strategy<Value = U256> {
        any::<[u8; 32]>().prop_flat_map(|bytes| {
            (0_usize..=32).prop_map(move |zeros| {
                let mut bytes = bytes;
                bytes[..zeros].fill(0);
                U256::from_be_bytes(bytes)
            })
        })
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(units in any_units(), decimals in 0_u8..=40) {
            let shown = show_amount(units, decimals);
            prop_assert_eq!(parse_amount(&shown, decimals).unwrap(), units);
        }

        #[test]
        fn one_decimal_more_is_ten_times_as_much(units in any::<u64>(), decimals in 0_u8..=30) {
            let shown = show_amount(U256::from(units), decimals);
            let more = parse_amount(&shown, decimals + 1).unwrap();
            prop_assert_eq!(more, U256::from(units) * U256::from(10));
        }

        #[test]
        fn any_text_is_an_amount_or_refused(text in "\\PC*", decimals in any::<u8>()) {
            let _ = parse_amount(&text, decimals);
        }
    }
}
