//! A send of a family without nonces: the lane of its address is held while it is signed, so that no two sends are made of
//! the same coins, and nobody sends the same twice by mistake.

use jiff::Timestamp;

use super::super::Operation;
use super::{hand_over, lane};
use crate::config::Family;
use crate::domain::{Code, Lane, SendId, SendKind};
use crate::sends::HANDED_OVER;
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
    /// The send whose place it takes.
    pub replaces: Option<SendId>,
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
    reserved: NewReservation,
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
        sequence: WantedSequence::None,
        held_until: Timestamp::UNIX_EPOCH,
    };
    let scope = operation.caller.app.scope;
    match lane::reserve(web, &scope, &reserved).await? {
        Reservation::Known(send) => {
            operation.replayed = true;
            Ok(Begun::Known(*send))
        }
        Reservation::Reserved { .. } => Ok(Begun::Held(Held { wanted, reserved })),
        refused => Err(lane::refusal(refused, None, web.instance.clock.now())),
    }
}

impl Held {
    /// Stores what was signed and offers it to the nodes; or gives the lane back.
    pub async fn end(self, web: &Web, operation: &Operation, signed: Result<Signed, Failure>) -> Result<Send, Failure> {
        let (store, scope) = (&web.instance.store, operation.caller.app.scope);
        let (lane, id) = (self.reserved.lane.clone(), self.reserved.id);
        let kept = match signed {
            Ok(signed) => self.keep(web, operation, signed).await,
            Err(failure) => Err(failure),
        };
        if kept.is_err() {
            // Another send need not wait for the end of the lease. If this fails, it does.
            let _ = store.release_send(&scope, &lane, id).await;
        }
        let (sent, owner) = kept?;
        hand_over(web, sent, owner).await
    }

    async fn keep(self, web: &Web, operation: &Operation, signed: Signed) -> Result<(Send, uuid::Uuid), Failure> {
        let instance = &web.instance;
        let (now, owner, scope) = (instance.clock.now(), instance.ids.id(), operation.caller.app.scope);
        let new = NewSend {
            id: self.reserved.id,
            wallet: operation.wallet.id,
            app: scope.app(),
            kind: self.wanted.kind,
            family: self.wanted.family,
            lane: self.wanted.lane,
            sequence: None,
            digest: self.wanted.digest,
            key: self.reserved.key,
            raw: signed.raw,
            hash: signed.hash,
            replaces: self.wanted.replaces,
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
        }
    }
}
