//! `POST /api/v{1,2}/wallet/send-transaction`: a transaction that the caller made is signed and sent.
//!
//! `transaction` has the words of `sign-transaction`; nonce, gas and fees may be left out, and the network is asked.
//! An `authorizationList` inside it (EIP-7702) holds what `sign-authorization` answers; it is signed for contracts in the
//! setting `wallets.delegates` alone. See `send-coin` for how a send survives.

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};

use super::sending::{self, Account, Options, Replaces, Wish, shape::beside};
use super::{Operation, evm_json, shape};
use crate::domain::{Invalid, SendKind};
use crate::web::reference::{self, Schema, required};
use crate::web::{Failure, Fields, Web};

/// What the reference says of it.
pub fn doc() -> reference::Operation {
    let transaction = Schema::map().says(
        "`to`, `value` in wei, `data`; `nonce`, `gasLimit`, `gasPrice`, `maxFeePerGas`, `maxPriorityFeePerGas`, `accessList` and `authorizationList` as they are needed.",
    );
    let own = [required("transaction", transaction)];
    let request = Schema::object_of(own.into_iter().chain(beside()));
    let body = json!({ "network": "ethereum-sepolia", "transaction": {
        "to": shape::EVM_ADDRESS, "value": "1000000000000000", "data": "0x",
    } });
    sending::shape::sends("sendTransaction", include_str!("send_transaction.rs"), MESSAGE)
        .body(request.named("TransactionToSend"), body)
}

const MESSAGE: &str = "Send Transaction is processing";

/// 200 with the transaction.
pub async fn send_transaction(State(web): State<Web>, mut operation: Operation) -> Result<Response, Failure> {
    let network = operation.network(&web)?;
    if let Some(sent) = sending::sent_before(&web, &mut operation).await? {
        return sending::answer(&operation, &sent, MESSAGE);
    }
    let Some(Value::Object(map)) = operation.fields.optional_value("transaction") else {
        let why = "transaction is required: an object.";
        return Err(Failure::field("transaction", Invalid::new(why)));
    };
    let mut inside = Fields::new(map);
    if let Some(sent) = sending::other_transaction(&web, &mut operation, &network, &mut inside).await? {
        return sending::answer(&operation, &sent, MESSAGE);
    }
    let account = Account::of(&web, &operation, &network)?;
    let mut call = evm_json::call(account.client.chain_id(), account.own, &mut inside)?;
    let options = Options::read(&mut inside, &mut operation.fields)?;
    call.access_list = options.access_list.clone().unwrap_or_default();
    call.authorizations.clone_from(&options.authorizations);
    let wish = Wish {
        kind: SendKind::Transaction,
        call,
        options,
        replaces: Replaces::WhatHasTheNonce,
    };
    let sent = sending::send(&web, &mut operation, &account, wish).await?;
    sending::answer(&operation, &sent, MESSAGE)
}
