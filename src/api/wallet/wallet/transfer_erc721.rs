//! `POST /api/v{1,2}/wallet/transfer-erc721`: a token of ERC-721 goes to somebody else.
//!
//! It is sent by `safeTransferFrom`: a contract that takes no tokens refuses it, before anything is signed. See
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
    let own = [
        required("to", Schema::text().says("Who gets it.")),
        required("tokenId", Schema::either(Schema::text(), Schema::count())),
        required("tokenAddress", Schema::text().says("The token's contract.")),
    ];
    let request = Schema::object_of(own.into_iter().chain(beside()));
    let body = json!({
        "network": "ethereum-sepolia", "to": shape::EVM_ADDRESS, "tokenId": "7", "tokenAddress": shape::TOKEN_ADDRESS,
    });
    sending::shape::sends("transferErc721", include_str!("transfer_erc721.rs"), MESSAGE)
        .body(request.named("Erc721ToSend"), body)
}

const MESSAGE: &str = "Transfer ERC721 is processing";

/// 200 with the transaction.
pub async fn transfer_erc721(State(web): State<Web>, operation: Operation) -> Result<Response, Failure> {
    sending::action(&web, operation, Wanted::Erc721, SendKind::Erc721, MESSAGE).await
}
