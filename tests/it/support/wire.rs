//! What goes over the wire of the partner surface.

use aboard::domain::Code;
use serde_json::{Value, json};

use super::client::Answer;

/// What a partner says of a user.
pub fn user(partner_user_id: &str) -> Value {
    json!({ "email": format!("{partner_user_id}@example.com"), "partner_user_id": partner_user_id, "phone": "1234567890" })
}

/// A user with more fields.
pub fn user_with(partner_user_id: &str, fields: &Value) -> Value {
    let mut user = user(partner_user_id);
    for (name, value) in fields.as_object().expect("an object") {
        user[name] = value.clone();
    }
    user
}

/// The link of an answer to `external_login`.
#[track_caller]
pub fn login_url(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["login_url"].as_str().expect("a text").to_owned()
}

/// A refusal of the partner surface, as it is documented.
pub fn refusal(status: u16, code: Code, field: Option<&str>, message: &str) -> (u16, Value) {
    let mut error = json!({ "status": status.to_string(), "title": message, "code": code.slug() });
    if let Some(field) = field {
        error["field"] = field.into();
    }
    error["detail"] = code.help().into();
    (status, json!({ "errors": [error], "message": message }))
}

/// A refusal in the words of the table.
pub fn plain_refusal(code: Code) -> (u16, Value) {
    refusal(code.status(), code, None, code.title())
}
