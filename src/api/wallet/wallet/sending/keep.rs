//! From a held lane to the nodes: signed, stored, offered.

use aboard_vault::wallet::evm::Transaction;
use uuid::Uuid;

use super::super::{Operation, not_open, wrong};
use super::Account;
use crate::config::Family;
use crate::domain::policy::Action;
use crate::domain::{Code, SendId, SendKind};
use crate::sends::{HANDED_OVER, Offered, after_offer, offer};
use crate::store::{Keeping, NewReservation, NewSend, Send};
use crate::web::{Failure, Web};

/// Signs for a held place and stores what was signed; nothing has left this server when this is answered.
pub async fn sign_and_keep(
    web: &Web,
    operation: &mut Operation,
    account: &Account<'_>,
    reserved: &NewReservation,
    kind: SendKind,
    transaction: Transaction,
    replaces: Option<SendId>,
) -> Result<(Send, Uuid), Failure> {
    let action = Action::evm(&account.network.code, account.own, &transaction).map_err(|error| wrong("transaction", error))?;
    let permit = operation.permit(web, &action).await?;
    let (id, sequence) = (operation.wallet.id, transaction.nonce);
    let signed = operation
        .sign(web, permit, move |wallet| {
            let key = wallet.evm().map_err(|error| not_open(&error, id))?;
            key.sign_transaction(&transaction)
                .map_err(|error| wrong("transaction", error))
        })
        .await?;
    let instance = &web.instance;
    let (now, owner) = (instance.clock.now(), instance.ids.id());
    let scope = operation.caller.app.scope;
    let new = NewSend {
        id: reserved.id,
        wallet: id,
        app: scope.app(),
        kind,
        family: Family::Evm,
        lane: account.lane.clone(),
        sequence: Some(sequence),
        digest: reserved.digest,
        key: reserved.key,
        raw: signed.raw.clone(),
        hash: signed.hash.to_string(),
        replaces,
        expires_at_height: None,
        owner,
        due_at: now + HANDED_OVER,
    };
    let sent = new.as_kept(scope.environment(), now);
    match instance.store.keep_send(&scope, new, now).await? {
        Keeping::Kept => Ok((sent, owner)),
        Keeping::Lost => Err(Failure {
            retry_after: Some(1),
            ..Failure::new(Code::Conflict)
                .saying("Another send of this wallet came between, and nothing was sent. Make the call again.")
        }),
    }
}

/// Offers what was stored to the nodes. Only a refusal by all of them is an error: what no node answered to is sent later.
pub async fn hand_over(web: &Web, sent: Send, owner: Uuid) -> Result<Send, Failure> {
    let instance = &web.instance;
    let offered = offer(&web.chains, &sent).await;
    let now = instance.clock.now();
    let end = after_offer(&offered, now);
    let written = instance
        .store
        .finish_send(instance.store.system(), owner, sent.id, end, now)
        .await;
    match (offered, written) {
        (Offered::Refused { reason, .. }, Ok(true)) => {
            let why = format!("The network does not take this: {reason}. It was signed, and will not be sent.");
            Err(Failure::new(Code::ChainRefused).saying(why))
        }
        // It stays stored, so it is offered again: whoever called has to know that it may yet be sent.
        (Offered::Refused { .. }, Err(error)) => Err(error.into()),
        (_, Err(error)) => {
            tracing::warn!(%error, send = %sent.id, "what became of a send could not be written; a job looks again");
            Ok(sent)
        }
        (_, Ok(_)) => Ok(sent),
    }
}
