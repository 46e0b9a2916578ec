//! A place in a lane, for as long as it takes to sign.

use futures_util::FutureExt as _;
use jiff::Timestamp;
use uuid::Uuid;

use super::{DROPPED_OF_KEY, OF_KEY, Send, read, stored, unsigned};
use crate::domain::{Lane, SAME_SEND, SEND_KEY_KEPT, SendId, WalletId};
use crate::store::scope::AppScope;
use crate::store::sql::params;
use crate::store::transaction::Tx;
use crate::store::{Result, Store};

/// Nonces so far ahead of what the network says that an account has sent are nobody's: less than this is on its way.
pub const FAR_AHEAD: u64 = 1_000;

/// Which nonce a send wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WantedSequence {
    /// The family has none.
    None,
    /// The next. `at_least` is what the network says; what is known here may be further.
    Next {
        /// What the network says.
        at_least: u64,
    },
    /// This one, which has to be the next.
    Exactly {
        /// Which.
        sequence: u64,
        /// What the network says.
        at_least: u64,
    },
    /// That of this send of the wallet's own, whose end is not known.
    Of {
        /// Which.
        sequence: u64,
        /// The send.
        send: SendId,
    },
    /// One that the network holds a transaction for which was not sent through this server.
    Foreign {
        /// Which.
        sequence: u64,
    },
}

/// Somebody who wants to sign and send.
#[derive(Debug, Clone)]
pub struct NewReservation {
    /// The id that the send will have.
    pub id: SendId,
    /// The wallet.
    pub wallet: WalletId,
    /// Network and address.
    pub lane: Lane,
    /// SHA-256 of what it does, without nonce and fees.
    pub digest: [u8; 32],
    /// The `Idempotency-Key` as the store knows it, if the call has one.
    pub key: Option<[u8; 32]>,
    /// Whether the same may be sent twice within a minute.
    pub allow_duplicate: bool,
    /// Which nonce.
    pub sequence: WantedSequence,
    /// Until when the lane is held, if nothing is kept and it is not released.
    pub held_until: Timestamp,
}

/// What became of the wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reservation {
    /// The lane is held: sign with this nonce.
    Reserved {
        /// The nonce, where the family has one.
        sequence: Option<u64>,
    },
    /// A call with this `Idempotency-Key` has sent this.
    Known(Box<Send>),
    /// The wallet sent the same a moment ago.
    Duplicate(Box<Send>),
    /// Another send of this address is being signed.
    Busy,
    /// Nothing is sent there for now: the operator's words.
    Paused(String),
    /// Another nonce comes next.
    WrongSequence {
        /// Which.
        next: u64,
    },
    /// What was to be replaced has ended, or was replaced by another one.
    NotOpen,
}

const PAUSED: &str = "
    select reason from send_pauses where environment_id = :environment and (network = :network or network = '')
    order by network limit 1";
const SAME: &str = select_send!(
    " from sends
    where environment_id = :environment and network = :network and address = :address and digest = :digest
        and created_at > :since and state in ('stored', 'broadcast', 'confirmed', 'replaced')
    order by id limit 1"
);
const LANE: &str = "
    select next_sequence, holder_id, held_until from send_lanes
    where environment_id = :environment and network = :network and address = :address";
// What nodes refused left its nonce behind, unless something else took it.
const FREE: &str = "
    select min(dropped.sequence) from sends dropped
    where dropped.environment_id = :environment and dropped.network = :network and dropped.address = :address
        and dropped.sequence >= :at_least and dropped.state = 'dropped'
        and not exists (select 1 from sends other
            where other.environment_id = dropped.environment_id and other.network = dropped.network
                and other.address = dropped.address and other.sequence = dropped.sequence and other.state <> 'dropped')";
const LAST_NEAR: &str = "
    select max(sequence) from sends
    where environment_id = :environment and network = :network and address = :address and state <> 'dropped'
        and sequence >= :at_least and sequence < :most";
const TAKEN: &str = "
    select id from sends where environment_id = :environment and network = :network and address = :address
        and sequence = :sequence and state <> 'dropped' limit 1";
const LANDED: &str = "
    select id from sends where environment_id = :environment and network = :network and address = :address
        and sequence = :sequence and state = 'confirmed' limit 1";
const IS_OPEN: &str = "
    select id from sends where id = :id and environment_id = :environment and network = :network and address = :address
        and sequence = :sequence and state in ('stored', 'broadcast') and superseded_by is null";
const HAS_OPEN: &str = "
    select id from sends where environment_id = :environment and network = :network and address = :address
        and sequence = :sequence and state in ('stored', 'broadcast') limit 1";
const HOLD: &str = "
    insert into send_lanes (environment_id, network, address, next_sequence, holder_id, held_until)
    values (:environment, :network, :address, 0, :holder, :held_until)
    on conflict (environment_id, network, address) do update set holder_id = excluded.holder_id, held_until = excluded.held_until";
const RELEASE: &str = "
    update send_lanes set holder_id = null, held_until = null
    where environment_id = :environment and network = :network and address = :address and holder_id = :holder";

impl Store {
    /// Holds the lane of an address for a send that is about to be signed, and answers its nonce. Of many who want the
    /// same lane one has it. Nothing is used up until [`Store::keep_send`].
    pub async fn reserve_send(&self, scope: &AppScope, wanted: NewReservation, now: Timestamp) -> Result<Reservation> {
        let environment = scope.environment.0;
        self.transact(move |tx| async move { reserve(tx, environment, &wanted, now).await }.boxed())
            .await
    }

    /// Gives a lane back that nothing was signed for.
    pub async fn release_send(&self, scope: &AppScope, lane: &Lane, send: SendId) -> Result<()> {
        let (environment, lane) = (scope.environment.0, lane.clone());
        self.transact(move |tx| {
            async move {
                lock(tx, environment, &lane).await?;
                let held = params![
                    environment: environment, network: lane.network.as_str(), address: lane.address.as_str(), holder: send.0,
                ];
                tx.execute(RELEASE, &held).await.map(drop)
            }
            .boxed()
        })
        .await
    }
}

/// Whoever decides on a lane comes before or after all others who do.
pub(super) async fn lock(tx: &Tx<'_>, environment: Uuid, lane: &Lane) -> Result<()> {
    let name: [&[u8]; 4] = [
        b"send lane",
        environment.as_bytes(),
        lane.network.as_bytes(),
        lane.address.as_bytes(),
    ];
    tx.lock(&name).await
}

async fn reserve(tx: &Tx<'_>, environment: Uuid, wanted: &NewReservation, now: Timestamp) -> Result<Reservation> {
    let (network, address) = (wanted.lane.network.as_str(), wanted.lane.address.as_str());
    lock(tx, environment, &wanted.lane).await?;
    let mut dropped = None;
    if let Some(key) = &wanted.key {
        let known = params![
            key: &key[..], environment: environment, wallet: wanted.wallet.0, since: now - SEND_KEY_KEPT,
        ];
        if let Some(send) = tx.one(OF_KEY, &known, read).await? {
            return Ok(Reservation::Known(Box::new(send)));
        }
        dropped = tx.one(DROPPED_OF_KEY, &known, read).await?;
    }
    let here = params![environment: environment, network: network];
    if let Some(reason) = tx.one(PAUSED, &here, |row| row.text(0)).await? {
        return Ok(Reservation::Paused(reason));
    }
    let replaces = matches!(
        wanted.sequence,
        WantedSequence::Of { .. } | WantedSequence::Foreign { .. }
    );
    if wanted.key.is_none() && !wanted.allow_duplicate && !replaces {
        let same = params![
            environment: environment, network: network, address: address, digest: &wanted.digest[..], since: now - SAME_SEND,
        ];
        if let Some(send) = tx.one(SAME, &same, read).await? {
            return Ok(Reservation::Duplicate(Box::new(send)));
        }
    }
    let lane = params![environment: environment, network: network, address: address];
    let known = tx
        .one(LANE, &lane, |row| {
            Ok((unsigned(row.int(0)?)?, row.opt_id(1)?, row.opt_time(2)?))
        })
        .await?;
    let (next, holder, held_until) = known.unwrap_or_default();
    if holder.is_some_and(|holder| holder != wanted.id.0) && held_until.is_some_and(|until| until > now) {
        return Ok(Reservation::Busy);
    }
    let sequence = match wanted.sequence {
        WantedSequence::None => None,
        WantedSequence::Next { at_least } => Some(following(tx, environment, wanted, next, at_least).await?),
        WantedSequence::Exactly { sequence, at_least } => {
            let next = following(tx, environment, wanted, next, at_least).await?;
            if sequence != next {
                let taken = params![
                    environment: environment, network: network, address: address, sequence: stored(sequence.min(next))?,
                ];
                // What was left out before may be named; nothing after it can be mined without it.
                let left_out = (at_least..next).contains(&sequence);
                if !left_out || tx.one(TAKEN, &taken, |row| row.id(0)).await?.is_some() {
                    return Ok(Reservation::WrongSequence { next });
                }
            }
            Some(sequence)
        }
        WantedSequence::Of { sequence, send } => {
            let open = params![
                id: send.0, environment: environment, network: network, address: address, sequence: stored(sequence)?,
            ];
            if tx.one(IS_OPEN, &open, |row| row.id(0)).await?.is_none() {
                return Ok(Reservation::NotOpen);
            }
            Some(sequence)
        }
        WantedSequence::Foreign { sequence } => {
            let taken = params![
                environment: environment, network: network, address: address, sequence: stored(sequence)?,
            ];
            // Once the wallet sends something with it, that is what is replaced.
            if tx.one(HAS_OPEN, &taken, |row| row.id(0)).await?.is_some() {
                return Ok(Reservation::NotOpen);
            }
            Some(sequence)
        }
    };
    let sequence = match dropped {
        None => sequence,
        Some(dropped) => match again(tx, environment, wanted, sequence, &dropped).await? {
            None => return Ok(Reservation::Known(Box::new(dropped))),
            again => again,
        },
    };
    let held = params![
        environment: environment, network: network, address: address, holder: wanted.id.0, held_until: wanted.held_until,
    ];
    tx.execute(HOLD, &held).await?;
    Ok(Reservation::Reserved { sequence })
}

/// The nonce with which a call may sign once more for which something was signed that every node refused: whoever kept that
/// could still bring it in, so it is the same nonce, until another send with it is known to have taken its place.
async fn again(
    tx: &Tx<'_>,
    environment: Uuid,
    wanted: &NewReservation,
    sequence: Option<u64>,
    dropped: &Send,
) -> Result<Option<u64>> {
    let Some(first) = dropped.sequence.filter(|first| sequence != Some(*first)) else {
        return Ok(sequence);
    };
    let at = params![
        environment: environment, network: wanted.lane.network.as_str(), address: wanted.lane.address.as_str(),
        sequence: stored(first)?,
    ];
    if tx.one(LANDED, &at, |row| row.id(0)).await?.is_some() {
        return Ok(sequence);
    }
    let is_next = matches!(wanted.sequence, WantedSequence::Next { at_least } if at_least <= first);
    let is_free = is_next && tx.one(TAKEN, &at, |row| row.id(0)).await?.is_none();
    Ok(is_free.then_some(first))
}

/// The nonce that comes next: one that was left behind, or the first that nothing was ever signed for. What the network
/// says moves it up, and down from where nothing can lead.
async fn following(tx: &Tx<'_>, environment: Uuid, wanted: &NewReservation, next: u64, at_least: u64) -> Result<u64> {
    let free = params![
        environment: environment, network: wanted.lane.network.as_str(), address: wanted.lane.address.as_str(),
        at_least: stored(at_least)?,
    ];
    let free = tx.one(FREE, &free, |row| row.opt_int(0)).await?.flatten();
    let mut next = next.max(at_least);
    if next > at_least.saturating_add(FAR_AHEAD) {
        // Nothing reaches that nonce from here: a node said it that was wrong.
        let near = params![
            environment: environment, network: wanted.lane.network.as_str(), address: wanted.lane.address.as_str(),
            at_least: stored(at_least)?, most: stored(at_least.saturating_add(FAR_AHEAD))?,
        ];
        let last = tx.one(LAST_NEAR, &near, |row| row.opt_int(0)).await?.flatten();
        next = match last {
            Some(last) => unsigned(last)?.saturating_add(1),
            None => at_least,
        };
    }
    match free.map(unsigned).transpose()? {
        Some(free) if free < next => Ok(free),
        _ => Ok(next),
    }
}
