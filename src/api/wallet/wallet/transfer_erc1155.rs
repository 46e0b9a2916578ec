//! `POST /api/v{1,2}/wallet/transfer-erc1155`: tokens of ERC-1155 go to somebody else.
//!
//! `tokenId` and `amount` are one number each, or two lists of the same length: one call then moves them all. See
//! `send-coin` for how a send survives.

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
    let number = || Schema::either(Schema::text(), Schema::count());
    let numbers = || Schema::either(number(), Schema::list(number()));
    let own = [
        required("to", Schema::text().says("Who gets them.")),
        required("tokenId", numbers()),
        required("amount", numbers().says("How many of each. `tokenAmount` is the same.")),
        required("tokenAddress", Schema::text().says("The tokens' contract.")),
    ];
    let request = Schema::object_of(own.into_iter().chain(beside()));
    let body = json!({
        "network": "ethereum-sepolia", "to": shape::EVM_ADDRESS, "tokenId": ["7", "8"], "amount": ["1", "20"],
        "tokenAddress": shape::TOKEN_ADDRESS,
    });
    sending::shape::sends("transferErc1155", include_str!("transfer_erc1155.rs"), MESSAGE)
        .body(request.named("Erc1155ToSend"), body)
}

const MESSAGE: &str = "Transfer ERC1155 is processing";

/// 200 with the transaction.
pub async fn transfer_erc1155(State(web): State<Web>, operation: Operation) -> Result<Response, Failure> {
    sending::action(&web, operation, Wanted::Erc1155, SendKind::Erc1155, MESSAGE).await
}
