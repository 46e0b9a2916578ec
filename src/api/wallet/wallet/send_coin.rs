//! `POST /api/v{1,2}/wallet/send-coin`: the network's own coin is sent.
//!
//! `amount` is in decimal units of the coin, as a text. The transaction is stored before any node sees it: once this is
//! answered it is sent, whatever happens to this server, and a node that is down only delays it. `transaction.*` events
//! tell what became of it. The same wish within a minute is a 409 with the first one's hash, unless each call has an
//! `Idempotency-Key` of its own or says `allowDuplicate`; a call that is made again with its key is answered with what it
//! sent. What the network says no to at once is a 422, and will not be sent.

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
        required("amount", shape::amount()),
    ];
    let request = Schema::object_of(own.into_iter().chain(beside()));
    let body = json!({ "network": "ethereum-sepolia", "to": shape::EVM_ADDRESS, "amount": "0.015" });
    sending::shape::sends("sendCoin", include_str!("send_coin.rs"), MESSAGE).body(request.named("CoinToSend"), body)
}

const MESSAGE: &str = "Send Coin is processing";

/// 200 with the transaction.
pub async fn send_coin(State(web): State<Web>, operation: Operation) -> Result<Response, Failure> {
    sending::action(&web, operation, Wanted::Coin, SendKind::Coin, MESSAGE).await
}
