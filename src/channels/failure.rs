//! Why a message was not sent, and what follows.

use std::time::Duration;

use crate::outbound::SendError;

/// A failed attempt, or a failure that a provider reports later.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{words}")]
pub struct SendFailure {
    /// What to do with this message.
    pub then: Then,
    /// What is at fault: what to remember, and whether somebody has to be told.
    pub about: About,
    /// The provider's own code of the error (for mail, the reply code).
    pub code: Option<i64>,
    /// What it is, in our own words: safe to store, to log and to show.
    pub words: &'static str,
    /// What the provider says about it, without what could be a code, a number or a secret: for the people who run the
    /// channel. Not for logs.
    pub details: Option<String>,
}

/// What to do with a message after a failure, within the life of its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// Send it again over this channel, not before `after` has passed; after several tries, as [`Then::FallBack`].
    Retry {
        /// The wait that the provider asks for, or that the error calls for.
        after: Option<Duration>,
    },
    /// Send it over another channel of the same destination, at once.
    FallBack,
    /// The channel is out of order until somebody mends it: alarm, send nothing more over it, and use another one.
    Stop,
    /// The destination cannot be reached: mark it, do not use it again like this, and use another channel if the
    /// mark leaves one.
    BadDestination(Mark),
    /// It may have been sent. Do not send the code again over this channel: wait for a report, or for the person to
    /// ask again.
    Unknown,
}

impl Then {
    /// The name in rows, logs and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Retry { .. } => "retry",
            Self::FallBack => "fall_back",
            Self::Stop => "stop",
            Self::BadDestination(_) => "bad_destination",
            Self::Unknown => "unknown",
        }
    }
}

/// What to remember about a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// This channel does not reach it (no WhatsApp, a landline): for some days.
    NotOnThisChannel,
    /// It does not exist: no channel reaches it.
    DoesNotExist,
    /// The person told the provider to send nothing more.
    OptedOut,
}

/// What is at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// The credentials: wrong, expired, revoked.
    Credentials,
    /// The channel's settings or account: permissions, payment, registration, addresses, certificates.
    Configuration,
    /// The message template.
    Template,
    /// A limit of the provider.
    Limit,
    /// The provider itself: down, slow, or not what it says it is.
    Provider,
    /// The country of the number.
    Country,
    /// The destination.
    Destination,
    /// Signs of abuse: pumping, spam, filtering.
    Abuse,
    /// The message: we made something that the channel cannot take.
    Message,
}

impl About {
    /// Whether somebody has to look: it will not go away by itself.
    #[must_use]
    pub const fn alarms(self) -> bool {
        match self {
            Self::Credentials | Self::Configuration | Self::Template | Self::Abuse | Self::Message => true,
            Self::Limit | Self::Provider | Self::Country | Self::Destination => false,
        }
    }

    /// The name in rows and alarms.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Credentials => "credentials",
            Self::Configuration => "configuration",
            Self::Template => "template",
            Self::Limit => "limit",
            Self::Provider => "provider",
            Self::Country => "country",
            Self::Destination => "destination",
            Self::Abuse => "abuse",
            Self::Message => "message",
        }
    }
}

/// One line of a provider's error table.
pub(super) struct Row {
    /// The first and the last code that it is about.
    pub codes: (i64, i64),
    pub then: Then,
    pub about: About,
    pub words: &'static str,
}

impl Row {
    /// The line of a code.
    pub fn find(table: &'static [Self], code: i64) -> Option<&'static Self> {
        table.iter().find(|row| (row.codes.0..=row.codes.1).contains(&code))
    }
}

impl SendFailure {
    pub(super) const fn new(then: Then, about: About, words: &'static str) -> Self {
        Self {
            then,
            about,
            code: None,
            words,
            details: None,
        }
    }

    /// The failure of a provider's code; one that the table does not know is the provider's, and another channel
    /// may do better.
    pub(super) fn of(table: &'static [Row], code: i64, details: Option<&str>) -> Self {
        let unknown = (Then::FallBack, About::Provider, "an error that we do not know");
        let (then, about, words) = Row::find(table, code).map_or(unknown, |row| (row.then, row.about, row.words));
        Self {
            then,
            about,
            code: Some(code),
            words,
            details: details.map(presentable),
        }
    }

    /// With the wait that an answer asks for, if this is a retry that names none.
    pub(super) fn retry_after(mut self, asked: Option<Duration>) -> Self {
        if let Then::Retry { after } = &mut self.then {
            *after = asked.or(*after);
        }
        self
    }

    /// The failure of a call that has no answer, to a provider that may have taken it all the same.
    pub(super) fn without_answer(error: SendError) -> Self {
        let retry = Then::Retry { after: None };
        match error {
            SendError::Refused => {
                let words = "the address of the provider may not be called";
                Self::new(Then::Stop, About::Configuration, words)
            }
            SendError::NameNotFound => Self::new(retry, About::Provider, "the provider's name was not found"),
            SendError::NotConnected => Self::new(retry, About::Provider, "no connection to the provider"),
            SendError::Tls => Self::new(Then::Stop, About::Configuration, "TLS with the provider failed"),
            SendError::Connection => Self::new(Then::Unknown, About::Provider, "the connection was lost"),
            SendError::TimeOut => Self::new(Then::Unknown, About::Provider, "no answer in time"),
            SendError::NotHttp => Self::new(Then::Unknown, About::Provider, "the answer is not HTTP"),
        }
    }

    /// The failure behind an answer that is not in the provider's own format: only its status speaks.
    pub(super) fn of_status(status: u16, retry_after: Option<Duration>) -> Self {
        let (then, about, words) = match status {
            200..=299 => (
                Then::Unknown,
                About::Provider,
                "the answer is not what the provider answers",
            ),
            300..=399 => (Then::Stop, About::Configuration, "redirects are not followed"),
            401 | 403 => (Then::Stop, About::Credentials, "the provider does not let us in"),
            429 => (Then::Retry { after: None }, About::Limit, "too many calls"),
            500..=599 => (
                Then::Retry { after: None },
                About::Provider,
                "the provider is out of order",
            ),
            _ => (Then::FallBack, About::Provider, "the provider refused the call"),
        };
        let failure = Self {
            code: Some(status.into()),
            ..Self::new(then, about, words)
        };
        failure.retry_after(retry_after)
    }
}

/// The most characters of a provider's words.
const LONGEST: usize = 200;
/// A longer word is a token or an address, not language.
const LONGEST_WORD: usize = 24;

/// A provider's words, fit to be shown: one line, at most 200 characters, whole words, and a `…` for everything that
/// could be a code, a number, an address or a token.
pub(super) fn presentable(text: &str) -> String {
    let mut shown = String::new();
    let mut length = 0;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        if word.is_empty() {
            continue;
        }
        let digits = word.chars().filter(char::is_ascii_digit).count();
        // A step-up code may be of letters alone; it is then all in capitals.
        let capitals = word.chars().filter(char::is_ascii_uppercase).count();
        let long = word.chars().count() > LONGEST_WORD;
        let hidden = long || digits >= 4 || digits + capitals >= 6 || word.contains('@');
        let word = if hidden { "…" } else { word };
        length += word.chars().count() + 1;
        if length > LONGEST {
            break;
        }
        if !shown.is_empty() {
            shown.push(' ');
        }
        shown.push_str(word);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn details_hold_no_code_no_number_and_no_address() {
        for (said, shown) in [
            (
                "(#132000) body: number of parameters (2)",
                "… body: number of parameters (2)",
            ),
            ("to +306912345678 failed", "to … failed"),
            ("code:482913.", "…"),
            ("K7M29QXT and KQXWMTRB", "… and …"),
            ("550 5.1.1 <ada@example.com>\r\nunknown", "550 5.1.1 … unknown"),
        ] {
            assert_eq!(presentable(said), shown);
        }
        assert_eq!(presentable(&"long ".repeat(100)).chars().count(), 199);
        assert_eq!(presentable(&format!("Bearer {}", "a".repeat(25))), "Bearer …");
    }

    #[test]
    fn the_wait_of_the_answer_wins() {
        let (asked, own) = (Some(Duration::from_secs(7)), Some(Duration::from_mins(1)));
        let retry = |after| SendFailure::new(Then::Retry { after }, About::Limit, "");
        assert_eq!(retry(own).retry_after(asked).then, Then::Retry { after: asked });
        assert_eq!(retry(own).retry_after(None).then, Then::Retry { after: own });
        let stop = SendFailure::new(Then::Stop, About::Limit, "");
        assert_eq!(stop.clone().retry_after(asked), stop);
    }

    proptest! {
        #[test]
        fn details_are_one_line(text in "(?s).{0,400}", code in "[0-9]{4,12}") {
            let shown = presentable(&format!("{text} {code} {text}"));
            prop_assert!(!shown.contains(char::is_control));
            prop_assert!(shown.chars().count() <= 200);
            prop_assert!(!shown.contains(&code));
        }
    }
}
