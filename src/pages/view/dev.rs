//! The developer's pages as values.

use askama::Template;
use zeroize::Zeroizing;

use super::Frame;
use crate::domain::Language;
use crate::web::reference::Document;
use crate::words::Part;

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
    /// The path of the sandbox's inbox.
    pub inbox: &'a str,
    /// The partner key of the sample call, or a placeholder for it.
    pub partner_key: &'a str,
    /// The e-mail address of the sample call.
    pub sample_email: &'a str,
    /// The partner's user id of the sample call.
    pub sample_user_id: &'a str,
    /// The telephone number of the sample call.
    pub sample_phone: &'a str,
}

/// What a sandbox would have sent.
pub struct KeptMessage {
    /// When, in words.
    pub at: String,
    /// `whatsapp`, `sms` or `email`.
    pub channel: String,
    /// Whom to.
    pub to: String,
    /// The subject of an e-mail.
    pub subject: Option<String>,
    /// The whole text.
    pub text: Zeroizing<String>,
    /// The code in it; a notice has none.
    pub code: Option<Zeroizing<String>>,
}

/// The inbox of the sandbox of `aboard dev` (200).
#[derive(Template)]
#[template(path = "inbox.html")]
pub struct InboxPage<'a> {
    /// What all pages share.
    pub frame: Frame<'a>,
    /// The messages, newest first.
    pub messages: &'a [KeptMessage],
}
