//! What each error code of the Cloud API means for a message.
//!
//! Source: Meta's list of error codes. The code decides; titles, messages and HTTP statuses change.

use std::time::Duration;

use crate::channels::failure::Row;
use crate::channels::{About, Mark, SendFailure, Then};

/// The template, or its translation into this language, does not exist or is not approved.
pub(super) const NO_SUCH_TEMPLATE: i64 = 132_001;
/// The template is paused.
pub(super) const PAUSED: i64 = 132_015;
/// The template is paused or disabled.
pub(super) const TEMPLATE_IS_OFF: [i64; 2] = [PAUSED, 132_016];

const NOW: Then = Then::Retry { after: None };
const SOON: Then = Then::Retry {
    after: Some(Duration::from_secs(2)),
};
const LATER: Then = Then::Retry {
    after: Some(Duration::from_secs(30)),
};
const NOT_HERE: Then = Then::BadDestination(Mark::NotOnThisChannel);

const fn row(code: i64, then: Then, about: About, words: &'static str) -> Row {
    Row {
        codes: (code, code),
        then,
        about,
        words,
    }
}

#[rustfmt::skip]
pub(super) static TABLE: &[Row] = &[
    row(0, Then::Stop, About::Credentials, "the access token is not valid"),
    row(190, Then::Stop, About::Credentials, "the access token is not valid or has expired"),
    row(3, Then::Stop, About::Configuration, "the app lacks a capability or permission"),
    row(10, Then::Stop, About::Configuration, "the permission was not granted or was taken away"),
    Row { codes: (200, 299), then: Then::Stop, about: About::Configuration, words: "the permission was not granted or was taken away" },
    row(368, Then::Stop, About::Configuration, "the account is restricted for breaking a policy"),
    row(131_031, Then::Stop, About::Configuration, "the account is locked"),
    row(131_042, Then::Stop, About::Configuration, "there is a problem with the payment method"),
    row(131_045, Then::Stop, About::Configuration, "the phone number's certificate is not valid"),
    row(133_010, Then::Stop, About::Configuration, "the phone number is not registered"),
    row(131_048, Then::Stop, About::Abuse, "WhatsApp limits the number because of spam or low quality"),
    row(130_497, Then::FallBack, About::Country, "the account may not send to this country"),
    row(4, LATER, About::Limit, "the app's limit of calls is reached"),
    row(80_007, LATER, About::Limit, "the account's limit of calls is reached"),
    row(130_429, SOON, About::Limit, "the number's throughput is reached"),
    row(131_056, Then::FallBack, About::Limit, "too many messages to this number in a short time"),
    row(131_026, NOT_HERE, About::Destination, "the number is not on WhatsApp, or cannot take this message"),
    row(131_047, Then::FallBack, About::Message, "the message is not a template"),
    row(131_049, Then::FallBack, About::Destination, "WhatsApp withholds the message to keep its users engaged"),
    row(130_472, Then::FallBack, About::Destination, "the number is part of an experiment of WhatsApp"),
    row(131_062, Then::FallBack, About::Message, "a one-time code needs a phone number"),
    row(1, NOW, About::Provider, "WhatsApp met an unknown error"),
    row(2, LATER, About::Provider, "WhatsApp is down or overloaded"),
    row(131_000, NOW, About::Provider, "WhatsApp met an unknown error"),
    row(131_016, LATER, About::Provider, "WhatsApp is overloaded"),
    row(131_057, LATER, About::Provider, "the account is in maintenance"),
    row(100, Then::FallBack, About::Message, "WhatsApp does not accept a parameter"),
    row(131_008, Then::FallBack, About::Message, "a parameter is missing"),
    row(131_009, Then::FallBack, About::Message, "a parameter has a wrong value"),
    row(131_021, NOT_HERE, About::Destination, "sender and recipient are the same number"),
    row(132_000, Then::FallBack, About::Template, "the template takes another number of parameters"),
    row(NO_SUCH_TEMPLATE, Then::FallBack, About::Template, "the template does not exist in this language, or is not approved"),
    row(132_005, Then::FallBack, About::Template, "the template's text is too long"),
    row(132_007, Then::FallBack, About::Template, "the template breaks a policy"),
    row(132_012, Then::FallBack, About::Template, "the template takes parameters of another format"),
    row(PAUSED, Then::FallBack, About::Template, "the template is paused for its quality"),
    row(132_016, Then::FallBack, About::Template, "the template was disabled for its quality"),
];

/// The failure of a code, whether it is answered or reported later.
pub(super) fn failure(code: i64, details: Option<&str>) -> SendFailure {
    SendFailure::of(TABLE, code, details)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Row by row what `then` and `about` have to be, by the names that are stored and logged.
    #[test]
    fn every_code_has_its_consequence() {
        #[rustfmt::skip]
        let expected = [
            (0, "stop", "credentials"), (190, "stop", "credentials"),
            (3, "stop", "configuration"), (10, "stop", "configuration"),
            (200, "stop", "configuration"), (240, "stop", "configuration"), (299, "stop", "configuration"),
            (368, "stop", "configuration"), (131_031, "stop", "configuration"), (131_042, "stop", "configuration"),
            (131_045, "stop", "configuration"), (133_010, "stop", "configuration"), (131_048, "stop", "abuse"),
            (130_497, "fall_back", "country"), (4, "retry", "limit"), (80_007, "retry", "limit"),
            (130_429, "retry", "limit"), (131_056, "fall_back", "limit"),
            (131_026, "bad_destination", "destination"), (131_047, "fall_back", "message"),
            (131_049, "fall_back", "destination"), (130_472, "fall_back", "destination"),
            (131_062, "fall_back", "message"), (1, "retry", "provider"), (2, "retry", "provider"),
            (131_000, "retry", "provider"), (131_016, "retry", "provider"), (131_057, "retry", "provider"),
            (100, "fall_back", "message"), (131_008, "fall_back", "message"), (131_009, "fall_back", "message"),
            (131_021, "bad_destination", "destination"), (132_000, "fall_back", "template"),
            (132_001, "fall_back", "template"), (132_005, "fall_back", "template"), (132_007, "fall_back", "template"),
            (132_012, "fall_back", "template"), (132_015, "fall_back", "template"), (132_016, "fall_back", "template"),
            (300, "fall_back", "provider"), (199, "fall_back", "provider"), (-1, "fall_back", "provider"),
        ];
        for (code, then, about) in expected {
            let failure = failure(code, None);
            assert_eq!((failure.then.name(), failure.about.name()), (then, about), "{code}");
            assert_eq!(failure.code, Some(code));
        }
        for row in TABLE {
            let tested = expected
                .iter()
                .any(|(code, ..)| (row.codes.0..=row.codes.1).contains(code));
            assert!(tested, "{:?} is not in the list above", row.codes);
        }
    }

    #[test]
    fn no_code_stands_twice() {
        for (at, row) in TABLE.iter().enumerate() {
            let clash = |other: &Row| other.codes.0 <= row.codes.1 && row.codes.0 <= other.codes.1;
            assert!(!TABLE[..at].iter().any(clash), "{:?}", row.codes);
        }
    }

    #[test]
    fn what_will_not_mend_itself_alarms() {
        for row in TABLE.iter().filter(|row| matches!(row.then, Then::Stop)) {
            assert!(row.about.alarms(), "{:?}", row.codes);
        }
    }
}
