//! What each error code of Twilio means for a message.
//!
//! Source: Twilio's error and warning dictionary. 2xxxx are answers, 30xxx come with a status call.

use std::time::Duration;

use crate::channels::failure::Row;
use crate::channels::{About, Mark, SendFailure, Then};

/// A message failed and nothing says why.
pub(super) const UNKNOWN: i64 = 30_008;

/// The address for status calls is not one that Twilio calls.
pub(super) const BAD_CALLBACK: i64 = 21_609;

const NOW: Then = Then::Retry { after: None };
const SOON: Then = Then::Retry {
    after: Some(Duration::from_secs(2)),
};
const NO_NUMBER: Then = Then::BadDestination(Mark::DoesNotExist);
const NOT_HERE: Then = Then::BadDestination(Mark::NotOnThisChannel);
const NOT_WANTED: Then = Then::BadDestination(Mark::OptedOut);

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
    row(20_003, Then::Stop, About::Credentials, "the account SID or the token is wrong"),
    row(20_404, Then::Stop, About::Configuration, "the account or the service does not exist"),
    row(20_429, SOON, About::Limit, "too many calls"),
    row(21_211, NO_NUMBER, About::Destination, "the number is not valid"),
    row(21_408, Then::FallBack, About::Country, "the account may not send to this country"),
    row(21_602, Then::FallBack, About::Message, "the text is missing"),
    row(21_603, Then::Stop, About::Configuration, "the sender is missing"),
    row(21_604, Then::FallBack, About::Message, "the recipient is missing"),
    row(21_606, Then::Stop, About::Configuration, "the sender cannot send messages"),
    row(21_608, Then::Stop, About::Configuration, "a trial account sends to verified numbers only"),
    row(BAD_CALLBACK, Then::FallBack, About::Configuration, "the address for status calls is not valid"),
    row(21_610, NOT_WANTED, About::Destination, "the person told Twilio to send no more"),
    row(21_612, Then::FallBack, About::Country, "the sender does not reach this number"),
    row(21_614, NOT_HERE, About::Destination, "the number takes no SMS"),
    row(21_617, Then::FallBack, About::Message, "the text is too long"),
    row(30_001, SOON, About::Limit, "Twilio's queue is full"),
    row(30_002, Then::Stop, About::Configuration, "the account is suspended"),
    row(30_003, Then::FallBack, About::Destination, "the phone is off or out of reach"),
    row(30_004, Then::FallBack, About::Destination, "the phone or its carrier blocks the message"),
    row(30_005, NO_NUMBER, About::Destination, "the number is unknown to its carrier"),
    row(30_006, NOT_HERE, About::Destination, "the number is a landline"),
    row(30_007, Then::FallBack, About::Abuse, "the carrier filtered the message out"),
    row(UNKNOWN, Then::FallBack, About::Provider, "the message failed for an unknown reason"),
    row(30_034, Then::Stop, About::Configuration, "the sender is not registered for A2P 10DLC"),
    row(30_450, Then::FallBack, About::Abuse, "Twilio's guard against SMS pumping withheld the message"),
    row(20_500, NOW, About::Provider, "Twilio met an unknown error"),
    row(20_503, NOW, About::Provider, "Twilio is down or overloaded"),
    Row { codes: (63_000, 63_999), then: Then::FallBack, about: About::Configuration, words: "the sender is of another channel" },
];

/// The failure of a code, whether it is answered or reported later.
pub(super) fn failure(code: i64, details: Option<&str>) -> SendFailure {
    SendFailure::of(TABLE, code, details)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_consequence() {
        #[rustfmt::skip]
        let expected = [
            (20_003, "stop", "credentials"), (20_404, "stop", "configuration"), (20_429, "retry", "limit"),
            (20_500, "retry", "provider"), (20_503, "retry", "provider"),
            (21_211, "bad_destination", "destination"), (21_408, "fall_back", "country"),
            (21_602, "fall_back", "message"), (21_603, "stop", "configuration"), (21_604, "fall_back", "message"),
            (21_606, "stop", "configuration"), (21_608, "stop", "configuration"),
            (21_609, "fall_back", "configuration"), (21_610, "bad_destination", "destination"),
            (21_612, "fall_back", "country"), (21_614, "bad_destination", "destination"),
            (21_617, "fall_back", "message"), (30_001, "retry", "limit"), (30_002, "stop", "configuration"),
            (30_003, "fall_back", "destination"), (30_004, "fall_back", "destination"),
            (30_005, "bad_destination", "destination"), (30_006, "bad_destination", "destination"),
            (30_007, "fall_back", "abuse"), (30_008, "fall_back", "provider"), (30_034, "stop", "configuration"),
            (30_450, "fall_back", "abuse"), (63_000, "fall_back", "configuration"),
            (63_016, "fall_back", "configuration"), (62_999, "fall_back", "provider"), (0, "fall_back", "provider"),
        ];
        for (code, then, about) in expected {
            let failure = failure(code, None);
            assert_eq!((failure.then.name(), failure.about.name()), (then, about), "{code}");
        }
        for row in TABLE {
            let tested = expected
                .iter()
                .any(|(code, ..)| (row.codes.0..=row.codes.1).contains(code));
            assert!(tested, "{:?} is not in the list above", row.codes);
        }
    }

    #[test]
    fn a_landline_may_still_have_whatsapp_and_an_unknown_number_has_nothing() {
        for code in [21_614, 30_006] {
            assert_eq!(failure(code, None).then, Then::BadDestination(Mark::NotOnThisChannel));
        }
        for code in [21_211, 30_005] {
            assert_eq!(failure(code, None).then, Then::BadDestination(Mark::DoesNotExist));
        }
        assert_eq!(failure(21_610, None).then, Then::BadDestination(Mark::OptedOut));
    }
}
