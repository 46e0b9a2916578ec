//! What goes over the wire of the users surface.

use aboard::domain::{Code, UserId, Uuid};
use serde_json::{Value, json};

use super::app::{Plane, TestApp};
use super::client::{Answer, Client};
use super::database::Database;

/// The documented request of `POST /v1/users/link`, word for word.
pub const LINK: &str = r#"{
  "email": "user@example.com",
  "phone": "+1234567890",
  "name": "John Doe",
  "metadata": { "source": "web_app", "campaign_id": "summer_2024" }
}"#;
/// The documented request of `PUT /v1/users/{user_id}`, word for word.
pub const UPDATE: &str = r#"{
  "name": "John Smith",
  "phone": "+1987654321",
  "metadata": { "updated_source": "mobile_app" }
}"#;

/// The documented request with other fields; `null` leaves one out.
pub fn link_with(fields: &Value) -> Value {
    let mut body: Value = serde_json::from_str(LINK).expect("JSON");
    for (name, value) in fields.as_object().expect("an object") {
        if value.is_null() {
            body.as_object_mut().expect("an object").remove(name);
        } else {
            body[name] = value.clone();
        }
    }
    body
}

/// Somebody with an e-mail of their own.
pub fn person(name: &str) -> Value {
    link_with(&json!({ "email": format!("{name}@example.com"), "name": name }))
}

/// A call of `POST /v1/users/link`.
pub async fn link(client: &Client, body: &Value) -> Answer {
    client.post("/v1/users/link", body).await
}

/// Brings a user; answers its id.
pub async fn linked(client: &Client, body: &Value) -> String {
    let answer = link(client, body).await;
    data(&answer)["user_id"].as_str().expect("a text").to_owned()
}

/// What a good answer holds.
#[track_caller]
pub fn data(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{answer:?}");
    let (_, body) = answer.whole();
    assert_eq!(body["success"], true);
    assert_eq!(body["meta"], meta_of(answer, &body));
    body["data"].clone()
}

/// The `meta` of every answer; a list's has more.
fn meta_of(answer: &Answer, body: &Value) -> Value {
    let mut meta = meta(answer);
    for more in ["has_more", "next_cursor"] {
        if let Some(value) = body["meta"].get(more) {
            meta[more] = value.clone();
        }
    }
    meta
}

/// The request's id and a time in UTC, whole seconds.
#[track_caller]
pub fn meta(answer: &Answer) -> Value {
    let timestamp = answer.json()["meta"]["timestamp"].clone();
    let text = timestamp.as_str().unwrap_or_default();
    assert!(text.len() == 20 && text.ends_with('Z'), "{answer:?}");
    json!({ "request_id": answer.header("x-request-id"), "timestamp": timestamp })
}

/// That a call was refused, in the documented shape.
#[track_caller]
pub fn assert_refused(answer: &Answer, code: Code, message: &str, details: Option<Value>) {
    let mut error = json!({ "code": code.slug(), "message": message });
    if let Some(details) = details {
        error["details"] = details;
    }
    assert_eq!(
        answer.whole(),
        (
            code.status(),
            json!({ "success": false, "error": error, "meta": meta(answer) })
        )
    );
}

/// That there is no such user for the caller.
#[track_caller]
pub fn assert_unknown(answer: &Answer, id: &str) {
    let message = format!("User with ID {id} not found");
    assert_refused(answer, Code::UserNotFound, &message, None);
}

impl TestApp {
    /// An id as it is written in SQL.
    pub fn literal(&self, id: Uuid) -> String {
        match self.database {
            Database::Sqlite(_) => format!("x'{}'", id.simple()),
            Database::Postgres { .. } => format!("'{id}'::uuid"),
        }
    }

    /// Marks a user's e-mail or phone as proven by the person, as a code will once there are codes.
    pub async fn prove(&self, user: &str, kind: &str, key: &str) {
        self.prove_in(&self.sandbox, user, kind, key).await;
    }

    /// The same in an environment.
    pub async fn prove_in(&self, plane: &Plane, user: &str, kind: &str, key: &str) {
        let id: UserId = user.parse().expect("an id");
        let environment = plane.environment.id.0;
        let (uuid, none) = (self.literal(id.0), self.literal(Uuid::nil()));
        let (row, environment) = (self.literal(self.instance().ids.id()), self.literal(environment));
        let now = match self.database {
            Database::Sqlite(_) => self.now().as_microsecond().to_string(),
            Database::Postgres { .. } => format!("'{}'::timestamptz", self.now()),
        };
        self.execute(&format!(
            "insert into identities (user_id, kind, source_id, id, environment_id, source, key, shown, state, created_at, updated_at, verified_at)
             values ({uuid}, '{kind}', {none}, {row}, {environment}, 'person', '{key}', '{key}', 'verified', {now}, {now}, {now});
             update users set status = 'verified' where id = {uuid}"
        ))
        .await;
    }
}
