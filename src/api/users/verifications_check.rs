//! `POST /v1/users/{user_id}/verifications/check`: the code that your user typed proves the address.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use jiff::SignedDuration;
use serde_json::json;

use super::envelope::{envelope, enveloped};
use super::{caller, not_found, shape, user_id, user_id_schema};
use crate::domain::{ChallengeId, Code, ConfirmationId, JoinId, KeyScope, Purpose, Token, UserId};
use crate::store::{ChallengeScope, OfferConfirmation, OfferJoin, ProofOutcome, ServerScope};
use crate::web::codes::{Try, prove};
use crate::web::reference::{Operation, Schema, Takes, example, required};
use crate::web::{Call, Context, Failure, IdempotencyKey, JsonObject, Segment, ServerKey, Web, mark_replayed};

/// What the reference says of it.
pub fn doc() -> Operation {
    let request = Schema::object([
        required(
            "verification_id",
            Schema::text().says("What the call that sent the code answered."),
        ),
        required("code", Schema::text().says("As the person typed it.")),
    ]);
    let body = json!({ "verification_id": example::CHALLENGE, "code": "123456" });
    let example = envelope(&example::context(), &shape::shown_example()).example();
    Operation::new("checkVerification", include_str!("verifications_check.rs"))
        .takes(Takes::ServerKey(Some(KeyScope::Users)))
        .repeatable()
        .path("user_id", user_id_schema())
        .body(request.named("CodeToCheck"), body)
        .answers(200, "The user as it is now.", enveloped(shape::schema()), example)
        .refuses(&[
            Code::CodeRefused,
            Code::UserNotFound,
            Code::Conflict,
            Code::AddressOfAnother,
            Code::ConfirmationNeeded,
        ])
}

/// How long the page of a join or of a confirmation lives that nobody uses.
const OFFERED_FOR: SignedDuration = SignedDuration::from_hours(1);

/// 200 with the user as `GET` shows it, its `verification_status` and `status` brought up to date. Send
/// `verification_id` and `code`. 400 `CODE_REFUSED` for whatever is wrong with either; 409 `ADDRESS_OF_ANOTHER` when another
/// user has proven the address: nothing moves, and `details.join_url` is a page where the person may join the two. 409
/// `CONFIRMATION_NEEDED` for a user who has proven another address: nothing changes until the person confirms this one on
/// the page `details.confirm_url`. 409 `CONFLICT` for one who has a wallet or a log-in at a provider, and no proven address.
pub async fn check(
    State(web): State<Web>,
    context: Context,
    ServerKey(scope): ServerKey,
    Segment(id): Segment,
    key: IdempotencyKey,
    JsonObject { mut fields, raw }: JsonObject,
) -> Result<Response, Failure> {
    let refused = || {
        Failure::new(Code::CodeRefused)
            .saying("This code is wrong, expired or already used. Check it, or send a new one.")
    };
    let id = user_id(id)?;
    let verification = fields.text("verification_id")?;
    let code = zeroize::Zeroizing::new(fields.text("code")?);
    let store = &web.instance.store;
    let user = store
        .user(&scope, id)
        .await?
        .ok_or_else(|| not_found(&id.to_string()))?;
    let challenge: ChallengeId = verification.parse().map_err(|_| refused())?;
    let repeatable = key.of(&web, caller(&scope), &raw, context.now)?;
    let typed = Try {
        scope: ChallengeScope::from(&scope),
        challenge,
        user: Some(user.id),
        session: None,
        device: None,
        purpose: Purpose::ConfirmContact,
        kind: None,
        code: &code,
        claim: repeatable.claim.clone(),
    };
    let (shown, replayed) = match prove(&web, &context, typed).await? {
        Call::Done(ProofOutcome::Proven(proven)) => (proven.user, false),
        Call::Done(ProofOutcome::AnothersOwn(_)) => {
            return Err(offer(&web, &context, &scope, user.id, challenge).await?);
        }
        Call::Done(ProofOutcome::NeedsConfirmation) => {
            return Err(ask_to_confirm(&web, &context, &scope, user.id, challenge).await?);
        }
        Call::Done(ProofOutcome::Unconfirmable) => {
            return Err(Failure::new(Code::Conflict).saying(
                "This user has a wallet or another way to log in, and no proven address where this one could be \
                 confirmed. Let the person log in with a code to this address: that is an account of its own, to which \
                 the recovery file moves the wallet.",
            ));
        }
        Call::Done(ProofOutcome::Suspended) => {
            return Err(Failure::new(Code::Conflict).saying("The user is suspended. Let the user in again first."));
        }
        Call::Done(ProofOutcome::Refused) => return Err(refused()),
        Call::Replayed(saved) => {
            let of = saved.resource.map_or(user.id, UserId);
            let again = store.user(&scope, of).await?;
            (again.ok_or_else(|| not_found(&of.to_string()))?, true)
        }
    };
    let mut response = envelope(&context, &shape::user(&web, &scope, &shown)).into_response();
    if replayed {
        mark_replayed(response.headers_mut());
    }
    Ok(response)
}

/// The refusal, with the page on which the person may join the two accounts.
async fn offer(
    web: &Web,
    context: &Context,
    scope: &ServerScope,
    user: UserId,
    challenge: ChallengeId,
) -> Result<Failure, Failure> {
    let ids = &web.instance.ids;
    let token = Token::new(ids.id(), ids.secret());
    let offer = OfferJoin {
        id: JoinId(token.id()),
        hash: token.hash(),
        user,
        challenge,
        expires_at: context.now + OFFERED_FOR,
        now: context.now,
    };
    let refusal = Failure::new(Code::AddressOfAnother);
    if !web.instance.store.offer_join(scope, offer).await? {
        return Ok(refusal);
    }
    Ok(refusal.detailed("join_url", format!("{}/join/{}", web.public_url, token.expose())))
}

/// The refusal, with the page on which the person confirms the address.
async fn ask_to_confirm(
    web: &Web,
    context: &Context,
    scope: &ServerScope,
    user: UserId,
    challenge: ChallengeId,
) -> Result<Failure, Failure> {
    let ids = &web.instance.ids;
    let token = Token::new(ids.id(), ids.secret());
    let offer = OfferConfirmation {
        id: ConfirmationId(token.id()),
        hash: token.hash(),
        user,
        challenge,
        expires_at: context.now + OFFERED_FOR,
        now: context.now,
    };
    let refusal = Failure::new(Code::ConfirmationNeeded);
    if !web.instance.store.offer_confirmation(scope, offer).await? {
        return Ok(refusal);
    }
    Ok(refusal.detailed("confirm_url", format!("{}/confirm/{}", web.public_url, token.expose())))
}
