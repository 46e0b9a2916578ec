//! A lane that is held while something is signed for it, so that each send has a nonce of its own, no two are made of the
//! same coins, and nobody sends the same twice by mistake; and what was signed, from there to the nodes.

use jiff::Timestamp;
use uuid::Uuid;

use super::super::Operation;
use super::lane;
use crate::config::Family;
use crate::domain::{Code, Lane, SendId, SendKind, SendState};
use crate::sends::{HANDED_OVER, Offered, after_offer, may_be_given_up, offer};
use crate::store::{Keeping, NewReservation, NewSend, Reservation, Send, WantedSequence};
use crate::web::{Failure, Web};

/// What is wanted.
pub struct Wanted {
    /// What it is.
    pub kind: SendKind,
    /// The family of its network.
    pub family: Family,
    /// Network and address.
    pub lane: Lane,
    /// SHA-256 of what it does.
    pub digest: [u8; 32],
    /// Whether the same may be sent twice within a minute.
    pub allow_duplicate: bool,
    /// The send whose place it takes, where the family has no nonces.
    pub replaces: Option<SendId>,
    /// Which nonce.
    pub sequence: WantedSequence,
}

/// What was signed.
pub struct Signed {
    /// The bytes for the nodes.
    pub raw: Vec<u8>,
    /// What the network will call it.
    pub hash: String,
    /// The height after which it can no longer land, where the family has one.
    pub last_height: Option<u64>,
}

/// A lane that is held.
pub struct Held {
    wanted: Wanted,
    id: SendId,
    key: Option<[u8; 32]>,
    /// The nonce, where the family has one.
    pub sequence: Option<u64>,
}

/// Whether there is something to sign.
pub enum Begun {
    /// Sign, and [`Held::end`] it.
    Held(Held),
    /// A call with this `Idempotency-Key` sent this.
    Known(Send),
}

/// Holds the lane.
pub async fn begin(web: &Web, operation: &mut Operation, wanted: Wanted) -> Result<Begun, Failure> {
    let reserved = NewReservation {
        id: SendId(web.instance.ids.id()),
        wallet: operation.wallet.id,
        lane: wanted.lane.clone(),
        digest: wanted.digest,
        key: operation.key(),
        allow_duplicate: wanted.allow_duplicate,
        sequence: wanted.sequence,
        held_until: Timestamp::UNIX_EPOCH,
    };
    let scope = operation.caller.app.scope;
    match lane::reserve(web, &scope, &reserved).await? {
        Reservation::Known(send) => {
            operation.replayed = true;
            known(*send).map(Begun::Known)
        }
        Reservation::Reserved { sequence } => Ok(Begun::Held(Held {
            wanted,
            id: reserved.id,
            key: reserved.key,
            sequence,
        })),
        refused => Err(lane::refusal(refused, wanted.sequence, web.instance.clock.now())),
    }
}

/// What a call with the same `Idempotency-Key` has sent.
///
/// # Errors
/// 422 for what was dropped: whoever kept its bytes could still send it, beside another one.
pub fn known(send: Send) -> Result<Send, Failure> {
    if send.state != SendState::Dropped {
        return Ok(send);
    }
    let why = format!(
        "The network did not take what was sent with this Idempotency-Key, as {}: {}. Nothing else is signed with this key: once you are sure that it did not arrive, make the call with another key.",
        send.hash,
        send.last_error.as_deref().unwrap_or("no reason given")
    );
    Err(Failure::new(Code::ChainRefused)
        .saying(why)
        .detailed("hash", send.hash.as_str()))
}

impl Held {
    /// Stores what was signed and offers it to the nodes; or gives the lane back.
    pub async fn end(self, web: &Web, operation: &Operation, signed: Result<Signed, Failure>) -> Result<Send, Failure> {
        let (store, scope) = (&web.instance.store, operation.caller.app.scope);
        let (lane, id, replaces) = (self.wanted.lane.clone(), self.id, self.wanted.replaces.is_some());
        let kept = match signed {
            Ok(signed) => self.keep(web, operation, signed).await,
            Err(failure) => Err(failure),
        };
        if kept.is_err() {
            // Another send need not wait for the end of the lease. If this fails, it does.
            let _ = store.release_send(&scope, &lane, id).await;
        }
        let (sent, owner) = kept?;
        hand_over(web, sent, owner, replaces).await
    }

    /// Nothing has left this server when this is answered.
    async fn keep(self, web: &Web, operation: &Operation, signed: Signed) -> Result<(Send, Uuid), Failure> {
        let instance = &web.instance;
        let (now, owner, scope) = (instance.clock.now(), instance.ids.id(), operation.caller.app.scope);
        let new = NewSend {
            id: self.id,
            wallet: operation.wallet.id,
            app: scope.app(),
            kind: self.wanted.kind,
            family: self.wanted.family,
            lane: self.wanted.lane,
            sequence: self.sequence,
            digest: self.wanted.digest,
            key: self.key,
            raw: signed.raw,
            hash: signed.hash,
            replaces: match self.wanted.sequence {
                WantedSequence::Of { send, .. } => Some(send),
                _ => self.wanted.replaces,
            },
            expires_at_height: signed.last_height,
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
            Keeping::NotOpen => Err(Failure::new(Code::Conflict)
                .saying("What this was to replace ended while this was being signed. Nothing was sent.")),
        }
    }
}

/// Offers what was stored to the nodes. Only a refusal by all of them is an error: what no node answered to is sent later.
async fn hand_over(web: &Web, sent: Send, owner: Uuid, replaces: bool) -> Result<Send, Failure> {
    let instance = &web.instance;
    let offered = offer(&web.chains, &sent).await;
    let now = instance.clock.now();
    let gives_up = may_be_given_up(&sent, replaces);
    let end = after_offer(&offered, gives_up, now);
    let written = instance
        .store
        .finish_send(instance.store.system(), owner, sent.id, end, now)
        .await;
    match (offered, written) {
        (Offered::Refused { reason, .. }, Ok(true)) => {
            let what_now = if gives_up {
                "It was signed, and will not be sent."
            } else {
                "It was signed, and is offered again for a while, so it may yet arrive: an event tells how it ends. Make the call again with the same Idempotency-Key, or wait for the event: with another key, or none, it may be sent twice."
            };
            let why = format!("The network does not take this: {reason}. {what_now}");
            Err(Failure::new(Code::ChainRefused)
                .saying(why)
                .detailed("hash", sent.hash.as_str()))
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
