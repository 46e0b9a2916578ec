//! How resources look as JSON, in one place for whoever shows them: the users surface, events, the command line.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::domain::{Amr, EventType, Metadata, UserId, UserStatus, whole_seconds};
use crate::store::{Contact, LinkPreview, User, event_body};

/// The event that somebody logged in with a login link, as it is stored and sent.
#[must_use]
pub fn login_by_link(link: &LinkPreview, now: Timestamp) -> Vec<u8> {
    let data = json!({
        "user_id": link.user, "app_id": null, "partner_id": link.partner_id, "amr": Amr::Partner.as_str(),
    });
    event_body(EventType::LoginSucceeded.as_str(), now, &data)
}

/// A user as it is shown, in the documented order.
#[derive(Debug, Serialize)]
pub struct Shown<'a> {
    user_id: UserId,
    email: Option<&'a str>,
    phone: Option<&'a str>,
    name: Option<&'a str>,
    status: UserStatus,
    /// `null` for a key that may not see it; left out where nobody does.
    #[serde(skip_serializing_if = "Option::is_none")]
    waffy_token: Option<Value>,
    verification_status: VerificationStatus,
    created_at: String,
    updated_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a Metadata>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct VerificationStatus {
    email_verified: bool,
    phone_verified: bool,
    kyc_status: &'static str,
    kyb_status: &'static str,
}

impl<'a> Shown<'a> {
    /// All of a user but what is secret.
    #[must_use]
    pub fn of(user: &'a User) -> Self {
        let shown = |contact: &'a Option<Contact>| contact.as_ref().map(|contact| contact.shown.as_str());
        let verified = |contact: &Option<Contact>| contact.as_ref().is_some_and(|contact| contact.verified);
        Self {
            user_id: user.id,
            email: shown(&user.email),
            phone: shown(&user.phone),
            name: user.name.as_deref(),
            status: user.status,
            waffy_token: None,
            verification_status: VerificationStatus {
                email_verified: verified(&user.email),
                phone_verified: verified(&user.phone),
                kyc_status: user.kyc_status(),
                kyb_status: user.kyb_status(),
            },
            created_at: whole_seconds(user.created_at),
            updated_at: whole_seconds(user.updated_at),
            metadata: Some(&user.metadata),
            external_id: user.external_id.as_deref(),
        }
    }

    /// With its token for hosted pages, or `null` in its place.
    #[must_use]
    pub fn with_token(self, waffy_token: Value) -> Self {
        let waffy_token = Some(waffy_token);
        Self { waffy_token, ..self }
    }

    /// Without what the organization keeps beside it.
    #[must_use]
    pub fn to_itself(self) -> Self {
        Self {
            metadata: None,
            external_id: None,
            ..self
        }
    }
}

/// A user, without anything secret.
#[must_use]
pub fn user(user: &User) -> Map<String, Value> {
    match serde_json::to_value(Shown::of(user)) {
        Ok(Value::Object(map)) => map,
        // A struct with text for names is always an object.
        _ => Map::new(),
    }
}
