//! `POST /api/v{1,2}/wallet/send-token`: tokens of ERC-20 are sent.
//!
//! `amount` is in decimal units of the token, as a text. How many decimals it has is what the configuration says, or else
//! what two nodes of the network say alike (502 where they do not). See `send-coin` for how a send survives.

use axum::extract::State;
use axum::response::Response;
use serde_json::json;

use super::evm_action::Wanted;
use super::sending::{self, shape::beside};
use super::{Operation, shape};
use crate::domain::SendKind;
use crate::web::reference::{self, Schema, required};
use crate::web::{Failure, Web};

/// What the reference says of it.
pub fn doc() -> reference::Operation {
    let own = [
        required("to", Schema::text().says("Who gets them.")),
        required("amount", shape::amount()),
        required("tokenAddress", Schema::text().says("The token's contract.")),
    ];
    let request = Schema::object_of(own.into_iter().chain(beside()));
    let body = json!({
        "network": "ethereum-sepolia", "to": shape::EVM_ADDRESS, "amount": "2.5", "tokenAddress": shape::TOKEN_ADDRESS,
    });
    sending::shape::sends("sendToken", include_str!("send_token.rs"), MESSAGE).body(request.named("TokenToSend"), body)
}

const MESSAGE: &str = "Send Token is processing";

/// 200 with the transaction.
pub async fn send_token(State(web): State<Web>, operation: Operation) -> Result<Response, Failure> {
    sending::action(&web, operation, Wanted::Token, SendKind::Token, MESSAGE).await
}
