//! `POST /api/v{1,2}/auth/resend`: the code of a log-in that was begun is sent once more.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::super::{Caller, answer, answered};
use super::{challenge, verification_token};
use crate::domain::Code;
use crate::store::ChallengeScope;
use crate::web::codes::{Another, resend as send_again};
use crate::web::reference::{Operation, Schema, Takes, always, example, required};
use crate::web::{Context, Failure, JsonObject, Web};

/// What the reference says of it.
pub fn doc() -> Operation {
    let channel = || Schema::one_of(&["whatsapp", "sms", "email"]);
    let request = Schema::object([
        required(
            "verificationToken",
            Schema::text().says("What the call that sent the code answered, also as `verifyToken`."),
        ),
        required(
            "channel",
            channel().says("`whatsapp` or `sms` for a number, `email` for an e-mail."),
        ),
    ]);
    let data = Schema::object([always("channel", channel())]);
    let Json(shown) = answer("OTP sent", &json!({ "channel": "sms" }));
    Operation::new("resendCode", include_str!("resend.rs"))
        .takes(Takes::App)
        .body(
            request.named("CodeToResend"),
            json!({ "verificationToken": example::JWT, "channel": "sms" }),
        )
        .answers(
            200,
            "The message is durably on its way.",
            answered(data.named("CodeResent")),
            shown,
        )
        .refuses(&[Code::OtpRefused])
}

/// 200 once the message is durably on its way: the same code, over `channel`, which reaches the same destination
/// (`whatsapp` or `sms` for a number, `email` for an e-mail). The tries stay used, and the verification token is the same.
/// 429 when too many were asked for; one and the same 401 for a log-in that is over.
pub async fn resend(
    State(web): State<Web>,
    context: Context,
    caller: Caller,
    JsonObject { mut fields, .. }: JsonObject,
) -> Result<Json<Value>, Failure> {
    let token = verification_token(&mut fields)?;
    let channel = fields.text("channel")?;
    let another = Another {
        scope: ChallengeScope::from(&caller.app.scope),
        kind: caller.app.scope.kind(),
        challenge: challenge(&web, &context, &caller, &token).await?,
        language: caller.language,
        channel: &channel,
        device: caller.device.as_deref(),
    };
    let channel = send_again(&web, &context, another).await?;
    Ok(answer("OTP sent", &json!({ "channel": channel })))
}
