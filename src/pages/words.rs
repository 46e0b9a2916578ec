//! Every text a person reads on the hosted pages, and the choice of the language.
//!
//! A language is one value of [`Words`]. Its fields are texts, or functions where a text has something to fill in,
//! so a language that lacks a text does not compile. To add one: a file with its `Words`, a variant of [`Language`],
//! a line in [`Language::ALL`] and one in [`Language::words`].
//!
//! The functions take references, because that is how askama hands values over.
//!
//! No text holds HTML. What comes from outside (a name, an address) goes in as [`Part::Name`], which the templates
//! escape and isolate, so that an Arabic name in an English sentence, or the reverse, turns nothing around.

use std::borrow::Cow;

/// A language that the hosted pages speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English, which is also the answer to "none of the above".
    English,
}

impl Language {
    /// All languages.
    pub const ALL: &'static [Self] = &[Self::English];

    /// The best language for an `Accept-Language` header (RFC 9110, 12.5.4). Compares primary subtags, so `en-GB` gets
    /// English; of equals, the first in the header wins. English when it is absent, unreadable, or names none of ours.
    #[must_use]
    pub fn negotiate(accept_language: Option<&str>) -> Self {
        let tags: Vec<&str> = Self::ALL.iter().map(|language| language.tag()).collect();
        accept_language
            .and_then(|header| best(header, &tags))
            .map_or(Self::English, |at| Self::ALL[at])
    }

    /// The texts of this language.
    #[must_use]
    pub fn words(self) -> &'static Words {
        match self {
            Self::English => &ENGLISH,
        }
    }

    /// The language tag for `<html lang>` and `Content-Language`, such as `en`.
    #[must_use]
    pub fn tag(self) -> &'static str {
        self.words().tag
    }

    /// The direction of the script for `<html dir>`: `ltr` or `rtl`.
    #[must_use]
    pub fn dir(self) -> &'static str {
        self.words().dir
    }
}

/// The place in `tags` of the one that `header` wants most. A missing quality is 1, 0 is a refusal, and an unreadable
/// one drops its range.
fn best(header: &str, tags: &[&str]) -> Option<usize> {
    let mut winner: Option<(f32, usize)> = None;
    for range in header.split(',') {
        let mut pieces = range.split(';').map(str::trim);
        let wanted = pieces.next().unwrap_or_default();
        let quality = match pieces.next() {
            None => Some(1.0),
            Some(weight) => weight
                .strip_prefix("q=")
                .or_else(|| weight.strip_prefix("Q="))
                .and_then(|q| q.parse::<f32>().ok()),
        };
        let Some(quality) = quality.filter(|quality| *quality > 0.0 && *quality <= 1.0) else {
            continue;
        };
        let primary = wanted.split('-').next().unwrap_or_default();
        let Some(at) = tags.iter().position(|tag| tag.eq_ignore_ascii_case(primary)) else {
            continue;
        };
        if winner.is_none_or(|(highest, _)| quality > highest) {
            winner = Some((quality, at));
        }
    }
    winner.map(|(_, at)| at)
}

/// A piece of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// Our own text.
    Text(Cow<'static, str>),
    /// What came from outside: a name or a (masked) address, of whatever script.
    Name(&'a str),
}

/// A sentence with names in it, in the order in which they are read.
pub type Sentence<'a> = Vec<Part<'a>>;

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
    /// Whether both fall on the same day.
    #[must_use]
    pub fn same_day(self, other: Self) -> bool {
        (self.year, self.month, self.day) == (other.year, other.month, other.day)
    }
}

/// One line above the page that says what has just happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flash {
    /// The person has just signed in.
    SignedIn,
    /// A form was sent from another site, so nothing was done; the page is shown again.
    FromElsewhere,
}

/// What a contact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContactKind {
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
}

/// Why a person sees the page for people without a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignedOut {
    /// They logged out of this browser.
    Here,
    /// They ended all of their sessions.
    Everywhere,
    /// They had no session to begin with.
    NoSession,
}

/// What went wrong, as far as a person needs to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// 404.
    NotFound,
    /// 405.
    WrongMethod,
    /// 413.
    TooLarge,
    /// 421: this server does not answer for that host name.
    WrongHost,
    /// 429.
    TooMany,
    /// Any other 4xx.
    BadRequest,
    /// 503: try again soon.
    Unavailable,
    /// 500 and all the rest.
    Internal,
}

impl Problem {
    /// The problem behind an HTTP status.
    #[must_use]
    pub fn from_status(status: u16) -> Self {
        match status {
            404 => Self::NotFound,
            405 => Self::WrongMethod,
            413 => Self::TooLarge,
            421 => Self::WrongHost,
            429 => Self::TooMany,
            400..=499 => Self::BadRequest,
            503 => Self::Unavailable,
            _ => Self::Internal,
        }
    }
}

/// The three texts of one problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProblemText {
    /// What it is, in a few words.
    pub title: &'static str,
    /// What happened.
    pub message: &'static str,
    /// What to do now.
    pub advice: &'static str,
}

/// All texts of one language.
pub struct Words {
    /// The language tag, such as `en`.
    pub tag: &'static str,
    /// `ltr` or `rtl`.
    pub dir: &'static str,
    /// What frames every page.
    pub frame: FrameWords,
    /// The line above the page.
    pub flash: fn(&Flash) -> &'static str,
    /// The page of a login link.
    pub link: LinkWords,
    /// The page of a login link in a browser that holds another user's session.
    pub replace: ReplaceWords,
    /// The page of a link that does not work.
    pub gone: GoneWords,
    /// The account page.
    pub account: AccountWords,
    /// The page without a session.
    pub signed_out: SignedOutWords,
    /// The error page.
    pub problem: ProblemWords,
    /// The developer's welcome page.
    pub home: HomeWords,
}

/// What frames every page.
pub struct FrameWords {
    /// The name of the sandbox.
    pub sandbox: &'static str,
    /// What the sandbox means to a person who strays into it.
    pub sandbox_means: &'static str,
    /// The line at the foot.
    pub secured_by: &'static str,
}

/// The page of a login link.
pub struct LinkWords {
    /// The title.
    pub title: &'static str,
    /// Says which partner made the link: (partner).
    pub sent_you_here: fn(&str) -> Sentence<'_>,
    /// The heading: (organization).
    pub log_in_to: fn(&str) -> Sentence<'_>,
    /// The button: (masked user).
    pub continue_as: fn(&str) -> Sentence<'_>,
    /// How long and how often the link works: (until, now).
    pub works_until: fn(&Moment, &Moment) -> String,
    /// For a person who did not ask for the link.
    pub not_yours: &'static str,
}

/// The page that asks before another user's session is replaced.
pub struct ReplaceWords {
    /// The title.
    pub title: &'static str,
    /// The heading.
    pub heading: &'static str,
    /// The question: (masked user of the session, masked user of the link).
    pub question: for<'a> fn(&'a str, &'a str) -> Sentence<'a>,
    /// The way back.
    pub stay: &'static str,
    /// What the button does to the session.
    pub what_happens: &'static str,
}

/// The page of a link that does not work: used, expired and unknown are not told apart.
pub struct GoneWords {
    /// The title and heading.
    pub heading: &'static str,
    /// What may have happened.
    pub what_happened: &'static str,
    /// What to do.
    pub what_to_do: &'static str,
    /// The link to the account page.
    pub account: &'static str,
    /// For whom that link is.
    pub account_hint: &'static str,
}

/// The account page.
pub struct AccountWords {
    /// The title, and the heading for a user without a name.
    pub title: &'static str,
    /// The label of a contact.
    pub contact: fn(&ContactKind) -> &'static str,
    /// The state of a verified contact.
    pub confirmed: &'static str,
    /// The state of a claimed contact.
    pub not_confirmed: &'static str,
    /// The label of how and when.
    pub signed_in: &'static str,
    /// How and when: (partner, at, now).
    pub through: for<'a> fn(&'a str, &Moment, &Moment) -> Sentence<'a>,
    /// The label of the user's id.
    pub user_id: &'static str,
    /// The button that ends this session.
    pub log_out: &'static str,
    /// What that button does.
    pub log_out_means: &'static str,
    /// The button that ends all sessions.
    pub log_out_everywhere: &'static str,
    /// What that button does.
    pub log_out_everywhere_means: &'static str,
}

/// The page without a session.
pub struct SignedOutWords {
    /// The title and heading.
    pub heading: fn(&SignedOut) -> &'static str,
    /// What that means.
    pub means: fn(&SignedOut) -> &'static str,
    /// How to come back.
    pub come_back: &'static str,
}

/// The error page.
pub struct ProblemWords {
    /// The three texts of a problem.
    pub text: fn(Problem) -> ProblemText,
    /// What to do instead of the advice when the wait is known: (seconds).
    pub wait: fn(u32) -> String,
    /// The label of the HTTP status.
    pub status: &'static str,
    /// The label of the request's id.
    pub request_id: &'static str,
}

/// The developer's welcome page.
pub struct HomeWords {
    /// The title.
    pub title: &'static str,
    /// The heading.
    pub heading: &'static str,
    /// What this server is.
    pub what_it_is: &'static str,
    /// The heading above the sample call.
    pub try_it: &'static str,
    /// What to do with its answer.
    pub then_open: &'static str,
    /// The heading above the addresses.
    pub addresses: &'static str,
    /// The label of the base address.
    pub api_base: &'static str,
    /// The label of the account page.
    pub account_page: &'static str,
    /// The label of the metrics.
    pub metrics: &'static str,
    /// The heading above the three surfaces.
    pub surfaces: &'static str,
    /// The name of the partner surface.
    pub partner: &'static str,
    /// What it is for.
    pub partner_means: &'static str,
    /// The name of the users surface.
    pub users: &'static str,
    /// What it is for.
    pub users_means: &'static str,
    /// The name of the wallet surface.
    pub wallet: &'static str,
    /// What it is for.
    pub wallet_means: &'static str,
}

/// Our own text in a sentence.
fn text<'a>(text: &'static str) -> Part<'a> {
    Part::Text(Cow::Borrowed(text))
}

static ENGLISH: Words = Words {
    tag: "en",
    dir: "ltr",
    frame: FrameWords {
        sandbox: "Sandbox.",
        sandbox_means: "For testing. Nothing here is real.",
        secured_by: "Secured by Aboard",
    },
    flash: |flash| match flash {
        Flash::SignedIn => "You are signed in.",
        Flash::FromElsewhere => {
            "That request came from another site, so nothing was done. If you meant it, press the button here."
        }
    },
    link: LinkWords {
        title: "Log in",
        sent_you_here: |partner| vec![Part::Name(partner), text(" sent you here")],
        log_in_to: |organization| vec![text("Log in to "), Part::Name(organization)],
        continue_as: |user| vec![text("Continue as "), Part::Name(user)],
        works_until: |until, now| format!("This link works once and until {}.", english_moment(*until, *now, "")),
        not_yours: "If you did not ask for it, close this page.",
    },
    replace: ReplaceWords {
        title: "Another user is signed in",
        heading: "Another user is signed in",
        question: |current, user| {
            vec![
                text("You are signed in as "),
                Part::Name(current),
                text(". Continue as "),
                Part::Name(user),
                text(" instead?"),
            ]
        },
        stay: "Stay signed in",
        what_happens: "If you continue, the other user is signed out of this browser.",
    },
    gone: GoneWords {
        heading: "This link does not work",
        what_happened: "A link works once, and only for a short time. This one was used already, has expired, or is not complete.",
        what_to_do: "Go back to where you got the link and ask for a new one.",
        account: "Go to your account",
        account_hint: "If you have just logged in with this link, you are signed in already.",
    },
    account: AccountWords {
        title: "Your account",
        contact: |kind| match kind {
            ContactKind::Email => "E-mail",
            ContactKind::Phone => "Phone",
        },
        confirmed: "confirmed",
        not_confirmed: "not confirmed yet",
        signed_in: "Signed in",
        through: |partner, at, now| {
            let when = english_moment(*at, *now, "today ");
            vec![
                text("through "),
                Part::Name(partner),
                Part::Text(format!(", {when}").into()),
            ]
        },
        user_id: "User id",
        log_out: "Log out",
        log_out_means: "Signs you out of this browser.",
        log_out_everywhere: "Log out everywhere",
        log_out_everywhere_means: "Signs you out of every browser and app, this one too. Use it if you lost a device or see something you did not do.",
    },
    signed_out: SignedOutWords {
        heading: |how| match how {
            SignedOut::Here | SignedOut::Everywhere => "You are signed out",
            SignedOut::NoSession => "You are not signed in",
        },
        means: |how| match how {
            SignedOut::Here => "This browser no longer has access to your account.",
            SignedOut::Everywhere => "No browser or app has access to your account any more.",
            SignedOut::NoSession => "There is nobody signed in to this browser, or the session has ended.",
        },
        come_back: "To sign in, go to the site or app that brought you here and ask for a new link.",
    },
    problem: ProblemWords {
        text: |problem| match problem {
            Problem::NotFound => ProblemText {
                title: "There is nothing here",
                message: "No page has this address.",
                advice: "Check the address, or go back to where you came from.",
            },
            Problem::WrongMethod => ProblemText {
                title: "That does not work here",
                message: "This page exists, but not for what was asked of it.",
                advice: "Go back and try again from the page you came from.",
            },
            Problem::TooLarge => ProblemText {
                title: "That was too large",
                message: "More was sent than this page accepts, so nothing was done.",
                advice: "Send less and try again.",
            },
            Problem::WrongHost => ProblemText {
                title: "Wrong address",
                message: "This server does not answer under the name in your address bar.",
                advice: "Check the address, or go back to where you got it.",
            },
            Problem::TooMany => ProblemText {
                title: "Too many tries",
                message: "There were many requests in a short time, so this one was not let through.",
                advice: "Wait a little and try again.",
            },
            Problem::BadRequest => ProblemText {
                title: "That could not be read",
                message: "Something in the request was missing or not as expected, so nothing was done.",
                advice: "Go back and try again from the page you came from.",
            },
            Problem::Unavailable => ProblemText {
                title: "Please try again soon",
                message: "The server cannot answer right now. We cannot say whether your last step was done.",
                advice: "Wait a moment and load the page again.",
            },
            Problem::Internal => ProblemText {
                title: "Something went wrong",
                message: "The fault is ours, not yours.",
                advice: "Try again. If it stays like this, pass on the request id below.",
            },
        },
        wait: |seconds| match seconds {
            0..=1 => "Try again in a second.".to_owned(),
            2..=90 => format!("Try again in {seconds} seconds."),
            _ => format!("Try again in {} minutes.", seconds.div_ceil(60)),
        },
        status: "Status",
        request_id: "Request id",
    },
    home: HomeWords {
        title: "Welcome",
        heading: "Aboard is running",
        what_it_is: "The open-source server that brings users aboard: log-in links, codes and accounts, on your own machine.",
        try_it: "Bring your first user aboard",
        then_open: "Open the login_url from the answer in this browser. It works once.",
        addresses: "Addresses",
        api_base: "API base",
        account_page: "Account page",
        metrics: "Metrics",
        surfaces: "Three surfaces, one user",
        partner: "Partners",
        partner_means: "A partner’s platform logs its users in with a link.",
        users: "Users",
        users_means: "Your back end creates, reads and links users.",
        wallet: "Log-ins with a code",
        wallet_means: "Your app logs people in over WhatsApp, SMS or e-mail.",
    },
};

/// `14:32 UTC` with `today` before it, or `21 November 2026, 14:32 UTC` on any other day.
fn english_moment(at: Moment, now: Moment, today: &str) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let time = format!("{:02}:{:02} UTC", at.hour, at.minute);
    if at.same_day(now) {
        return format!("{today}{time}");
    }
    let month = usize::try_from(at.month - 1)
        .ok()
        .and_then(|month| MONTHS.get(month))
        .copied()
        .unwrap_or("?");
    format!("{} {month} {}, {time}", at.day, at.year)
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

    #[test]
    fn the_best_language_is_the_one_with_the_highest_quality() {
        let tags = ["en", "el", "ar", "id"];
        for (header, at) in [
            ("el", Some(1)),
            ("AR-eg, en;q=0.5", Some(2)),
            ("en;q=0.5, el;q=0.9", Some(1)),
            ("en;q=0.5,el;q=0.5", Some(0)),
            ("fr, id ; q=0.1", Some(3)),
            ("el;q=0, en;q=0.1", Some(0)),
            ("fr, *", None),
            ("el;q=NaN", None),
            ("el;q=2", None),
            ("el;level=1", None),
            ("", None),
            (",;q=;;,", None),
        ] {
            assert_eq!(best(header, &tags), at, "{header}");
        }
    }

    #[test]
    fn english_is_the_answer_when_nothing_fits() {
        for header in [None, Some("tlh"), Some("\u{1F6A2}"), Some("en-GB")] {
            assert_eq!(Language::negotiate(header), Language::English);
        }
    }

    #[test]
    fn no_two_languages_have_one_tag_and_each_has_a_direction() {
        for (at, language) in Language::ALL.iter().enumerate() {
            assert!(
                Language::ALL[at + 1..]
                    .iter()
                    .all(|other| other.tag() != language.tag())
            );
            assert!(matches!(language.dir(), "ltr" | "rtl"));
        }
    }

    #[test]
    fn a_moment_names_its_day_unless_it_is_today() {
        let works_until = ENGLISH.link.works_until;
        assert_eq!(
            works_until(&Moment { minute: 15, ..NOW }, &NOW),
            "This link works once and until 23:15 UTC."
        );
        assert_eq!(
            works_until(
                &Moment {
                    day: 22,
                    hour: 0,
                    minute: 5,
                    ..NOW
                },
                &NOW
            ),
            "This link works once and until 22 November 2026, 00:05 UTC."
        );
        assert_eq!(
            (ENGLISH.account.through)("Acme", &NOW, &NOW),
            vec![text("through "), Part::Name("Acme"), text(", today 23:05 UTC")]
        );
    }

    #[test]
    fn a_moment_that_is_none_does_not_panic() {
        assert_eq!(
            english_moment(Moment { month: 0, ..NOW }, NOW, ""),
            "21 ? 2026, 23:05 UTC"
        );
        assert_eq!(
            english_moment(Moment { month: 13, ..NOW }, NOW, ""),
            "21 ? 2026, 23:05 UTC"
        );
    }

    #[test]
    fn statuses_have_their_problems() {
        for (status, problem) in [
            (404, Problem::NotFound),
            (405, Problem::WrongMethod),
            (413, Problem::TooLarge),
            (421, Problem::WrongHost),
            (429, Problem::TooMany),
            (422, Problem::BadRequest),
            (500, Problem::Internal),
            (502, Problem::Internal),
            (503, Problem::Unavailable),
        ] {
            assert_eq!(Problem::from_status(status), problem, "{status}");
        }
    }
}
