//! What a mail server's replies mean, and what it means that none came.

use std::time::Duration;

use super::Stage;
use crate::channels::failure::presentable;
use crate::channels::{About, Mark, SendFailure, Then};

/// How long a server that greylists is left alone.
const GREYLISTED: Duration = Duration::from_mins(1);

/// A conversation that ended without a reply.
pub(super) fn lost(stage: Stage, words: &'static str) -> SendFailure {
    let then = match stage {
        Stage::End => Then::Unknown,
        _ => Then::Retry { after: None },
    };
    SendFailure::new(then, About::Provider, words)
}

/// What a failed step means.
pub(super) fn after(stage: Stage, error: &lettre::transport::smtp::Error) -> SendFailure {
    let Some(code) = error.status() else {
        let no_mechanism = stage == Stage::LogIn && error.is_client();
        return if no_mechanism {
            let words = "the server offers no way to log in that we know";
            SendFailure::new(Then::Stop, About::Configuration, words)
        } else {
            lost(stage, "the connection to the mail server was lost")
        };
    };
    let code = code.to_string().parse().unwrap_or(0);
    // lettre keeps the reply's text as the error's source.
    let text = std::error::Error::source(error)
        .map(ToString::to_string)
        .unwrap_or_default();
    refused(stage, code, &text)
}

/// What a reply means: by its enhanced code (RFC 3463) if it has one, else by where in the conversation it came.
pub(super) fn refused(stage: Stage, code: u16, text: &str) -> SendFailure {
    use {About as A, Stage as S};
    const NOWHERE: Then = Then::BadDestination(Mark::DoesNotExist);
    const AGAIN: Then = Then::Retry { after: None };

    let word = text.split_whitespace().next().unwrap_or_default();
    let mut numbers = word.split('.').map(|number| number.parse::<u16>().ok());
    let enhanced = match (numbers.next(), numbers.next(), numbers.next(), numbers.next()) {
        (Some(Some(4 | 5)), Some(Some(subject)), Some(Some(detail)), None) => Some((subject, detail)),
        _ => None,
    };
    let greylisted = Then::Retry {
        after: Some(GREYLISTED),
    };
    let (then, about, words) = match (code, stage, enhanced) {
        (400..=499, _, Some((7, _))) if stage != S::LogIn => (greylisted, A::Limit, "the mail server asks to wait"),
        (450 | 451, S::Recipient, None) => (greylisted, A::Limit, "the mail server asks to wait"),
        (400..=499, _, Some((2, 2))) => (Then::FallBack, A::Destination, "the mailbox is full"),
        (400..=499, ..) => (AGAIN, A::Provider, "the mail server cannot take it now"),
        (_, S::Connect, _) => (Then::Stop, A::Configuration, "the mail server does not serve us"),
        (_, S::LogIn, _) => (Then::Stop, A::Credentials, "user name or password is wrong"),
        (_, S::Sender, _) => (Then::Stop, A::Configuration, "the mail server refuses the sender"),
        (_, _, Some((1, 0..=4 | 6 | 10))) | (550 | 551 | 553, S::Recipient, None) => {
            (NOWHERE, A::Destination, "there is no such mailbox")
        }
        (_, _, Some((2, 1))) => (NOWHERE, A::Destination, "the mailbox is closed"),
        (_, _, Some((2, 2))) => (Then::FallBack, A::Destination, "the mailbox is full"),
        (_, _, Some((7, _))) => (Then::FallBack, A::Abuse, "a policy of the mail server forbids it"),
        (_, S::Recipient, _) => (Then::FallBack, A::Destination, "the mail server refuses the recipient"),
        _ => (Then::FallBack, A::Message, "the mail server refuses the mail"),
    };
    SendFailure {
        code: Some(code.into()),
        details: Some(presentable(text)),
        ..SendFailure::new(then, about, words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reply_has_its_consequence() {
        #[rustfmt::skip]
        let expected = [
            (Stage::Connect, 421, "4.3.2 busy", "retry", "provider"),
            (Stage::Connect, 554, "no service", "stop", "configuration"),
            (Stage::LogIn, 535, "5.7.8 bad", "stop", "credentials"),
            (Stage::LogIn, 454, "4.7.0 later", "retry", "provider"),
            (Stage::Sender, 550, "5.7.1 not yours", "stop", "configuration"),
            (Stage::Sender, 451, "4.3.0 later", "retry", "provider"),
            (Stage::Recipient, 450, "4.7.1 greylisted", "retry", "limit"),
            (Stage::Recipient, 450, "wait", "retry", "limit"),
            (Stage::Recipient, 452, "4.2.2 full", "fall_back", "destination"),
            (Stage::Recipient, 550, "5.1.1 unknown", "bad_destination", "destination"),
            (Stage::Recipient, 550, "unknown", "bad_destination", "destination"),
            (Stage::Recipient, 550, "5.7.1 blocked", "fall_back", "abuse"),
            (Stage::Recipient, 552, "5.2.2 full", "fall_back", "destination"),
            (Stage::Recipient, 550, "5.2.1 disabled", "bad_destination", "destination"),
            (Stage::Recipient, 554, "no", "fall_back", "destination"),
            (Stage::Data, 503, "5.5.1 what", "fall_back", "message"),
            (Stage::End, 550, "5.1.1 unknown", "bad_destination", "destination"),
            (Stage::End, 554, "5.6.0 malformed", "fall_back", "message"),
            (Stage::End, 554, "5.7.1 spam", "fall_back", "abuse"),
            (Stage::End, 451, "4.3.0 later", "retry", "provider"),
        ];
        for (stage, code, text, then, about) in expected {
            let failure = refused(stage, code, text);
            assert_eq!(
                (failure.then.name(), failure.about.name()),
                (then, about),
                "{code} {text}"
            );
        }
        assert_eq!(
            refused(Stage::Recipient, 450, "4.7.1 greylisted").then,
            Then::Retry {
                after: Some(GREYLISTED)
            }
        );
    }

    #[test]
    fn only_what_was_sent_whole_may_have_arrived() {
        for stage in [
            Stage::Connect,
            Stage::LogIn,
            Stage::Sender,
            Stage::Recipient,
            Stage::Data,
        ] {
            assert_eq!(lost(stage, "").then, Then::Retry { after: None });
        }
        assert_eq!(lost(Stage::End, "").then, Then::Unknown);
    }
}
