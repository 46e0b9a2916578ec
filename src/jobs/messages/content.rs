//! A message on its way, as it was sealed.

use serde::Deserialize;
use zeroize::Zeroizing;

use crate::channels::{AppName, Message, Reference};
use crate::domain::{Destination, Email, Language, OneTimeCode, Phone, Purpose};
use crate::store::DueMessage;

/// A message as it was queued, see [`crate::web::codes`].
#[derive(Deserialize)]
struct Queued {
    kind: String,
    key: String,
    code: Zeroizing<String>,
    purpose: String,
    asked_by: String,
    language: String,
}

/// Reads a queued message; `None` if it is none.
pub(super) fn read(due: &DueMessage, sealed: &[u8], status_url: Option<String>) -> Option<Message> {
    let queued: Queued = serde_json::from_slice(sealed).ok()?;
    // To the key, never to what somebody typed: whoever proved the address, proved this one.
    let to = match queued.kind.as_str() {
        "phone" => Destination::Phone(Phone::parse(&queued.key, None).ok()?),
        "email" => Destination::Email(Email::parse(&queued.key).ok()?),
        _ => return None,
    };
    Some(Message {
        reference: Reference::new(due.id.to_string()).ok()?,
        to,
        code: OneTimeCode::made(queued.code.to_string()).ok()?,
        purpose: Purpose::from_name(&queued.purpose)?,
        app: AppName::new(&queued.asked_by)
            .or_else(|_| AppName::new("Aboard"))
            .ok()?,
        language: Language::from_tag(&queued.language).unwrap_or(Language::English),
        expires_at: due.expires_at,
        page_host: None,
        status_url,
    })
}
