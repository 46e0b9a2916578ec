//! `POST /api/v{1,2}/wallet/sign-typed-data`: a document of EIP-712 is signed.
//!
//! `data` is the document as a text of JSON. It has to have a domain, and a chain in it has to be the network's.

use aboard_vault::wallet::evm::TypedData;
use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};

use super::{Operation, not_open, off_thread, shape, wrong};
use crate::domain::Invalid;
use crate::domain::policy::Action;
use crate::web::reference::{self, Schema, required};
use crate::web::{Failure, Web};

/// What the reference says of it.
pub fn doc() -> reference::Operation {
    let request = Schema::object([
        required(
            "data",
            Schema::text().says("The document: `types`, `primaryType`, `domain` and `message`."),
        ),
        shape::network(),
        shape::chain(),
        shape::secret(),
    ]);
    let document = json!({
        "types": { "Greeting": [{ "name": "text", "type": "string" }] },
        "primaryType": "Greeting",
        "domain": { "name": "Example", "chainId": 11_155_111 },
        "message": { "text": "Hello" },
    });
    let body = json!({ "network": "ethereum-sepolia", "data": document.to_string() });
    let source = include_str!("sign_typed_data.rs");
    shape::signs("signTypedData", source, MESSAGE, "signature", "0x…1b".into())
        .body(request.named("TypedDataToSign"), body)
}

const MESSAGE: &str = "Sign Typed Data is successfully";

/// 200 with the signature.
pub async fn sign_typed_data(State(web): State<Web>, mut operation: Operation) -> Result<Response, Failure> {
    let network = operation.network(&web)?;
    let chain = network.evm("typed data")?;
    let document = match operation.fields.optional_value("data") {
        Some(Value::String(text)) => text,
        Some(document @ Value::Object(_)) => document.to_string(),
        _ => {
            return Err(Failure::field(
                "data",
                Invalid::new("data is required: the document as a text of JSON."),
            ));
        }
    };
    let parsed = off_thread(move || TypedData::parse(&document).map_err(|error| wrong("data", error))).await?;
    parsed.expect_chain(chain).map_err(|error| wrong("data", error))?;
    let id = operation.wallet.id;
    let permit = operation
        .permit(&web, &Action::typed_data(&network.code, &parsed))
        .await?;
    let signature = operation
        .sign(&web, permit, move |wallet| {
            let key = wallet.evm().map_err(|error| not_open(&error, id))?;
            Ok(super::evm_json::hex(&key.sign_typed_data(&parsed).to_bytes()))
        })
        .await?;
    Ok(operation.answer(MESSAGE, &json!({ "signature": signature })))
}
