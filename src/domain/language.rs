//! Languages that Aboard speaks to people in.

/// A language of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// English, which is also the answer to "none of the above".
    English,
    /// Greek.
    Greek,
    /// Arabic, written from right to left.
    Arabic,
    /// Indonesian.
    Indonesian,
}

impl Language {
    /// All languages.
    pub const ALL: &'static [Self] = &[Self::English, Self::Greek, Self::Arabic, Self::Indonesian];

    /// The language tag (BCP 47), such as `en`; it is also how a row names the language.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Greek => "el",
            Self::Arabic => "ar",
            Self::Indonesian => "id",
        }
    }

    /// The direction of the script: `ltr` or `rtl`.
    #[must_use]
    pub const fn dir(self) -> &'static str {
        if self.is_rtl() { "rtl" } else { "ltr" }
    }

    /// Whether it is written from right to left.
    #[must_use]
    pub const fn is_rtl(self) -> bool {
        matches!(self, Self::Arabic)
    }

    /// The language of a tag, by its primary subtag: `el-GR` and `el_GR` are Greek. `in` is the old code of
    /// Indonesian, which some devices still send.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        if primary.eq_ignore_ascii_case("in") {
            return Some(Self::Indonesian);
        }
        let mut known = Self::ALL.iter().copied();
        known.find(|language| language.tag().eq_ignore_ascii_case(primary))
    }

    /// The language that an `Accept-Language` (RFC 9110, 12.5.4) likes best of those that there are.
    #[must_use]
    pub fn accepted(header: &str) -> Option<Self> {
        let mut best: Option<(f32, Self)> = None;
        for part in header.split(',').take(32) {
            let (tag, quality) = part.split_once(";q=").unwrap_or((part, "1"));
            let quality: f32 = quality.trim().parse().unwrap_or(0.0);
            let Some(language) = Self::from_tag(tag.trim()) else {
                continue;
            };
            if quality > best.map_or(0.0, |(quality, _)| quality) {
                best = Some((quality, language));
            }
        }
        best.map(|(_, language)| language)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_of_the_accepted_languages_is_taken() {
        for (header, language) in [
            ("el-GR,el;q=0.9,en;q=0.8", Some(Language::Greek)),
            ("fr, en;q=0.5, ar;q=0.7", Some(Language::Arabic)),
            ("id;q=0", None),
            ("fr", None),
            ("", None),
        ] {
            assert_eq!(Language::accepted(header), language, "{header}");
        }
    }

    #[test]
    fn tags_are_read_as_people_and_devices_write_them() {
        for language in Language::ALL {
            assert_eq!(Language::from_tag(language.tag()), Some(*language));
        }
        for (tag, language) in [
            ("el-GR", Some(Language::Greek)),
            ("AR_eg", Some(Language::Arabic)),
            ("in", Some(Language::Indonesian)),
            ("en-US", Some(Language::English)),
            ("fr", None),
            ("", None),
            ("-", None),
        ] {
            assert_eq!(Language::from_tag(tag), language, "{tag}");
        }
    }
}
