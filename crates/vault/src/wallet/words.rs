//! Bits as words of the English list of BIP-39, 11 bits a word.

use bip39::Language;
use zeroize::Zeroizing;

const BITS: usize = 11;
/// The longest word of the list has 8 letters; one more for the space.
const ROOM: usize = 9;

/// What keeps a text from being words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotWords {
    /// The word at this place, counted from 1, is not in the list.
    Unknown(usize),
    /// There are more than this many words.
    TooMany(usize),
}

/// The first `count` × 11 bits of `bytes` as words with one space between them.
pub(super) fn to_words(bytes: &[u8], count: usize) -> Zeroizing<String> {
    debug_assert!(count * BITS <= bytes.len() * 8, "more words than bits");
    // All the room at once: a growing string would leave words behind in freed memory.
    let mut text = Zeroizing::new(String::with_capacity(count * ROOM));
    let list = Language::English.word_list();
    for word in 0..count {
        let mut index = 0_usize;
        for bit in word * BITS..(word + 1) * BITS {
            index = index << 1 | usize::from(bytes[bit / 8] >> (7 - bit % 8) & 1);
        }
        if word > 0 {
            text.push(' ');
        }
        text.push_str(list[index]);
    }
    text
}

/// Reads at most `most` words: their bits, the last byte filled up with zeros, and their number.
///
/// Upper case and any white space are accepted, as people type them.
pub(super) fn from_words(text: &str, most: usize) -> Result<(Zeroizing<Vec<u8>>, usize), NotWords> {
    let mut bytes = Zeroizing::new(vec![0_u8; (most * BITS).div_ceil(8)]);
    let mut count = 0;
    for word in text.split_whitespace() {
        if count == most {
            return Err(NotWords::TooMany(most));
        }
        let word = Zeroizing::new(word.to_ascii_lowercase());
        let index = Language::English.find_word(&word).ok_or(NotWords::Unknown(count + 1))?;
        for bit in 0..BITS {
            let at = count * BITS + bit;
            if index >> (BITS - 1 - bit) & 1 == 1 {
                bytes[at / 8] |= 0x80 >> (at % 8);
            }
        }
        count += 1;
    }
    bytes.truncate((count * BITS).div_ceil(8));
    Ok((bytes, count))
}
