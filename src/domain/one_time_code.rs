//! One-time codes: made, typed, compared by their MAC alone.

use zeroize::Zeroizing;

use super::Invalid;

/// The fixed code of test numbers in a sandbox.
const TEST_CODE: &str = "424242";
/// Letters and digits that nobody confuses: Crockford's.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Above this a number of 32 bits would make some codes more likely than others.
const UNIFORM: u32 = 4_294_000_000;
/// The most characters of a code: WhatsApp takes no more.
const LONGEST: usize = 15;

/// A one-time code. It can be neither printed, serialized nor cloned, and is wiped when dropped.
pub struct OneTimeCode(Zeroizing<String>);

impl OneTimeCode {
    /// How often a code may be tried. After that it is neither compared nor sent any more.
    pub const MOST_TRIES: i64 = 5;

    /// Six digits, each of the million as likely as the next.
    #[must_use]
    pub fn digits(random: [u8; 32]) -> Self {
        let numbers = random
            .chunks_exact(4)
            .map(|bytes| u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
        // That none of the eight will do happens once in 10^29 codes.
        let number = numbers.clone().find(|number| *number < UNIFORM);
        let number = number.or_else(|| numbers.clone().next_back()).unwrap_or_default();
        Self(Zeroizing::new(format!("{:06}", number % 1_000_000)))
    }

    /// Twelve characters, for a destination whose codes were guessed at too often.
    #[must_use]
    pub fn long(random: [u8; 32]) -> Self {
        Self::letters(random, 12)
    }

    /// Eight characters, for a step-up.
    #[must_use]
    pub fn step_up(random: [u8; 32]) -> Self {
        Self::letters(random, 8)
    }

    fn letters(random: [u8; 32], count: usize) -> Self {
        let letter = |byte: &u8| char::from(ALPHABET[usize::from(byte % 32)]);
        Self(Zeroizing::new(random.iter().take(count).map(letter).collect()))
    }

    /// What a test number takes in a sandbox.
    #[must_use]
    pub fn of_test_number() -> Self {
        Self(Zeroizing::new(TEST_CODE.to_owned()))
    }

    /// Takes over a code that was made before, as it was sealed.
    ///
    /// # Errors
    /// It is no code of 4 to 15 ASCII letters and digits.
    pub fn made(code: String) -> Result<Self, Invalid> {
        let code = Zeroizing::new(code);
        let plain = code.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if plain && (4..=LONGEST).contains(&code.len()) {
            Ok(Self(code))
        } else {
            Err(Invalid::new("A code has 4 to 15 ASCII letters and digits."))
        }
    }

    /// Reads what a person typed: spaces and hyphens do not count, nor does case, and letters that look like digits
    /// are those. `None` for what can be no code.
    #[must_use]
    pub fn typed(text: &str) -> Option<Self> {
        if text.len() > 64 {
            return None;
        }
        let mut code = Zeroizing::new(String::with_capacity(LONGEST));
        for char in text.chars() {
            match char.to_ascii_uppercase() {
                ' ' | '-' => {}
                'O' => code.push('0'),
                'I' | 'L' => code.push('1'),
                letter if letter.is_ascii_alphanumeric() => code.push(letter),
                _ => return None,
            }
        }
        (4..=LONGEST).contains(&code.len()).then_some(Self(code))
    }

    /// The code. The name is meant to stand out in a review.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn codes_are_read_back_however_they_are_typed(random: [u8; 32]) {
            let digits = OneTimeCode::digits(random);
            prop_assert!(digits.expose().len() == 6 && digits.expose().bytes().all(|byte| byte.is_ascii_digit()));
            for code in [digits, OneTimeCode::long(random), OneTimeCode::step_up(random)] {
                let (first, rest) = code.expose().split_at(3);
                let typed = OneTimeCode::typed(&format!(" {first}-{} ", rest.to_lowercase())).unwrap();
                prop_assert_eq!(typed.expose(), code.expose());
                let sealed = OneTimeCode::made(code.expose().to_owned()).unwrap();
                prop_assert_eq!(sealed.expose(), code.expose());
            }
        }

        #[test]
        fn any_text_is_a_code_or_is_not(text in "\\PC{0,80}") {
            if let Some(code) = OneTimeCode::typed(&text) {
                prop_assert!(code.expose().bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase()));
            }
        }
    }

    #[test]
    fn a_number_that_would_not_be_uniform_is_passed_over() {
        let mut random = [0xff; 32];
        random[28..].copy_from_slice(&7_654_321_u32.to_be_bytes());
        assert_eq!(OneTimeCode::digits(random).expose(), "654321");
    }

    #[test]
    fn codes_are_plain_and_of_a_length_that_every_channel_takes() {
        for good in ["4829", "482913", "K7M29QXT", "ABCDEFGHJKLMNPQ"] {
            assert_eq!(OneTimeCode::made(good.to_owned()).map_err(drop).unwrap().expose(), good);
        }
        for bad in ["", "123", "1234567890123456", "12 34", "1234\r\nBcc: x", "١٢٣٤"] {
            assert!(OneTimeCode::made(bad.to_owned()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn letters_that_look_like_digits_are_those() {
        assert_eq!(OneTimeCode::typed("o1il 42").unwrap().expose(), "011142");
        assert!(OneTimeCode::typed("123").is_none());
        assert!(OneTimeCode::typed("12345é").is_none());
    }
}
