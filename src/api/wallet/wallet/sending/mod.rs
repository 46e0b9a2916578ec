//! What every call that sends has in common: what is missing is asked of the network, the lane is held, the transaction is
//! signed, stored and only then offered to the nodes.

mod bitcoin;
mod cover;
mod held;
mod keep;
mod lane;
mod options;
mod other;
mod price;
mod receipt;
mod replace;
pub mod shape;
mod solana;

use aboard_vault::sha256;
use aboard_vault::wallet::evm::{Address, Fees, Transaction};
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::evm_action::{self, Wanted};
use super::{Asked, Operation};
use crate::chains::evm::{At, Call, Client};
use crate::chains::{self, ChainFailure};
use crate::domain::{Invalid, Lane, SendId, SendKind};
use crate::store::{NewReservation, Reservation, Send, WantedSequence};
use crate::web::{Failure, Web};

use cover::Purse;
use keep::hand_over;
use receipt::receipt;

pub use options::Options;
pub use other::{cancel as cancel_other, transaction as other_transaction};

/// For how long an `Idempotency-Key` is known.
const KEY_KEPT: SignedDuration = SignedDuration::from_hours(24);

/// What a call wants sent on a network of the family evm.
pub struct Wish {
    /// What it is.
    pub kind: SendKind,
    /// What the chain sees of it.
    pub call: Call,
    /// What the caller says of nonce, gas and fees.
    pub options: Options,
    /// The send of the wallet's own that it has to replace, or the nonce of one that was not sent here.
    pub replaces: Replaces,
}

/// Whose place a send takes.
#[derive(Debug, Clone)]
pub enum Replaces {
    /// That of a send with the caller's nonce, if there is one.
    WhatHasTheNonce,
    /// That of this send.
    This(Box<Send>),
    /// That of a transaction with this nonce that was not sent through this server.
    Foreign(u64),
}

/// A network of the family evm with its nodes, and the wallet's account there.
pub struct Account<'a> {
    /// The network.
    pub network: &'a Asked,
    /// Its nodes.
    pub client: &'a Client,
    /// The account.
    pub own: Address,
    /// The order of what it sends.
    pub lane: Lane,
}

impl<'a> Account<'a> {
    /// The wallet's account on the network of a call.
    ///
    /// # Errors
    /// 400 for a family whose sends are not served, and for a network without nodes.
    pub fn of(web: &'a Web, operation: &Operation, network: &'a Asked) -> Result<Self, Failure> {
        let chains::Chain::Evm(client) = network.nodes(web)? else {
            return Err(network.cannot("sends of this kind"));
        };
        let own = operation.addresses()?.evm;
        let lane = Lane {
            network: network.code.clone(),
            address: own.to_checksum(None),
        };
        Ok(Self {
            network,
            client,
            own,
            lane,
        })
    }
}

/// One of the four calls that say what is sent by fields of their own; answers as they do.
pub async fn action(
    web: &Web,
    mut operation: Operation,
    wanted: Wanted,
    kind: SendKind,
    message: &str,
) -> Result<Response, Failure> {
    let network = operation.network(web)?;
    if let Some(sent) = sent_before(web, &mut operation).await? {
        return answer(&operation, &sent, message);
    }
    if let Some(sent) = other::action(web, &mut operation, &network, kind).await? {
        return answer(&operation, &sent, message);
    }
    let account = Account::of(web, &operation, &network)?;
    let options = Options::beside(&mut operation.fields)?;
    let action = evm_action::Action::read(wanted, account.client, account.own, &mut operation.fields).await?;
    if wanted != Wanted::Coin {
        // Of a coin the fees have to be covered as well: that is looked at once they are known.
        action.covered(account.client, account.own, &network.symbol).await?;
    }
    let wish = Wish {
        kind,
        call: action.call,
        options,
        replaces: Replaces::WhatHasTheNonce,
    };
    let sent = send(web, &mut operation, &account, wish).await?;
    answer(&operation, &sent, message)
}

/// The answer of a call that sent something.
pub fn answer(operation: &Operation, sent: &Send, message: &str) -> Result<Response, Failure> {
    Ok(operation.answer(message, &json!({ "txReceipt": receipt(sent)? })))
}

/// What a call with an `Idempotency-Key` sent when it was made before. A call that never came to the point where something
/// was stored is made now.
pub async fn sent_before(web: &Web, operation: &mut Operation) -> Result<Option<Send>, Failure> {
    let key = operation.key();
    let settings = operation.settings(web);
    if key.is_none() && settings.wallets.sends_need_key && operation.caller.app.scope.key().is_some() {
        let why = "An Idempotency-Key is required here of callers with a client secret: send a new one with each send, and the same one when the call is made again.";
        return Err(Failure::field("Idempotency-Key", Invalid::new(why)));
    }
    let (Some(key), true) = (key, operation.replayed) else {
        return Ok(None);
    };
    let instance = &web.instance;
    let since = instance.clock.now() - KEY_KEPT;
    let scope = &operation.caller.app.scope;
    let sent = instance
        .store
        .send_of_key(scope, operation.wallet.id, key, since)
        .await?;
    operation.replayed = sent.is_some();
    Ok(sent)
}

/// Sends: everything is checked before the lane is held, and nothing but the policy and the signature comes between that
/// and the store.
pub async fn send(web: &Web, operation: &mut Operation, account: &Account<'_>, wish: Wish) -> Result<Send, Failure> {
    let store = &web.instance.store;
    let scope = operation.caller.app.scope;
    let replaced = match (&wish.replaces, wish.options.nonce) {
        (Replaces::This(send), _) => Some((**send).clone()),
        (Replaces::WhatHasTheNonce, Some(nonce)) => {
            let open = store.open_sends(&scope, &account.lane).await?;
            newest_with(&open, nonce).cloned()
        }
        _ => None,
    };
    let count = counted(web, operation, account).await?;
    let purse = Purse::open(account, &wish, count.is_some()).await?;
    let found = price::find(account, &wish, replaced.as_ref()).await?;
    purse.covers(account, &wish, &found)?;
    let transaction = wish.options.transaction(account.client.chain_id(), &wish.call, found);
    let at_least = count.unwrap_or_default();
    let sequence = match (&wish.replaces, &replaced, wish.options.nonce) {
        (Replaces::Foreign(sequence), ..) => WantedSequence::Foreign { sequence: *sequence },
        (_, Some(send), _) => WantedSequence::Of {
            sequence: send.sequence.unwrap_or_default(),
            send: send.id,
        },
        (_, None, Some(sequence)) => WantedSequence::Exactly { sequence, at_least },
        (_, None, None) => WantedSequence::Next { at_least },
    };
    let wanted = NewReservation {
        id: SendId(web.instance.ids.id()),
        wallet: operation.wallet.id,
        lane: account.lane.clone(),
        digest: digest(&transaction),
        key: operation.key(),
        allow_duplicate: wish.options.allow_duplicate,
        sequence,
        held_until: Timestamp::UNIX_EPOCH,
    };
    let sequence = match lane::reserve(web, &scope, &wanted).await? {
        Reservation::Known(send) => {
            operation.replayed = true;
            return Ok(*send);
        }
        Reservation::Reserved { sequence } => sequence.unwrap_or_default(),
        refused => return Err(lane::refusal(refused, wish.options.nonce, web.instance.clock.now())),
    };
    let transaction = Transaction {
        nonce: sequence,
        ..transaction
    };
    let replaced = replaced.map(|send| send.id);
    let kept = keep::sign_and_keep(web, operation, account, &wanted, wish.kind, transaction, replaced).await;
    if kept.is_err() {
        // Another send need not wait for the end of the lease. If this fails, it does.
        let _ = store.release_send(&scope, &account.lane, wanted.id).await;
    }
    let (sent, owner) = kept?;
    hand_over(web, sent, owner).await
}

/// What the network says that the account has sent; `None` where no node answers and its lane is known here.
async fn counted(web: &Web, operation: &Operation, account: &Account<'_>) -> Result<Option<u64>, Failure> {
    match account.client.nonce(account.own, At::Pending).await {
        Ok(count) => Ok(Some(count)),
        Err(ChainFailure::Down(why)) => {
            let scope = &operation.caller.app.scope;
            let known = web.instance.store.next_sequence(scope, &account.lane).await?;
            known.map_or(Err(ChainFailure::Down(why).into()), |_| Ok(None))
        }
        Err(failure) => Err(failure.into()),
    }
}

/// The newest open send with a nonce that nothing has taken the place of.
pub fn newest_with(open: &[Send], nonce: u64) -> Option<&Send> {
    let mut newest = open.iter().rev();
    newest.find(|send| send.sequence == Some(nonce) && send.superseded_by.is_none())
}

/// SHA-256 of what a transaction does: equal for equal wishes, whatever their nonces and fees.
fn digest(transaction: &Transaction) -> [u8; 32] {
    let plain = Transaction {
        nonce: 0,
        gas_limit: 0,
        fees: match &transaction.fees {
            Fees::SetCode { authorizations, .. } => Fees::SetCode {
                max_fee_per_gas: 0,
                max_priority_fee_per_gas: 0,
                access_list: Vec::new(),
                authorizations: authorizations.clone(),
            },
            _ => Fees::Legacy { gas_price: 0 },
        },
        ..transaction.clone()
    };
    sha256(plain.signing_hash().as_slice())
}
