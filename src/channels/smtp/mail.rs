//! The mail itself: plain text first, HTML beside it, and nothing of it from outside unescaped.

use askama::Template;
use jiff::Timestamp;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message as Mail};

use super::Smtp;
use crate::channels::{Message, text};
use crate::words::Words;

/// The HTML part, mainly so that Arabic runs from right to left.
#[derive(Template)]
#[template(path = "mail.html")]
struct Html<'a> {
    language: &'a str,
    dir: &'a str,
    code: &'a str,
    what: &'a str,
    works_for: &'a str,
    keep_it: &'a str,
    not_you: &'a str,
}

/// The mail's `Message-ID` and its bytes. A second attempt has the same id, so that a mail server can tell.
pub(super) fn write(smtp: &Smtp, message: &Message, to: &Address, now: Timestamp) -> Option<(String, Vec<u8>)> {
    let words = Words(message.language);
    let (app, code) = (message.app.as_str(), message.code.expose());
    let what = words.what(message.purpose, app);
    // A step-up never shows its code in a list or on a locked screen.
    let subject = if smtp.code_in_subject && !message.purpose.is_step_up() {
        format!("{code}: {what}")
    } else {
        what.clone()
    };
    let html = Html {
        language: message.language.tag(),
        dir: message.language.dir(),
        code,
        what: &what,
        works_for: &words.code_works_for(message.minutes_left(now)),
        keep_it: words.code_keep_it(),
        not_you: words.code_not_you(),
    };
    // lettre would draw a boundary at random; this one is the same at every attempt.
    let parts = MultiPart::alternative()
        .boundary(format!("=_{}", message.reference))
        .singlepart(SinglePart::plain(text::mail(message, now).to_string()))
        .singlepart(SinglePart::html(html.render().ok()?));
    let id = format!("<{}@{}>", message.reference, smtp.from.domain());
    let name = smtp.from_name.clone().unwrap_or_else(|| app.to_owned());
    let mail = Mail::builder()
        .from(Mailbox::new(Some(name), smtp.from.clone()))
        .to(Mailbox::new(None, to.clone()))
        .subject(subject)
        .date(now.into())
        .message_id(Some(id.clone()))
        // No absence note comes back (RFC 3834).
        .raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        ))
        .multipart(parts)
        .ok()?;
    Some((id, mail.formatted()))
}
