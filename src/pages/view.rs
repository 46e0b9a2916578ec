//! The hosted pages as values: one struct per template, filled in by the handlers and rendered with
//! [`askama::Template::render`].
//!
//! Nothing here knows HTTP. A page says nothing of its own: its texts are [`Words`], and every value is escaped by
//! askama. But for the reference of the API the pages need no script and no inline style; they fetch
//! `/assets/aboard.css` and `/assets/aboard.svg`, so `default-src 'none'; style-src 'self'; img-src 'self'` is enough beside `form-action`.

mod dev;

use std::borrow::Cow;

pub use dev::{DocsPage, HomePage, InboxPage, KeptMessage};

use askama::Template;

use crate::domain::Language;
use crate::pages::words::{Flash, Problem, ProblemText, SignedOut};
use crate::words::{Moment, Part, Words};

/// What all pages share.
#[derive(Clone, Copy)]
pub struct Frame<'a> {
    /// The texts.
    pub words: Words,
    /// The name of the organization whose page this is. `None` where no organization is known, or may be told: the
    /// pages then carry the product's name.
    pub organization: Option<&'a str>,
    /// Whether the environment is a sandbox: shows the ribbon.
    pub sandbox: bool,
    /// A line above the page.
    pub flash: Option<Flash>,
    /// Where the page is asked for in another language: empty for its own address, `None` if it cannot be.
    pub switch: Option<&'static str>,
}

impl Frame<'_> {
    /// The name in the header and in the title.
    #[must_use]
    pub fn organization(&self) -> &str {
        self.organization.unwrap_or("Aboard")
    }

    /// The line above the page.
    #[must_use]
    pub fn said(&self) -> Option<String> {
        self.flash.map(|flash| flash.text(self.words))
    }
}

/// A login link, before the click (200). Its form posts to the page's own address; no field is needed.
#[derive(Template)]
#[template(path = "link.html")]
pub struct LinkPage<'a> {
    /// What all pages share.
    pub frame: Frame<'a>,
    /// The name of the partner that made the link.
    pub partner: &'a str,
    /// The user of the link, masked: see [`mask_email`](super::masks::mask_email).
    pub user: &'a str,
    /// When the link expires.
    pub until: Moment,
    /// The time of this request.
    pub now: Moment,
}

/// A login link in a browser that holds another user's session (200). Its form posts `replace=yes` to the page's own
/// address.
#[derive(Template)]
#[template(path = "replace.html")]
pub struct ReplacePage<'a> {
    /// What all pages share.
    pub frame: Frame<'a>,
    /// The name of the partner that made the link.
    pub partner: &'a str,
    /// The user of the session, masked.
    pub current: &'a str,
    /// The user of the link, masked.
    pub user: &'a str,
    /// When the link expires.
    pub until: Moment,
    /// The time of this request.
    pub now: Moment,
}

/// A link that is used, expired or unknown (410). The frame must not come from the link: the three would differ.
#[derive(Template)]
#[template(path = "gone.html")]
pub struct GonePage<'a> {
    /// What all pages share.
    pub frame: Frame<'a>,
}

/// An e-mail address or telephone number of the user.
#[derive(Clone, Copy)]
pub struct Contact<'a> {
    /// Which of the two it is.
    pub label: &'static str,
    /// The value, as the session may see it.
    pub value: &'a str,
    /// Whether it is verified, rather than claimed.
    pub confirmed: bool,
}

/// The account of the signed-in user (200). Its forms post to `/account/logout` and `/account/logout_everywhere`.
#[derive(Template)]
#[template(path = "account.html")]
pub struct AccountPage<'a> {
    /// What all pages share.
    pub frame: Frame<'a>,
    /// The user's name, if there is one.
    pub name: Option<&'a str>,
    /// The contacts, in the order in which they are shown.
    pub contacts: &'a [Contact<'a>],
    /// The name of the partner through which the user signed in.
    pub partner: &'a str,
    /// When the session began.
    pub signed_in_at: Moment,
    /// The time of this request.
    pub now: Moment,
    /// The user's id, as printed (`usr_…`).
    pub user_id: &'a str,
}

/// The page of a browser without a session: after a log-out, and where there was none.
#[derive(Template)]
#[template(path = "signed_out.html")]
pub struct SignedOutPage<'a> {
    /// What all pages share.
    pub frame: Frame<'a>,
    /// Why there is no session.
    pub how: SignedOut,
}

/// An error (4xx, 5xx) on a page.
#[derive(Template)]
#[template(path = "problem.html")]
pub struct ProblemPage<'a> {
    /// What all pages share.
    pub frame: Frame<'a>,
    /// The HTTP status, from which the texts follow.
    pub status: u16,
    /// What `Retry-After` says, in seconds, if it is sent.
    pub retry_after: Option<u32>,
    /// The id of this request, as in the log.
    pub request_id: &'a str,
}

impl SignedOutPage<'_> {
    fn heading(&self) -> &'static str {
        self.how.heading(self.frame.words)
    }

    fn means(&self) -> &'static str {
        self.how.means(self.frame.words)
    }
}

impl AccountPage<'_> {
    fn since(&self) -> String {
        self.frame.words.since(self.signed_in_at, self.now)
    }
}

impl LinkPage<'_> {
    fn works_until(&self) -> String {
        let words = self.frame.words;
        words.link_works_until(&words.at(self.until, self.now))
    }
}

impl ReplacePage<'_> {
    fn works_until(&self) -> String {
        let words = self.frame.words;
        words.link_works_until(&words.at(self.until, self.now))
    }
}

impl ProblemPage<'_> {
    fn text(&self) -> ProblemText {
        Problem::from_status(self.status).text(self.frame.words)
    }

    fn advice(&self) -> Cow<'static, str> {
        match self.retry_after {
            Some(seconds) => self.frame.words.wait(seconds).into(),
            None => self.text().advice.into(),
        }
    }
}

/// The letter on a name's tile: its first letter or digit, in upper case.
pub(super) fn initial(name: &str) -> String {
    name.chars()
        .find(|letter| letter.is_alphanumeric())
        .map(|letter| letter.to_uppercase().collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment {
        year: 2026,
        month: 11,
        day: 21,
        hour: 14,
        minute: 22,
    };

    fn frame() -> Frame<'static> {
        Frame {
            words: Words(Language::English),
            organization: Some("Northwind"),
            sandbox: false,
            flash: None,
            switch: Some(""),
        }
    }

    #[test]
    fn what_comes_from_outside_is_escaped() {
        let partner = "<script>alert(1)</script>";
        let page = LinkPage {
            frame: frame(),
            partner,
            user: "\"><b>@example.com",
            until: NOW,
            now: NOW,
        }
        .render()
        .unwrap();
        assert!(!page.contains("<script"), "{page}");
        assert!(!page.contains("<b>"), "{page}");
        assert!(page.contains("&#60;script&#62;"), "{page}");
    }

    #[test]
    fn the_form_of_a_link_posts_to_its_own_address_and_needs_no_field() {
        let page = LinkPage {
            frame: frame(),
            partner: "Acme",
            user: "u•••@example.com",
            until: NOW,
            now: NOW,
        }
        .render()
        .unwrap();
        assert!(page.contains(r#"<form method="post" action="">"#), "{page}");
        assert!(!page.contains("<input"), "{page}");
        assert!(page.contains("Continue as <bdi>u•••@example.com</bdi>"), "{page}");
    }

    #[test]
    fn replacing_a_session_is_said_in_the_form() {
        let page = ReplacePage {
            frame: frame(),
            partner: "Acme",
            current: "x•••@example.com",
            user: "u•••@example.com",
            until: NOW,
            now: NOW,
        };
        let page = page.render().unwrap();
        assert!(
            page.contains(r#"<input type="hidden" name="replace" value="yes">"#),
            "{page}"
        );
        assert!(page.contains(r#"href="/account""#), "{page}");
    }

    #[test]
    fn the_ribbon_is_for_the_sandbox() {
        for sandbox in [true, false] {
            let page = GonePage {
                frame: Frame { sandbox, ..frame() },
            }
            .render()
            .unwrap();
            assert_eq!(page.contains("class=\"ribbon\""), sandbox);
        }
    }

    #[test]
    fn a_tile_shows_a_letter_or_nothing() {
        for (name, letter) in [
            ("acme", "A"),
            ("  «œuvre»", "Œ"),
            ("1st", "1"),
            ("شركة", "ش"),
            ("🚢", ""),
            ("", ""),
            ("ßeta", "SS"),
        ] {
            assert_eq!(initial(name), letter);
        }
    }
}
