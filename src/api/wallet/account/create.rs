//! `POST /api/v{1,2}/account/create`: the person's wallet is made.
//!
//! One phrase, three addresses. Of two calls at once one makes it, and both answer the same addresses: a secret that
//! nobody has proven is no loss. With `isCustodian` `false` the operator cannot open the wallet without the person's
//! `secret0`; such a wallet has no address to show until the secret was proven once with `wallet/unlock`, and making one
//! again until then starts afresh. With `pin` the copy of the secret opens with these six digits alone.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::super::Caller;
use super::make::{Asking, make};
use super::shape;
use crate::domain::Code;
use crate::web::reference::{Operation, Schema, Takes};
use crate::web::{Bearer, Context, Failure, IdempotencyKey, OptionalJson, Web};

/// What the reference says of it.
pub fn doc() -> Operation {
    let request = Schema::object(shape::new_wallet());
    shape::gives_wallet("createWallet", include_str!("create.rs"), MESSAGE)
        .takes(Takes::AppAndAccessToken)
        .repeatable()
        .optional_body(request.named("NewWallet"), json!({ "isCustodian": true }))
        .refuses(&[Code::Conflict, Code::Forbidden])
}

const MESSAGE: &str = "Create wallet successfully";

/// 200 with the wallet; 409 for a log-in that has one.
pub async fn create(
    State(web): State<Web>,
    context: Context,
    caller: Caller,
    bearer: Bearer,
    key: IdempotencyKey,
    OptionalJson { mut fields, raw }: OptionalJson,
) -> Result<Json<Value>, Failure> {
    let asking = Asking {
        web: &web,
        context: &context,
        caller: &caller,
        bearer: &bearer,
        key,
        raw: &raw,
    };
    make(asking, &mut fields, None, MESSAGE).await
}
