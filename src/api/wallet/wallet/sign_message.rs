//! `POST /api/v{1,2}/wallet/sign-message`: a text is signed as wallets sign texts.
//!
//! Ethereum and its like: EIP-191 (`personal_sign`), 65 bytes in hex. Solana: Ed25519 over the text, in base58; a text
//! that could pass for a transaction is refused. Bitcoin: BIP-322 (simple) of the P2WPKH address, in base64.

use aboard_vault::wallet::solana::Signature;
use axum::extract::State;
use axum::response::Response;
use serde_json::json;

use super::{Operation, not_open, shape, wrong};
use crate::config::Chain;
use crate::web::reference::{self, Schema, required};
use crate::web::{Failure, Web};

/// What the reference says of it.
pub fn doc() -> reference::Operation {
    let request = Schema::object([
        required("message", Schema::text().says("The text, as people read it.")),
        shape::network(),
        shape::chain(),
        shape::secret(),
    ]);
    let body = json!({ "network": "ethereum-sepolia", "message": "Hello" });
    let source = include_str!("sign_message.rs");
    shape::signs("signMessage", source, MESSAGE, "signature", "0x…1b".into()).body(request.named("MessageToSign"), body)
}

const MESSAGE: &str = "Sign Message is successfully";

/// 200 with the signature.
pub async fn sign_message(State(web): State<Web>, mut operation: Operation) -> Result<Response, Failure> {
    let network = operation.network(&web)?;
    let message = operation.fields.text("message")?;
    let id = operation.wallet.id;
    let signature = operation
        .sign(&web, move |wallet| {
            let broken = |error| not_open(&error, id);
            Ok(match network.chain {
                Chain::Evm(_) => {
                    let signature = wallet.evm().map_err(broken)?.sign_message(message.as_bytes());
                    super::evm_json::hex(&signature.to_bytes())
                }
                Chain::Solana => {
                    let signed = wallet.solana().map_err(broken)?.sign_message(message.as_bytes());
                    Signature(signed.map_err(|error| wrong("message", error))?).to_string()
                }
                Chain::Bitcoin => wallet.bitcoin().map_err(broken)?.sign_message(message.as_bytes()),
            })
        })
        .await?;
    Ok(operation.answer(MESSAGE, &json!({ "signature": signature })))
}
