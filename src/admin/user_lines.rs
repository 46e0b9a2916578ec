//! A user as one line of JSON: what an export writes and an import reads. `docs/import.md` is its reference.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::domain::{Email, IdentityId, Metadata, MetadataChange, PartnerUserId, PersonName, Phone, UserId};
use crate::instance::Instance;
use crate::store::{Contact, Environment, ImportUser, User};

/// No line is longer, in bytes.
pub const LONGEST_LINE: usize = 24 << 10;

/// A user as an export shows it; nothing secret, and nothing that another source alone may see.
pub fn written(user: &User) -> Value {
    let shown = |contact: &Option<Contact>| contact.as_ref().map(|contact| contact.shown.clone());
    let verified = |contact: &Option<Contact>| contact.as_ref().is_some_and(|contact| contact.verified);
    json!({
        "id": user.id,
        "external_id": user.external_id,
        "email": shown(&user.email),
        "email_verified": verified(&user.email),
        "phone": shown(&user.phone),
        "phone_verified": verified(&user.phone),
        "name": user.name,
        "metadata": user.metadata.to_value(),
        "status": user.status,
        "created_at": user.created_at,
    })
}

/// Why a line is refused: the field, empty for the whole line, and a sentence.
pub type Refusal = (&'static str, String);

/// A line as it came; what each field must be is checked by hand, so that a refusal names it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    id: Option<Value>,
    external_id: Option<Value>,
    email: Option<Value>,
    email_verified: Option<Value>,
    phone: Option<Value>,
    phone_verified: Option<Value>,
    name: Option<Value>,
    metadata: Option<Value>,
    status: Option<Value>,
    created_at: Option<Value>,
}

/// A user as a line gives it. `trusted` is the operator's word that what the line calls verified is.
pub fn read(
    instance: &Instance,
    environment: &Environment,
    line: &str,
    trusted: bool,
    now: Timestamp,
) -> Result<ImportUser, Refusal> {
    if line.len() > LONGEST_LINE {
        return Err(("", format!("The line is longer than {LONGEST_LINE} bytes.")));
    }
    if line.contains("\\u0000") {
        return Err(("", "The line holds a NUL character; take it out.".to_owned()));
    }
    let line: Line =
        serde_json::from_str(line).map_err(|error| ("", format!("The line is no such object: {error}.")))?;
    let id = parsed("id", line.id, |text| {
        text.parse::<UserId>()
            .map_err(|error| format!("Send the id of an export, like usr_…: this is {error}."))
    })?;
    let external_id = parsed("external_id", line.external_id, |text| {
        PartnerUserId::parse(text).map_err(|wrong| wrong.to_string())
    })?;
    let email = parsed("email", line.email, |text| {
        Email::parse(&text).map_err(|wrong| wrong.to_string())
    })?;
    let settings = instance.settings.of(environment.id);
    let region = settings.login.region();
    let phone = parsed("phone", line.phone, |text| {
        Phone::parse(&text, region).map_err(|wrong| wrong.to_string())
    })?;
    let name = parsed("name", line.name, |text| {
        PersonName::parse(&text).map_err(|wrong| wrong.to_string())
    })?;
    let status = parsed("status", line.status, |text| match text.as_str() {
        known @ ("linked" | "verified" | "suspended") => Ok(known == "suspended"),
        _ => Err("Send linked, verified or suspended.".to_owned()),
    })?;
    let created_at = parsed("created_at", line.created_at, |text| {
        let time = text.parse::<Timestamp>().ok().filter(|time| *time <= now);
        time.ok_or_else(|| "Send a time that has passed, like 2026-01-31T12:00:00Z.".to_owned())
    })?;
    let metadata = line
        .metadata
        .filter(|value| !value.is_null())
        .unwrap_or_else(|| json!({}));
    let metadata = MetadataChange::parse(metadata)
        .and_then(|change| Metadata::default().merged(&change))
        .map_err(|wrong| ("metadata", wrong.to_string()))?;
    let email_verified = truth("email_verified", line.email_verified.as_ref())? && trusted;
    let phone_verified = truth("phone_verified", line.phone_verified.as_ref())? && trusted;
    if id.is_none() && external_id.is_none() && email.is_none() {
        let text = "Send id, external_id or email: the same line could not be told from a second user.";
        return Err(("id", text.to_owned()));
    }
    Ok(ImportUser {
        id,
        new_id: UserId(instance.ids.id()),
        external_id,
        email: email.map(|email| (email, email_verified)),
        phone: phone.map(|phone| (phone, phone_verified)),
        name,
        metadata,
        suspended: status.unwrap_or(false),
        created_at: created_at.unwrap_or(now),
        identities: std::array::from_fn(|_| IdentityId(instance.ids.id())),
    })
}

/// A field that is a text; absent and `null` are the same.
fn parsed<T>(
    field: &'static str,
    value: Option<Value>,
    parse: impl FnOnce(String) -> Result<T, String>,
) -> Result<Option<T>, Refusal> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => parse(text).map(Some).map_err(|why| (field, why)),
        Some(_) => Err((field, "Send a text.".to_owned())),
    }
}

fn truth(field: &'static str, value: Option<&Value>) -> Result<bool, Refusal> {
    match value {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(truth)) => Ok(*truth),
        Some(_) => Err((field, "Send true or false.".to_owned())),
    }
}
