//! How resources look as JSON, in one place for whoever shows them: the users surface, events, the command line.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::domain::{Amr, EventType, whole_seconds};
use crate::store::{Contact, LinkPreview, User, event_body};

/// The event that somebody logged in with a login link, as it is stored and sent.
#[must_use]
pub fn login_by_link(link: &LinkPreview, now: Timestamp) -> Vec<u8> {
    let data = json!({
        "user_id": link.user, "app_id": null, "partner_id": link.partner_id, "amr": Amr::Partner.as_str(),
    });
    event_body(EventType::LoginSucceeded.as_str(), now, &data)
}

/// A user, without anything secret.
#[must_use]
pub fn user(user: &User) -> Map<String, Value> {
    let shown = |contact: &Option<Contact>| contact.as_ref().map(|contact| contact.shown.clone());
    let verified = |contact: &Option<Contact>| contact.as_ref().is_some_and(|contact| contact.verified);
    let mut map = Map::new();
    let mut put = |name: &str, value: Value| {
        map.insert(name.to_owned(), value);
    };
    put("user_id", json!(user.id));
    put("email", json!(shown(&user.email)));
    put("phone", json!(shown(&user.phone)));
    put("name", json!(user.name));
    put("status", json!(user.status));
    put(
        "verification_status",
        json!({
            "email_verified": verified(&user.email),
            "phone_verified": verified(&user.phone),
            "kyc_status": user.kyc_status(),
            "kyb_status": user.kyb_status(),
        }),
    );
    put("created_at", json!(whole_seconds(user.created_at)));
    put("updated_at", json!(whole_seconds(user.updated_at)));
    put("metadata", user.metadata.to_value());
    if let Some(id) = &user.external_id {
        put("external_id", json!(id));
    }
    map
}
