//! A message on its way, as it was sealed.

use serde::Deserialize;
use zeroize::Zeroizing;

use crate::channels::{AppName, Message, Reference, Says};
use crate::domain::{Destination, Email, Language, Notice, OneTimeCode, Phone, Purpose};
use crate::store::DueMessage;

/// A message as it was queued, see [`crate::codes::Letter`] and [`crate::notices`].
#[derive(Deserialize)]
struct Queued {
    kind: String,
    key: String,
    code: Option<Zeroizing<String>>,
    purpose: Option<String>,
    notice: Option<String>,
    about: Option<String>,
    asked_by: String,
    language: String,
}

impl Queued {
    fn says(&self) -> Option<Says> {
        Some(match (&self.code, &self.notice) {
            (Some(code), _) => Says::Code {
                code: OneTimeCode::made(code.to_string()).ok()?,
                purpose: Purpose::from_name(self.purpose.as_deref()?)?,
            },
            (None, Some(notice)) => Says::Notice {
                notice: Notice::from_name(notice)?,
                about: self.about.clone(),
            },
            (None, None) => return None,
        })
    }
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
        says: queued.says()?,
        app: AppName::new(&queued.asked_by)
            .or_else(|_| AppName::new("Aboard"))
            .ok()?,
        language: Language::from_tag(&queued.language).unwrap_or(Language::English),
        expires_at: due.expires_at,
        page_host: None,
        status_url,
    })
}
