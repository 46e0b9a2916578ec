//! `POST /v1/login_codes/exchange`: the one-time code from the return URL becomes the user who logged in.
//!
//! Key your own accounts on `user_id`, never on the e-mail: the e-mail is what the partner says. A second
//! exchange of a code ends the session that it belongs to, because one of the two callers is not you.

use axum::extract::State;
use serde::Serialize;
use serde_json::json;

use super::envelope::{Enveloped, envelope, enveloped};
use crate::domain::{Amr, Code, KeyScope, PartnerId, Token, UserId, WrappUserId};
use crate::store::{Exchange, ExchangedLogin};
use crate::web::reference::{Operation, Schema, Takes, always, example, optional, required};
use crate::web::{Context, Failure, JsonObject, ServerKey, Web, whole_seconds};

/// Who logged in.
#[derive(Serialize)]
pub struct Login {
    /// The user.
    user_id: UserId,
    /// Who sent the person.
    partner: Partner,
    /// The e-mail that the partner gave.
    email: String,
    /// Whether this user has proven it.
    email_verified: bool,
    /// How the session was born: `partner`.
    amr: Amr,
    /// When, UTC.
    auth_time: String,
}

/// The partner that sent the person, and its names of the user.
#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "these are the names on the wire")]
pub struct Partner {
    id: PartnerId,
    name: String,
    partner_user_id: String,
    wrapp_user_id: WrappUserId,
}

/// What the reference says of it.
pub fn doc() -> Operation {
    let request = Schema::object([
        required(
            "code",
            Schema::text().says("The `code` of the return URL. It lives 60 seconds and works once."),
        ),
        optional(
            "code_verifier",
            Schema::text().says("Of the `code_challenge` that the partner sent, if it did."),
        ),
    ]);
    let partner = Schema::object([
        always("id", Schema::id("prt")),
        always("name", Schema::text()),
        always("partner_user_id", Schema::text().lengths(1, 255)),
        always("wrapp_user_id", Schema::id("wrp")),
    ]);
    let answer = Schema::object([
        always("user_id", Schema::id("usr").says("Key your own accounts on this.")),
        always("partner", partner.named("LoginPartner")),
        always("email", Schema::email().says("The e-mail that the partner gave.")),
        always(
            "email_verified",
            Schema::boolean().says("Whether this user has proven it."),
        ),
        always("amr", Schema::just("partner").says("How the session was born.")),
        always("auth_time", Schema::time()),
    ]);
    let login = Login {
        user_id: example::USER,
        partner: Partner {
            id: example::PARTNER,
            name: "Acme".to_owned(),
            partner_user_id: "abc123".to_owned(),
            wrapp_user_id: example::WRAPP_USER,
        },
        email: "ada@example.com".to_owned(),
        email_verified: false,
        amr: Amr::Partner,
        auth_time: whole_seconds(example::time()),
    };
    let example = envelope(&example::context(), &login).example();
    Operation::new("exchangeLoginCode", include_str!("login_codes.rs"))
        .takes(Takes::ServerKey(Some(KeyScope::Users)))
        .body(request.named("LoginCode"), json!({ "code": example::token().expose() }))
        .answers(
            200,
            "Who logged in.",
            enveloped(answer.named("ExchangedLogin")),
            example,
        )
        .refuses(&[Code::CodeRefused])
}

/// 200 with who logged in; 400 `CODE_REFUSED` for a code that is wrong, expired, used, of another environment,
/// or whose `code_verifier` does not meet the challenge.
pub async fn exchange(
    State(web): State<Web>,
    context: Context,
    ServerKey(scope): ServerKey,
    JsonObject { mut fields, .. }: JsonObject,
) -> Result<Enveloped, Failure> {
    let refused = || Failure::new(Code::CodeRefused);
    let code = zeroize::Zeroizing::new(fields.text("code")?);
    let verifier = fields.optional_text("code_verifier")?;
    let code = Token::parse(&code).ok_or_else(refused)?;
    match web
        .instance
        .store
        .exchange_login_code(&scope, &code, verifier, context.now)
        .await?
    {
        Exchange::LoggedIn(login) => Ok(envelope(&context, &Login::from(login))),
        Exchange::Refused | Exchange::Reused => Err(refused()),
    }
}

impl From<ExchangedLogin> for Login {
    fn from(login: ExchangedLogin) -> Self {
        Self {
            user_id: login.user,
            partner: Partner {
                id: login.partner,
                name: login.partner_name,
                partner_user_id: login.partner_user_id,
                wrapp_user_id: login.wrapp_user,
            },
            email: login.email,
            email_verified: login.email_verified,
            amr: login.amr,
            auth_time: whole_seconds(login.auth_time),
        }
    }
}
