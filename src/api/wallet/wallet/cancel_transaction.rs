//! `POST /api/v{1,2}/wallet/cancel-transaction`: nothing is sent in the place of a transaction that waits.
//!
//! A transaction cannot be called back: one that does nothing takes its nonce, by offering more. Which of the two stands in
//! the chain is known once `transaction.replaced` tells of the other one. `nonce` is that of a send of the wallet whose
//! end is not known, or of a transaction that waits on the network and was sent elsewhere. On Bitcoin, where there are no
//! nonces, `transactionHash` names a send of the wallet; its coins come back, less a higher fee.

use axum::extract::State;
use axum::response::Response;
use serde_json::json;

use super::sending::{
    self, Account, Options, Replaces, Wish,
    shape::{HASH, place_and_fees},
};
use super::{Operation, shape};
use crate::chains::evm::{At, Call};
use crate::domain::{Code, Invalid, SAME_SEND, SendKind};
use crate::store::Send;
use crate::web::reference::{self, Schema, always, optional};
use crate::web::{Failure, Web};

/// What the reference says of it.
pub fn doc() -> reference::Operation {
    let nonce = Schema::either(Schema::count(), Schema::text()).says("Of the transaction that is not to happen.");
    let hash = Schema::text().says("Bitcoin, in place of the nonce: the send that is not to happen.");
    let own = [optional("nonce", nonce), optional("transactionHash", hash)];
    let request = Schema::object_of(own.into_iter().chain(place_and_fees()));
    let data = Schema::object([always(
        "hash",
        Schema::text().says("Of the transaction that does nothing."),
    )]);
    let example = json!({ "hash": HASH });
    let operation = shape::asks(
        "cancelTransaction",
        include_str!("cancel_transaction.rs"),
        MESSAGE,
        data,
        &example,
    );
    let body = json!({ "network": "ethereum-sepolia", "nonce": 5 });
    [Code::DuplicateSend, Code::SendsPaused, Code::NewDeviceHold]
        .into_iter()
        .fold(operation, shape::also_refuses)
        .body(request.named("TransactionToCancel"), body)
}

const MESSAGE: &str = "Cancellation is in progress";

/// 200 with the hash of the transaction that takes its place.
pub async fn cancel_transaction(State(web): State<Web>, mut operation: Operation) -> Result<Response, Failure> {
    let network = operation.network(&web)?;
    let answer = |operation: &Operation, sent: &Send| operation.answer(MESSAGE, &json!({ "hash": sent.hash }));
    if let Some(sent) = sending::sent_before(&web, &mut operation).await? {
        return Ok(answer(&operation, &sent));
    }
    if let Some(sent) = sending::cancel_other(&web, &mut operation, &network).await? {
        return Ok(answer(&operation, &sent));
    }
    let account = Account::of(&web, &operation, &network)?;
    let options = Options::beside(&mut operation.fields)?;
    let nonce = options.nonce.ok_or_else(|| {
        let why = "nonce is required: that of the transaction that is not to happen.";
        Failure::field("nonce", Invalid::new(why))
    })?;
    let store = &web.instance.store;
    let open = store.open_sends(&operation.caller.app.scope, &account.lane).await?;
    let replaces = match sending::newest_with(&open, nonce) {
        Some(send) if is_cancelled(&web, &operation, send, &options) => {
            let why = format!(
                "This was cancelled a moment ago, by {}. To offer still more for it, say `allowDuplicate: true`.",
                send.hash
            );
            let refused = Failure::new(Code::DuplicateSend).saying(why);
            return Err(refused.detailed("hash", send.hash.as_str()));
        }
        Some(send) => Replaces::This(Box::new(send.clone())),
        None => elsewhere(&account, nonce).await?,
    };
    let wish = Wish {
        kind: SendKind::Cancel,
        call: Call {
            from: Some(account.own),
            to: Some(account.own),
            ..Call::default()
        },
        options,
        replaces,
    };
    let sent = sending::send(&web, &mut operation, &account, wish).await?;
    Ok(answer(&operation, &sent))
}

/// Whether a send is a cancellation already, of this very wish.
fn is_cancelled(web: &Web, operation: &Operation, send: &Send, options: &Options) -> bool {
    let age = web.instance.clock.now().duration_since(send.created_at);
    send.kind == SendKind::Cancel && age < SAME_SEND && !options.allow_duplicate && operation.key().is_none()
}

/// A transaction that waits on the network and was not sent through this server.
async fn elsewhere(account: &Account<'_>, nonce: u64) -> Result<Replaces, Failure> {
    let mined = account.client.nonce(account.own, At::Latest).await?;
    let pending = account.client.nonce(account.own, At::Pending).await?;
    let why = if nonce < mined {
        format!("The transaction with nonce {nonce} stands in the chain: it can no longer be cancelled.")
    } else if nonce >= pending {
        format!("No transaction with nonce {nonce} waits: there is nothing to cancel.")
    } else {
        return Ok(Replaces::Foreign(nonce));
    };
    Err(Failure::new(Code::Conflict).saying(why))
}
