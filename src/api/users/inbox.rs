//! `GET /v1/inbox`: the messages that a sandbox would have sent, newest first.
//!
//! A sandbox sends nothing: whatever would go out by WhatsApp, SMS or e-mail is kept here for a day, with its code, so
//! that you and your tests can finish a log-in. Production has no inbox.

use axum::extract::State;
use serde::Serialize;

use super::envelope::{Enveloped, envelope, enveloped};
use crate::domain::{Code, Email, EnvironmentKind, InboxId, Invalid, KeyScope};
use crate::inbox::InboxContent;
use crate::web::reference::{Operation, Schema, Takes, always, example};
use crate::web::{Context, Failure, Query, ServerKey, Web, whole_seconds};

const USUAL: u32 = 20;
const MOST: u32 = 100;

/// A message that was kept.
#[derive(Serialize)]
pub struct Kept {
    id: InboxId,
    /// `whatsapp`, `sms` or `email`.
    channel: String,
    /// E.164, or the e-mail's key.
    to: String,
    /// The subject of an e-mail, else `null`.
    subject: Option<String>,
    /// The whole text.
    text: String,
    /// The code in it; `null` in a notice.
    code: Option<String>,
    created_at: String,
}

/// What the reference says of it.
pub fn doc() -> Operation {
    let message = Schema::object([
        always("id", Schema::id("inb")),
        always("channel", Schema::one_of(&["whatsapp", "sms", "email", "http"])),
        always("to", Schema::text().says("E.164, or the e-mail's key.")),
        always("subject", Schema::text().or_null().says("Of an e-mail.")),
        always("text", Schema::text().says("The whole text.")),
        always(
            "code",
            Schema::text().or_null().says("`null` in a notice, which has none."),
        ),
        always("created_at", Schema::time()),
    ]);
    let kept = Kept {
        id: example::INBOX,
        channel: "whatsapp".to_owned(),
        to: "+306912345678".to_owned(),
        subject: None,
        text: "123456: Your code to log in to Shop. Do not share it.".to_owned(),
        code: Some("123456".to_owned()),
        created_at: whole_seconds(example::time()),
    };
    let example = envelope(&example::context(), &[kept]).example();
    Operation::new("listInbox", include_str!("inbox.rs"))
        .takes(Takes::ServerKey(Some(KeyScope::Users)))
        .query(
            "to",
            Schema::either(Schema::text().pattern("^[0-9]{7,15}$"), Schema::email())
                .says("A number with its country code, with or without the plus, or an e-mail."),
        )
        .query("limit", Schema::integer(1, i64::from(MOST)).usually(USUAL))
        .answers(
            200,
            "Messages, the newest first.",
            enveloped(Schema::list(message.named("InboxMessage"))),
            example,
        )
}

/// 200 with a list. `to` is a phone number with its country code, with or without the plus, or an e-mail; without it
/// messages to everybody. `limit` is 1 to 100, 20 without it. 403 for a production key.
pub async fn inbox(
    State(web): State<Web>,
    context: Context,
    ServerKey(scope): ServerKey,
    mut query: Query,
) -> Result<Enveloped, Failure> {
    let to = query.optional("to", recipient)?;
    let limit = query.optional("limit", |text| {
        let number = text.parse().ok().filter(|limit| (1..=MOST).contains(limit));
        number.ok_or_else(|| Invalid::new("limit must be a whole number from 1 to 100."))
    })?;
    if scope.kind() == EnvironmentKind::Production {
        let why = "Production sends its messages and keeps none. Use a server key of the sandbox.";
        return Err(Failure::new(Code::Forbidden).saying(why));
    }
    let store = &web.instance.store;
    let found = store.inbox(&scope, to.as_deref(), limit.unwrap_or(USUAL)).await?;
    let mut shown = Vec::new();
    for message in found {
        let kept = InboxContent::open(&web.instance.vault, scope.environment(), &message).map_err(Failure::internal)?;
        shown.push(Kept {
            id: message.id,
            channel: message.channel,
            to: message.recipient,
            subject: kept.subject,
            text: kept.text.to_string(),
            code: kept.code.map(|code| code.to_string()),
            created_at: whole_seconds(message.created_at),
        });
    }
    Ok(envelope(&context, &shown))
}

/// What a recipient is looked up by. In a query a bare plus is a space.
fn recipient(text: &str) -> Result<String, Invalid> {
    let wrong = || Invalid::new("Send a phone number with its country code, or an e-mail.");
    if text.contains('@') {
        return Email::parse(text)
            .map(|email| email.key().to_owned())
            .map_err(|_| wrong());
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let plain = text.chars().all(|char| char.is_ascii_digit() || " +-()".contains(char));
    if !plain || !(7..=15).contains(&digits.len()) {
        return Err(wrong());
    }
    Ok(format!("+{digits}"))
}
