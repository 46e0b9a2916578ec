//! What a page may have to say that depends on what happened: as values, with their texts.

use crate::words::Words;

/// One line above the page that says what has just happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flash {
    /// A form was sent from another site, so nothing was done; the page is shown again.
    FromElsewhere,
    /// A code was wrong, expired, used or never made.
    WrongCode,
    /// Too many codes were asked for: again in so many seconds.
    Wait(u32),
}

impl Flash {
    /// The line.
    #[must_use]
    pub fn text(self, words: Words) -> String {
        match self {
            Self::FromElsewhere => words.flash_from_elsewhere().to_owned(),
            Self::WrongCode => words.join_wrong_code().to_owned(),
            Self::Wait(seconds) => words.join_wait(seconds.div_ceil(60).max(1).into()),
        }
    }
}

/// What a contact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContactKind {
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
}

impl ContactKind {
    /// The kind of an identity's row.
    #[must_use]
    pub fn of(kind: &str) -> Self {
        if kind == "email" { Self::Email } else { Self::Phone }
    }

    /// Its label.
    #[must_use]
    pub fn label(self, words: Words) -> &'static str {
        match self {
            Self::Email => words.contact_email(),
            Self::Phone => words.contact_phone(),
        }
    }
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

impl SignedOut {
    /// The title and heading.
    #[must_use]
    pub fn heading(self, words: Words) -> &'static str {
        match self {
            Self::Here | Self::Everywhere => words.signed_out_heading(),
            Self::NoSession => words.signed_out_no_session(),
        }
    }

    /// What that means.
    #[must_use]
    pub fn means(self, words: Words) -> &'static str {
        match self {
            Self::Here => words.signed_out_here_means(),
            Self::Everywhere => words.signed_out_everywhere_means(),
            Self::NoSession => words.signed_out_no_session_means(),
        }
    }
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

    /// Its texts.
    #[must_use]
    pub fn text(self, words: Words) -> ProblemText {
        let (title, message, advice) = match self {
            Self::NotFound => (
                words.problem_not_found(),
                words.problem_not_found_means(),
                words.problem_not_found_advice(),
            ),
            Self::WrongMethod => (
                words.problem_wrong_method(),
                words.problem_wrong_method_means(),
                words.problem_go_back(),
            ),
            Self::TooLarge => (
                words.problem_too_large(),
                words.problem_too_large_means(),
                words.problem_too_large_advice(),
            ),
            Self::WrongHost => (
                words.problem_wrong_host(),
                words.problem_wrong_host_means(),
                words.problem_wrong_host_advice(),
            ),
            Self::TooMany => (
                words.problem_too_many(),
                words.problem_too_many_means(),
                words.problem_too_many_advice(),
            ),
            Self::BadRequest => (
                words.problem_bad_request(),
                words.problem_bad_request_means(),
                words.problem_go_back(),
            ),
            Self::Unavailable => (
                words.problem_unavailable(),
                words.problem_unavailable_means(),
                words.problem_unavailable_advice(),
            ),
            Self::Internal => (
                words.problem_internal(),
                words.problem_internal_means(),
                words.problem_internal_advice(),
            ),
        };
        ProblemText { title, message, advice }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
