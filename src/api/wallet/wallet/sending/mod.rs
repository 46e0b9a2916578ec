//! What every call that sends has in common: what is missing is asked of the network, the lane is held, the transaction is
//! signed, stored and only then offered to the nodes.

mod bitcoin;
mod cover;
mod held;
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
use serde_json::json;

use super::evm_action::{self, Wanted};
use super::{Asked, Operation, not_open, wrong};
use crate::chains::evm::{At, Call, Client};
use crate::chains::{self, ChainFailure};
use crate::config::Family;
use crate::domain::policy::Action;
use crate::domain::{Invalid, Lane, SEND_KEY_KEPT, SendKind};
use crate::store::{FAR_AHEAD, Send, WantedSequence};
use crate::web::{Failure, Web};

use cover::Purse;
use receipt::receipt;

pub use options::Options;
pub use other::{cancel as cancel_other, transaction as other_transaction};

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
    let since = instance.clock.now() - SEND_KEY_KEPT;
    let scope = &operation.caller.app.scope;
    let sent = instance
        .store
        .send_of_key(scope, operation.wallet.id, key, since)
        .await?;
    operation.replayed = sent.is_some();
    sent.map(held::known).transpose()
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
    let purse = Purse::open(account, &wish, count.said.is_some()).await?;
    let found = price::find(account, &wish, replaced.as_ref()).await?;
    purse.covers(account, &wish, &found)?;
    let transaction = wish.options.transaction(account.client.chain_id(), &wish.call, found);
    let at_least = count.at_least;
    let sequence = match (&wish.replaces, &replaced, wish.options.nonce) {
        (Replaces::Foreign(sequence), ..) => WantedSequence::Foreign { sequence: *sequence },
        (_, Some(send), _) => WantedSequence::Of {
            sequence: send.sequence.unwrap_or_default(),
            send: send.id,
        },
        (_, None, Some(sequence)) => WantedSequence::Exactly { sequence, at_least },
        (_, None, None) => WantedSequence::Next { at_least },
    };
    let wanted = held::Wanted {
        kind: wish.kind,
        family: Family::Evm,
        lane: account.lane.clone(),
        digest: digest(&transaction),
        allow_duplicate: wish.options.allow_duplicate,
        sequence,
        replaces: None,
    };
    let held = match held::begin(web, operation, wanted).await? {
        held::Begun::Known(send) => return Ok(send),
        held::Begun::Held(held) => held,
    };
    let transaction = Transaction {
        nonce: held.sequence.unwrap_or_default(),
        ..transaction
    };
    let signed = sign(web, operation, account, transaction).await;
    held.end(web, operation, signed).await
}

async fn sign(
    web: &Web,
    operation: &mut Operation,
    account: &Account<'_>,
    transaction: Transaction,
) -> Result<held::Signed, Failure> {
    let action =
        Action::evm(&account.network.code, account.own, &transaction).map_err(|error| wrong("transaction", error))?;
    let permit = operation.permit(web, &action).await?;
    let id = operation.wallet.id;
    let signed = operation
        .sign(web, permit, move |wallet| {
            let key = wallet.evm().map_err(|error| not_open(&error, id))?;
            key.sign_transaction(&transaction)
                .map_err(|error| wrong("transaction", error))
        })
        .await?;
    Ok(held::Signed {
        raw: signed.raw,
        hash: signed.hash.to_string(),
        last_height: None,
    })
}

/// What is known of how much an account has sent.
struct Count {
    /// What the network says, if any node answers.
    said: Option<u64>,
    /// The nonce before which none is looked for.
    at_least: u64,
}

/// What the network says that the account has sent, or what is known of its lane here where no node answers.
async fn counted(web: &Web, operation: &Operation, account: &Account<'_>) -> Result<Count, Failure> {
    let scope = &operation.caller.app.scope;
    let known = web.instance.store.next_sequence(scope, &account.lane).await?;
    let near = |count: u64, from: u64| count <= from.saturating_add(FAR_AHEAD);
    let nobody = match account.client.nonce(account.own, At::Pending).await {
        Ok(count) if near(count, known.unwrap_or_default()) => {
            return Ok(Count {
                said: Some(count),
                at_least: count,
            });
        }
        // So much may wait only if about as much is in the chain, whichever node is asked.
        Ok(count) => {
            let least = account.client.least_nonce(account.own).await?;
            let count = if near(count, least) {
                count
            } else {
                let most = least.saturating_add(FAR_AHEAD);
                account.client.pending_up_to(account.own, most).await?
            };
            return Ok(Count {
                said: Some(count),
                at_least: count,
            });
        }
        Err(failure @ ChainFailure::Down(_)) => failure,
        Err(failure) => return Err(failure.into()),
    };
    let known = known.ok_or(nobody)?;
    Ok(Count {
        said: None,
        at_least: known.saturating_sub(FAR_AHEAD),
    })
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
