//! Characters that no single line of plain text has: they steer a terminal or a page, or cannot be seen.

/// Whether a character is a control (C0, DEL, C1), turns the direction of a text, ends its line, or has no shape. The
/// joiners that scripts need (U+200C, U+200D) and the marks of one direction (U+200E, U+200F, U+061C) turn nothing
/// around and are let pass by [`hides`].
#[must_use]
pub fn steers(c: char) -> bool {
    hides(c) || matches!(c, '\u{61c}' | '\u{200c}'..='\u{200f}')
}

/// Whether a character has no place in a name of any script: see [`steers`].
#[must_use]
pub fn hides(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
        || matches!(c, '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_let_pass() {
        for text in [
            "Ελένη",
            "عمر",
            "李",
            "O'Brien-Smith, Jr.",
            "می\u{200c}خواهم",
            "क\u{94d}\u{200d}ष",
            "\u{1f469}\u{200d}\u{1f680}",
        ] {
            assert!(!text.chars().any(hides), "{text}");
        }
        for c in [
            '\u{1b}',
            '\u{7f}',
            '\u{85}',
            '\u{9b}',
            '\u{202e}',
            '\u{2066}',
            '\u{2069}',
            '\u{200b}',
            '\u{feff}',
            '\u{2028}',
            '\u{e0041}',
        ] {
            assert!(hides(c) && steers(c), "{c:?}");
        }
        for c in ['\u{200e}', '\u{200f}', '\u{61c}', '\u{200d}'] {
            assert!(steers(c) && !hides(c), "{c:?}");
        }
    }
}
