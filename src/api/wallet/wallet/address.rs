//! `GET /api/v{1,2}/wallet/address`: the wallet's addresses.
//!
//! The published SDK sends a `POST` with the header in its body, `{"headers":{"Authorization":"Bearer …"}}`; that is read
//! as well.

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};

use super::super::account::{shape as account_shape, shown};
use super::super::bearer::spend;
use super::super::session::addresses;
use super::super::{Caller, answer, answered};
use crate::web::reference::{self, Schema, Takes, always, optional};
use crate::web::{Bearer, Context, Failure, IdempotencyKey, OptionalJson, Web, mark_replayed};

/// What the reference says of it.
pub fn doc() -> reference::Operation {
    described("getAddress", include_str!("address.rs"))
}

/// What the reference says of the form that the SDK sends.
pub fn post_doc() -> reference::Operation {
    let headers = Schema::object([optional("Authorization", Schema::text())]);
    let request = Schema::object([optional("headers", headers)]);
    let body = json!({ "headers": { "Authorization": "Bearer eyJ…" } });
    described("postAddress", include_str!("address.rs"))
        .deprecated()
        .repeatable()
        .optional_body(request.named("AddressRequest"), body)
}

fn described(id: &'static str, source: &'static str) -> reference::Operation {
    let data = Schema::object([
        always("address", account_shape::address_of_either()),
        always("custody", Schema::one_of(&["server", "shared"])),
    ]);
    let example = json!({ "address": account_shape::addresses_example(), "custody": "server" });
    let axum::Json(shown) = answer(MESSAGE, &example);
    reference::Operation::new(id, source)
        .takes(Takes::AppAndWalletToken)
        .answers(200, "The addresses.", answered(data), shown)
}

const MESSAGE: &str = "Get Address executed successfully";

/// 200 with the addresses.
pub async fn address(
    State(web): State<Web>,
    context: Context,
    caller: Caller,
    bearer: Bearer,
    key: IdempotencyKey,
) -> Result<Response, Failure> {
    of_token(&web, &context, &caller, bearer.0.as_deref(), key, &[]).await
}

/// The same, for a token in the body.
pub async fn post_address(
    State(web): State<Web>,
    context: Context,
    caller: Caller,
    bearer: Bearer,
    key: IdempotencyKey,
    OptionalJson { mut fields, raw }: OptionalJson,
) -> Result<Response, Failure> {
    let in_body = fields.optional_value("headers").and_then(|headers| {
        let text = headers.get("Authorization").or_else(|| headers.get("authorization"))?;
        let text = text.as_str()?;
        Some(text.strip_prefix("Bearer ").unwrap_or(text).trim().to_owned())
    });
    let token = bearer.0.or(in_body);
    of_token(&web, &context, &caller, token.as_deref(), key, &raw).await
}

async fn of_token(
    web: &Web,
    context: &Context,
    caller: &Caller,
    token: Option<&str>,
    key: IdempotencyKey,
    raw: &[u8],
) -> Result<Response, Failure> {
    use axum::response::IntoResponse as _;
    let let_in = spend(web, context, caller, token, key, raw).await?;
    let wallet = &let_in.usable.wallet;
    let known = addresses(wallet, caller.app.scope.kind())?;
    let data: Value = json!({ "address": shown(caller.version, known), "custody": wallet.custody.as_str() });
    let mut response = answer(MESSAGE, &data).into_response();
    if let_in.replayed {
        mark_replayed(response.headers_mut());
    }
    Ok(response)
}
