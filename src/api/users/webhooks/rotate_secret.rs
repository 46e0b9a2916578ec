//! `POST /v1/webhooks/{webhook_id}/rotate_secret`: a new secret; the old one goes on for a while.
//!
//! Until the overlap ends `webhook-signature` carries the signatures of both, so that a receiver that knows either is
//! content. `Waffy-Signature` holds one value alone: it stays that of the old secret until then.

use axum::extract::State;
use jiff::SignedDuration;
use serde_json::json;

use super::{not_found, sealed_secret, secret, webhook_id, webhook_id_schema};
use crate::api::users::caller;
use crate::api::users::envelope::{Enveloped, envelope, enveloped};
use crate::domain::webhook::WebhookSecret;
use crate::domain::{Code, Invalid, KeyScope, WebhookId};
use crate::web::reference::{Operation, Schema, Takes, always, example, optional};
use crate::web::{
    Call, Context, Failure, Fields, IdempotencyKey, OptionalJson, Segment, ServerKey, Web, once, secret_was_shown,
    whole_seconds,
};

const USUAL_OVERLAP: i64 = 24 * 3_600;
const LONGEST_OVERLAP: i64 = 7 * 24 * 3_600;

/// What the reference says of it.
pub fn doc() -> Operation {
    let overlap = Schema::integer(0, LONGEST_OVERLAP).usually(USUAL_OVERLAP);
    let own = Schema::text().pattern("^whsec_[A-Za-z0-9+/]+={0,2}$");
    let request = Schema::object([
        optional("overlap_seconds", overlap.says("How long the old secret goes on.")),
        optional("secret", own.says("A secret of your own; without it one is made.")),
    ]);
    let answer = Schema::object([
        always("webhook_id", Schema::id("wh")),
        always("secret", Schema::text().says("Shown in this answer alone.")),
        always("public_key", Schema::text().says("What verifies the v1a signature.")),
        always("old_secret_ends_at", Schema::time()),
    ]);
    let secret = WebhookSecret::new(vec![0xab; 32]);
    let example = envelope(
        &example::context(),
        &json!({
            "webhook_id": example::WEBHOOK, "secret": secret.expose().as_str(), "public_key": secret.public_key(),
            "old_secret_ends_at": whole_seconds(example::time() + SignedDuration::from_secs(USUAL_OVERLAP)),
        }),
    )
    .example();
    Operation::new("rotateWebhookSecret", include_str!("rotate_secret.rs"))
        .takes(Takes::ServerKey(Some(KeyScope::Webhooks)))
        .repeatable()
        .path("webhook_id", webhook_id_schema())
        .optional_body(request.named("SecretRotation"), json!({ "overlap_seconds": 3_600 }))
        .answers(
            200,
            "The new secret.",
            enveloped(answer.named("RotatedSecret")),
            example,
        )
        .refuses(&[Code::WebhookNotFound])
}

/// 200 with the new secret, which is in this answer alone; 404 for any id that is not one of this environment.
pub async fn rotate_secret(
    State(web): State<Web>,
    context: Context,
    ServerKey(scope): ServerKey<{ KeyScope::Webhooks as u8 }>,
    Segment(id): Segment,
    key: IdempotencyKey,
    OptionalJson { mut fields, raw }: OptionalJson,
) -> Result<Enveloped, Failure> {
    let id = webhook_id(id)?;
    let until = context.now + overlap(&mut fields)?;
    let own = fields.optional_text("secret")?.map(zeroize::Zeroizing::new);
    let secret = secret(&web, own.as_deref().map(String::as_str))?;
    let new = sealed_secret(&web, scope.environment(), &secret);
    let repeatable = key.of(&web, caller(&scope), &raw, context.now)?;
    let admin = web.instance.admin_as(&format!("server key {}", scope.key()));
    let store = &web.instance.store;
    let rotated = store
        .rotate_secret_of_webhook(&scope, &admin, id, new, until, repeatable.claim.clone(), context.now)
        .await?;
    match once(rotated)? {
        Call::Done(true) => Ok(envelope(
            &context,
            &json!({
                "webhook_id": id, "secret": secret.expose().as_str(), "public_key": secret.public_key(),
                "old_secret_ends_at": whole_seconds(until),
            }),
        )),
        Call::Done(false) => Err(not_found()),
        Call::Replayed(saved) => {
            let webhook = WebhookId(saved.resource.unwrap_or_default());
            Err(secret_was_shown(&format!("a secret of {webhook}")))
        }
    }
}

fn overlap(fields: &mut Fields) -> Result<SignedDuration, Failure> {
    let Some(value) = fields.optional_value("overlap_seconds") else {
        return Ok(SignedDuration::from_secs(USUAL_OVERLAP));
    };
    let seconds = value.as_i64().filter(|seconds| (0..=LONGEST_OVERLAP).contains(seconds));
    let wrong = || Invalid::new(format!("Send whole seconds from 0 to {LONGEST_OVERLAP}."));
    seconds
        .map(SignedDuration::from_secs)
        .ok_or_else(|| Failure::field("overlap_seconds", wrong()).holding(value))
}
