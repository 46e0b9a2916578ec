//! The mail itself: plain text first, HTML beside it, and nothing of it from outside unescaped.

use askama::Template;
use jiff::Timestamp;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message as Mail};

use super::Smtp;
use crate::channels::{Message, Says, text};
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

/// The same of a notice: no code, and nothing to press.
#[derive(Template)]
#[template(path = "notice.html")]
struct NoticeHtml<'a> {
    language: &'a str,
    dir: &'a str,
    what: &'a str,
    means: &'a str,
    not_you: &'a str,
}

/// The mail's `Message-ID` and its bytes. A second attempt has the same id, so that a mail server can tell.
pub(super) fn write(smtp: &Smtp, message: &Message, to: &Address, now: Timestamp) -> Option<(String, Vec<u8>)> {
    let what = message.title();
    let subject = match &message.says {
        // A step-up never shows its code in a list or on a locked screen.
        Says::Code { code, purpose } if smtp.code_in_subject && !purpose.is_step_up() => {
            format!("{}: {what}", code.expose())
        }
        Says::Code { .. } | Says::Notice { .. } => what.clone(),
    };
    let html = html(message, &what, now)?;
    // lettre would draw a boundary at random; this one is the same at every attempt.
    let parts = MultiPart::alternative()
        .boundary(format!("=_{}", message.reference))
        .singlepart(SinglePart::plain(text::mail(message, now).to_string()))
        .singlepart(SinglePart::html(html));
    let id = format!("<{}@{}>", message.reference, smtp.from.domain());
    let name = smtp.from_name.clone();
    let name = name.unwrap_or_else(|| message.app.as_str().to_owned());
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

fn html(message: &Message, what: &str, now: Timestamp) -> Option<String> {
    let words = Words(message.language);
    let (language, dir) = (message.language.tag(), message.language.dir());
    let html = match &message.says {
        Says::Code { code, .. } => Html {
            language,
            dir,
            code: code.expose(),
            what,
            works_for: &words.code_works_for(message.minutes_left(now)),
            keep_it: words.code_keep_it(),
            not_you: words.code_not_you(),
        }
        .render(),
        Says::Notice { .. } => {
            let [means, not_you] = text::notice(message);
            NoticeHtml {
                language,
                dir,
                what,
                means: &means,
                not_you: &not_you,
            }
            .render()
        }
    };
    html.ok()
}
