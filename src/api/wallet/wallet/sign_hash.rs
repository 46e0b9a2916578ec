//! `POST /api/v{1,2}/wallet/sign-hash`: 32 bytes are signed as they are.
//!
//! Nothing tells what they stand for: they may be the hash of a transaction, past every rule. So it is switched off until
//! the setting `wallets.sign_hash` switches it on.

use axum::extract::State;
use axum::response::Response;
use serde_json::json;

use super::evm_json::{bytes, hex};
use super::{Operation, not_open, shape};
use crate::domain::Invalid;
use crate::domain::policy::Action;
use crate::web::reference::{self, Schema, required};
use crate::web::{Failure, Web};

/// What the reference says of it.
pub fn doc() -> reference::Operation {
    let request = Schema::object([
        required("hash", Schema::text().pattern("^0x[0-9A-Fa-f]{64}$")),
        shape::network(),
        shape::chain(),
        shape::secret(),
    ]);
    let hash = "0x5c504ed432cb51138bcf09aa5e8a410dd4a1e204ef84bfed1be16dfba1b22060";
    let body = json!({ "network": "ethereum-sepolia", "hash": hash });
    shape::signs(
        "signHash",
        include_str!("sign_hash.rs"),
        MESSAGE,
        "signature",
        "0x…1b".into(),
    )
    .body(request.named("HashToSign"), body)
}

const MESSAGE: &str = "Sign Hash is successfully";

/// 200 with the signature; 403 where bare hashes are not signed.
pub async fn sign_hash(State(web): State<Web>, mut operation: Operation) -> Result<Response, Failure> {
    let network = operation.network(&web)?;
    network.evm("bare hashes")?;
    let text = operation.fields.text("hash")?;
    let hash = bytes(&text).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    let hash = hash.ok_or_else(|| Failure::field("hash", Invalid::new("hash must be 0x and 64 hex digits.")))?;
    let id = operation.wallet.id;
    let permit = operation.permit(&web, &Action::hash(&network.code)).await?;
    let signature = operation
        .sign(&web, permit, move |wallet| {
            let key = wallet.evm().map_err(|error| not_open(&error, id))?;
            Ok(hex(&key.sign_hash(hash).to_bytes()))
        })
        .await?;
    Ok(operation.answer(MESSAGE, &json!({ "signature": signature })))
}
