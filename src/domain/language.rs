//! Languages that Aboard speaks to people in.

/// A language of messages and pages.
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

    /// What its speakers call it.
    #[must_use]
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Greek => "Ελληνικά",
            Self::Arabic => "العربية",
            Self::Indonesian => "Bahasa Indonesia",
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

    /// The language that an `Accept-Language` (RFC 9110, 12.5.4) likes best of those that there are. Of equals, the
    /// first in the header. A missing quality is 1, 0 is a refusal, and an unreadable one drops its range.
    #[must_use]
    pub fn accepted(header: &str) -> Option<Self> {
        let mut best: Option<(f32, Self)> = None;
        for range in header.split(',').take(32) {
            let mut pieces = range.split(';').map(str::trim);
            let language = pieces.next().and_then(Self::from_tag);
            let quality = match pieces.next() {
                None => Some(1.0),
                Some(weight) => weight
                    .strip_prefix("q=")
                    .or_else(|| weight.strip_prefix("Q="))
                    .and_then(|quality| quality.parse::<f32>().ok()),
            };
            let quality = quality.filter(|quality| *quality > 0.0 && *quality <= 1.0);
            if let (Some(language), Some(quality)) = (language, quality)
                && best.is_none_or(|(highest, _)| quality > highest)
            {
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
            ("AR-eg, en;q=0.5", Some(Language::Arabic)),
            ("en;q=0.5,el;q=0.5", Some(Language::English)),
            ("fr, id ; q=0.1", Some(Language::Indonesian)),
            ("el;q=0, en;q=0.1", Some(Language::English)),
            ("id;q=0", None),
            ("fr, *", None),
            ("el;q=NaN", None),
            ("el;q=2", None),
            ("el;level=1", None),
            ("\u{1F6A2}", None),
            ("", None),
            (",;q=;;,", None),
        ] {
            assert_eq!(Language::accepted(header), language, "{header}");
        }
    }

    #[test]
    fn no_two_languages_have_one_tag_or_one_name() {
        for (at, language) in Language::ALL.iter().enumerate() {
            let mut others = Language::ALL[at + 1..].iter();
            assert!(others.all(|other| other.tag() != language.tag() && other.own_name() != language.own_name()));
            assert_eq!(language.dir() == "rtl", *language == Language::Arabic);
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
