//! What people read, in every language: pages and messages.
//!
//! The texts stand in `locales/`, one file for each language; `build/locales.rs` makes a method of [`Words`] of every
//! key, such as `join_title`, so that a key that one language lacks does not build and nothing is looked up while the
//! server runs. To add a language: a file there, a variant of [`Language`], a line in `build/locales.rs`.
//!
//! No text holds HTML. What comes from outside (a name, an address) goes in as [`Part::Name`], which the templates
//! escape and isolate, so that an Arabic name in an English sentence, or the reverse, turns nothing around.

use std::borrow::Cow;

use crate::domain::{Language, Notice, Purpose};

/// The texts of one language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words(pub Language);

include!(concat!(env!("OUT_DIR"), "/words.rs"));

/// A piece of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// Our own text.
    Text(Cow<'a, str>),
    /// What came from outside: a name or a (masked) address, of whatever script.
    Name(&'a str),
}

/// A sentence with names in it, in the order in which they are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sentence<'a>(Vec<Part<'a>>);

impl<'a> Sentence<'a> {
    fn text(&mut self, text: &'a str) {
        self.0.push(Part::Text(Cow::Borrowed(text)));
    }

    fn number(&mut self, number: i64) {
        self.0.push(Part::Text(Cow::Owned(number.to_string())));
    }

    fn name(&mut self, name: &'a str) {
        self.0.push(Part::Name(name));
    }

    /// The parts.
    #[must_use]
    pub fn parts(&self) -> &[Part<'a>] {
        &self.0
    }

    /// The sentence as plain text. For messages; a page isolates the names.
    #[must_use]
    pub fn plain(&self) -> String {
        let parts = self.0.iter().map(|part| match part {
            Part::Text(text) => text.as_ref(),
            Part::Name(name) => name,
        });
        parts.collect()
    }
}

/// The form of a number, by the rules of the Unicode CLDR for whole numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plural {
    One,
    Two,
    Few,
    Many,
    Other,
}

impl Plural {
    fn of(language: Language, number: i64) -> Self {
        match language {
            Language::English | Language::Greek => {
                if number == 1 {
                    Self::One
                } else {
                    Self::Other
                }
            }
            Language::Arabic => match (number, number % 100) {
                (1, _) => Self::One,
                (2, _) => Self::Two,
                (_, 3..=10) => Self::Few,
                (_, 11..=99) => Self::Many,
                _ => Self::Other,
            },
            Language::Indonesian => Self::Other,
        }
    }
}

/// A moment in UTC, in the numbers (and the integer types) of jiff's civil calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The year, such as 2026.
    pub year: i16,
    /// The month, 1 to 12.
    pub month: i8,
    /// The day of the month, 1 to 31.
    pub day: i8,
    /// The hour, 0 to 23.
    pub hour: i8,
    /// The minute, 0 to 59.
    pub minute: i8,
}

impl Moment {
    fn same_day(self, other: Self) -> bool {
        (self.year, self.month, self.day) == (other.year, other.month, other.day)
    }

    fn time(self) -> String {
        format!("{:02}:{:02}", self.hour, self.minute)
    }
}

impl Words {
    /// A moment: the time alone if it is today, else with its day.
    pub(crate) fn at(self, at: Moment, now: Moment) -> String {
        if at.same_day(now) {
            self.moment_time(&at.time())
        } else {
            self.dated(at)
        }
    }

    /// A moment that has passed: `today 14:32 UTC`, or with its day.
    pub(crate) fn since(self, at: Moment, now: Moment) -> String {
        if at.same_day(now) {
            self.moment_today(&at.time())
        } else {
            self.dated(at)
        }
    }

    fn dated(self, at: Moment) -> String {
        let month = self.month(at.month.into());
        self.moment(&self.day(at.day.into(), &month, at.year.into()), &at.time())
    }

    /// What a code is for, without a full stop.
    pub(crate) fn what(self, purpose: Purpose, app: &str) -> String {
        let what = match purpose {
            Purpose::LogIn => self.code_log_in(app),
            Purpose::ConfirmContact => self.code_confirm_contact(app),
            Purpose::ExportWallet => self.code_export_wallet(app),
            Purpose::GiveConsent => self.code_give_consent(app),
            Purpose::ChangeIdentity => self.code_change_identity(app),
            Purpose::JoinAccounts => self.code_join_accounts(app),
            Purpose::TrustDevice => self.code_trust_device(app),
        };
        what.plain()
    }

    /// What a notice is about, without a full stop.
    pub(crate) fn notice(self, notice: Notice, app: &str) -> String {
        let what = match notice {
            Notice::ContactChanged => self.notice_contact_changed(app),
            Notice::AddressAdded => self.notice_address_added(app),
            Notice::WalletRecovered => self.notice_wallet_recovered(app),
            Notice::WalletExportAsked => self.notice_wallet_export(app),
            Notice::NewDevice => self.notice_new_device(app),
            Notice::WebhookDisabled => self.notice_webhook_disabled(app),
        };
        what.plain()
    }

    /// What a notice means for whoever gets it. `about` is what it happened to, where that has a name; of a new device the
    /// app, the time and a page, each on a line.
    pub(crate) fn notice_means(self, notice: Notice, about: &str) -> Cow<'static, str> {
        match notice {
            Notice::ContactChanged => self.notice_contact_changed_means().into(),
            Notice::AddressAdded => self.notice_address_added_means().into(),
            Notice::WalletRecovered => self.notice_wallet_recovered_means().into(),
            Notice::WalletExportAsked => self.notice_wallet_export_means().into(),
            Notice::NewDevice => {
                let [app, time, _] = lines(about);
                self.notice_new_device_means(app, time).plain().into()
            }
            Notice::WebhookDisabled => self.notice_webhook_disabled_means(about).plain().into(),
        }
    }

    /// What whoever was told of a new device, with the same `about`, does if it was somebody else.
    pub(crate) fn new_device_not_you(self, about: &str) -> String {
        let [_, _, page] = lines(about);
        self.notice_new_device_not_you(page).plain()
    }

    /// How long to wait.
    pub(crate) fn wait(self, seconds: u32) -> String {
        if seconds <= 90 {
            self.problem_wait_seconds(seconds.max(1).into())
        } else {
            self.problem_wait_minutes(seconds.div_ceil(60).into())
        }
    }
}

fn lines(about: &str) -> [&str; 3] {
    let mut lines = about.lines();
    std::array::from_fn(|_| lines.next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment {
        year: 2026,
        month: 11,
        day: 21,
        hour: 23,
        minute: 5,
    };

    const ENGLISH: Words = Words(Language::English);

    #[test]
    fn every_purpose_has_its_own_text_that_names_the_app() {
        for language in Language::ALL {
            let words = Words(*language);
            let texts: Vec<String> = Purpose::ALL
                .iter()
                .map(|purpose| words.what(*purpose, "Acme"))
                .collect();
            for (at, text) in texts.iter().enumerate() {
                assert!(text.contains("Acme"), "{text}");
                assert!(!text.ends_with('.') && !text.contains('\n'), "{text}");
                assert!(!texts[..at].contains(text), "{text}");
            }
        }
    }

    #[test]
    fn no_language_borrows_the_texts_of_another() {
        for (at, language) in Language::ALL.iter().enumerate() {
            let words = Words(*language);
            for other in Language::ALL[..at].iter().map(|other| Words(*other)) {
                assert_ne!(words.code_keep_it(), other.code_keep_it());
                assert_ne!(words.code_not_you(), other.code_not_you());
                assert_ne!(words.code_works_for(10), other.code_works_for(10));
                assert_ne!(words.join_lead(), other.join_lead());
                assert_ne!(words.problem_internal_means(), other.problem_internal_means());
                assert_ne!(words.what(Purpose::LogIn, ""), other.what(Purpose::LogIn, ""));
            }
        }
    }

    #[test]
    fn every_notice_has_its_own_text_that_names_whom_it_comes_from() {
        for language in Language::ALL {
            let words = Words(*language);
            let mut seen = std::collections::BTreeSet::new();
            for notice in Notice::ALL {
                let title = words.notice(*notice, "Acme");
                assert!(title.contains("Acme") && !title.ends_with('.'), "{title}");
                let means = words.notice_means(*notice, "https://example.com/hook");
                let named = matches!(notice, Notice::WebhookDisabled | Notice::NewDevice);
                assert_eq!(means.contains("https://example.com/hook"), named, "{means}");
                assert!(seen.insert(title) && seen.insert(means.into_owned()));
            }
            assert!(words.notice_not_you("Acme").plain().contains("Acme"));
        }
    }

    #[test]
    fn numbers_are_counted_as_the_language_counts() {
        for (language, minutes, text) in [
            (Language::English, 1, "It works for 1 minute."),
            (Language::English, 10, "It works for 10 minutes."),
            (Language::Greek, 1, "Ισχύει για 1 λεπτό."),
            (Language::Greek, 5, "Ισχύει για 5 λεπτά."),
            (Language::Arabic, 1, "صالح لمدة دقيقة واحدة."),
            (Language::Arabic, 2, "صالح لمدة دقيقتين."),
            (Language::Arabic, 10, "صالح لمدة 10 دقائق."),
            (Language::Arabic, 11, "صالح لمدة 11 دقيقة."),
            (Language::Arabic, 100, "صالح لمدة 100 دقيقة."),
            (Language::Arabic, 103, "صالح لمدة 103 دقائق."),
            (Language::Indonesian, 1, "Berlaku selama 1 menit."),
        ] {
            assert_eq!(Words(language).code_works_for(minutes), text);
        }
    }

    #[test]
    fn a_moment_names_its_day_unless_it_is_today() {
        let soon = Moment { minute: 15, ..NOW };
        let tomorrow = Moment {
            day: 22,
            hour: 0,
            ..NOW
        };
        assert_eq!(ENGLISH.at(soon, NOW), "23:15 UTC");
        assert_eq!(ENGLISH.at(tomorrow, NOW), "22 November 2026, 00:05 UTC");
        assert_eq!(ENGLISH.since(NOW, NOW), "today 23:05 UTC");
        assert_eq!(Words(Language::Greek).at(tomorrow, NOW), "22 Νοεμβρίου 2026, 00:05 UTC");
        assert_eq!(
            ENGLISH.account_through("Acme", "today 23:05 UTC").parts(),
            [
                Part::Text("through ".into()),
                Part::Name("Acme"),
                Part::Text(", ".into()),
                Part::Text("today 23:05 UTC".into())
            ]
        );
    }

    #[test]
    fn a_wait_is_said_in_the_unit_that_people_would_use() {
        for (seconds, text) in [
            (0, "Try again in a second."),
            (30, "Try again in 30 seconds."),
            (90, "Try again in 90 seconds."),
            (91, "Try again in 2 minutes."),
        ] {
            assert_eq!(ENGLISH.wait(seconds), text);
        }
        assert_eq!(Words(Language::Arabic).wait(2), "حاول مرة أخرى بعد ثانيتين.");
    }

    #[test]
    fn a_name_in_an_arabic_message_is_isolated() {
        let text = Words(Language::Arabic).what(Purpose::LogIn, "Acme");
        assert!(text.contains("\u{2068}Acme\u{2069}"), "{text}");
    }
}
