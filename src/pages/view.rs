//! The hosted pages as values: one struct per template, filled in by the handlers and rendered with
//! [`askama::Template::render`].
//!
//! Nothing here knows HTTP. A page says nothing of its own: its texts are in [`words`](crate::pages::words), and every
//! value is escaped by askama. But for the reference of the API the pages need no script and no inline style; they fetch
//! `/assets/aboard.css` and `/assets/aboard.svg`, so `default-src 'none'; style-src 'self'; img-src 'self'` is enough beside `form-action`.

use askama::Template;

use crate::pages::words::{ContactKind, Flash, Moment, Part, Problem, ProblemText, SignedOut, Words};
use crate::web::reference::Document;

/// What all pages share.
#[derive(Clone, Copy)]
pub struct Frame<'a> {
    /// The texts: `Language::negotiate(…).words()`.
    pub words: &'a Words,
    /// The name of the organization whose page this is. `None` where no organization is known, or may be told: the
    /// pages then carry the product's name.
    pub organization: Option<&'a str>,
    /// Whether the environment is a sandbox: shows the ribbon.
    pub sandbox: bool,
    /// A line above the page.
    pub flash: Option<Flash>,
}

impl Frame<'_> {
    /// The name in the header and in the title.
    #[must_use]
    pub fn organization(&self) -> &str {
        self.organization.unwrap_or("Aboard")
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
    /// The user of the link, masked: see [`mask_email`].
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
    /// Which of the two.
    pub kind: ContactKind,
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

impl ProblemPage<'_> {
    fn text(&self) -> ProblemText {
        (self.frame.words.problem.text)(Problem::from_status(self.status))
    }
}

/// The reference of the API (200): for developers, in English.
#[derive(Template)]
#[template(path = "docs.html")]
pub struct DocsPage<'a> {
    /// What all pages share.
    pub frame: Frame<'a>,
    /// What it is the reference of.
    pub documents: &'a [Document],
    /// What the reader is told, as JSON; `None` if this server was built without it.
    pub settings: Option<&'a str>,
}

/// The developer's welcome page of `aboard dev` (200).
#[derive(Template)]
#[template(path = "home.html")]
pub struct HomePage<'a> {
    /// What all pages share.
    pub frame: Frame<'a>,
    /// The configured public URL, without a slash at its end.
    pub public_url: &'a str,
    /// The whole address of the metrics, if they are on.
    pub metrics_url: Option<&'a str>,
    /// The partner key of the sample call, or a placeholder for it.
    pub partner_key: &'a str,
    /// The e-mail address of the sample call.
    pub sample_email: &'a str,
    /// The partner's user id of the sample call.
    pub sample_user_id: &'a str,
    /// The telephone number of the sample call.
    pub sample_phone: &'a str,
}

/// What stands for the hidden characters, however many they are.
const HIDDEN: &str = "•••";

/// An e-mail address with its first character and its domain only: `u•••@example.com`. The dots do not tell the
/// length. Takes anything and never panics; what has no `@` is a local part.
#[must_use]
pub fn mask_email(email: &str) -> String {
    let (local, domain) = match email.rsplit_once('@') {
        Some((local, domain)) => (local, Some(domain)),
        None => (email, None),
    };
    let mut masked = String::with_capacity(email.len() + HIDDEN.len());
    masked.extend(local.chars().next());
    masked.push_str(HIDDEN);
    if let Some(domain) = domain {
        masked.push('@');
        masked.push_str(domain);
    }
    masked
}

/// A telephone number with its last two digits only: `•••89`. With fewer than six digits, none: two would be too many.
/// Takes anything and never panics.
#[must_use]
pub fn mask_phone(phone: &str) -> String {
    let digits: Vec<char> = phone.chars().filter(char::is_ascii_digit).collect();
    let shown = if digits.len() < 6 {
        &[]
    } else {
        &digits[digits.len() - 2..]
    };
    HIDDEN.chars().chain(shown.iter().copied()).collect()
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
    use crate::pages::words::Language;

    const NOW: Moment = Moment {
        year: 2026,
        month: 11,
        day: 21,
        hour: 14,
        minute: 22,
    };

    fn frame() -> Frame<'static> {
        Frame {
            words: Language::English.words(),
            organization: Some("Northwind"),
            sandbox: false,
            flash: None,
        }
    }

    #[test]
    fn an_address_keeps_its_first_character_and_its_domain() {
        for (email, masked) in [
            ("user@example.com", "u•••@example.com"),
            ("u@example.com", "u•••@example.com"),
            ("@example.com", "•••@example.com"),
            ("\"a@b\"@example.com", "\"•••@example.com"),
            ("no-address", "n•••"),
            ("@", "•••@"),
            ("", "•••"),
            ("żółw@example.com", "ż•••@example.com"),
            ("🚢@example.com", "🚢•••@example.com"),
            ("مستخدم@example.com", "م•••@example.com"),
        ] {
            assert_eq!(mask_email(email), masked);
        }
    }

    #[test]
    fn a_number_keeps_its_last_two_digits() {
        for (phone, masked) in [
            ("+302101234589", "•••89"),
            ("1234567890", "•••90"),
            ("(555) 01-23", "•••23"),
            ("12345", "•••"),
            ("", "•••"),
            ("٠١٢٣٤٥٦٧٨٩", "•••"),
            ("🚢🚢🚢🚢🚢🚢🚢", "•••"),
        ] {
            assert_eq!(mask_phone(phone), masked);
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
