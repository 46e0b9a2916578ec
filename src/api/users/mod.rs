//! The users surface: `/v1/…`, answers in an envelope.

pub mod delete;
pub mod envelope;
pub mod events;
pub mod get;
pub mod inbox;
pub mod introspect;
pub mod link;
pub mod list;
pub mod log_out;
pub mod login_codes;
pub mod me;
pub mod put;
pub mod requests;
mod shape;
pub mod tokens;
pub mod verifications;
pub mod verifications_check;
pub mod webhooks;

use crate::domain::{Code, Email, Invalid, UserId};
use crate::store::ServerScope;
use crate::web::reference::{Schema, example};
use crate::web::{Caller, Failure};

/// Whose `Idempotency-Key` it is.
fn caller(scope: &ServerScope) -> Caller {
    Caller {
        environment: scope.environment(),
        credential: scope.key().0,
        subject: None,
    }
}

/// The parameter of a path that names a user.
fn user_id_schema() -> Schema {
    Schema::id("usr").such_as(example::USER.to_string())
}

/// How many items a page of a list has, by its query.
fn limit_schema() -> Schema {
    Schema::integer(1, 100).usually(25)
}

/// The longest id that an answer repeats.
const LONGEST_REPEATED: usize = 64;

/// The documented refusal of an id that is nobody's here, whatever it is.
fn not_found(id: &str) -> Failure {
    let failure = Failure::new(Code::UserNotFound);
    if id.len() > LONGEST_REPEATED {
        return failure;
    }
    failure.saying(format!("User with ID {id} not found"))
}

/// The user that a path names.
fn user_id(segment: Option<String>) -> Result<UserId, Failure> {
    let text = segment.ok_or_else(|| Failure::new(Code::UserNotFound))?;
    text.parse().map_err(|_| not_found(&text))
}

/// An e-mail; the refusal is the documented one.
fn email(text: &str) -> Result<Email, Invalid> {
    Email::parse(text).map_err(|_| Invalid::new("Invalid email format"))
}
