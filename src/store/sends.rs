//! Sends: transactions that were signed here, stored before any node saw them, and what became of them.
//!
//! Whoever sends first *reserves* a place in the lane of its address ([`Store::reserve_send`]), signs, and then *keeps*
//! what was signed ([`Store::keep_send`]): that one transaction takes the nonce and writes the bytes and the job that
//! sends them. Between the two the lane is held, and nothing is used up; who dies there is forgotten.

/// The text of a query whose first columns are those that [`read`] reads; what else it reads, and from where, comes after
/// them.
macro_rules! select_send {
    ($rest:literal) => {
        concat!(
            "select ",
            "id, environment_id, wallet_id, app_id, kind, family, network, address, sequence, raw, hash, state, ",
            "superseded_by, last_error, block_number, created_at, broadcast_at, finished_at",
            $rest
        )
    };
}

mod follow;
mod keep;
mod pause;
mod reserve;
mod rivals;

use jiff::Timestamp;

use super::scope::{AppScope, SystemScope};
use super::sql::{Row, params};
use super::{Result, Store, StoreError};
use crate::config::Family;
use crate::domain::{AppId, EnvironmentId, Lane, SendId, SendKind, SendState, WalletId};

pub use follow::{DueSend, SendEnd};
pub use keep::{Keeping, NewSend};
pub use pause::SendPause;
pub use reserve::{FAR_AHEAD, NewReservation, Reservation, WantedSequence};

/// A send as its row has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Send {
    /// Its id.
    pub id: SendId,
    /// Its data plane.
    pub environment: EnvironmentId,
    /// The wallet that sends.
    pub wallet: WalletId,
    /// The app that asked for it.
    pub app: AppId,
    /// What it is.
    pub kind: SendKind,
    /// The family of its network.
    pub family: Family,
    /// The network and the address.
    pub lane: Lane,
    /// Its nonce, where the family has one.
    pub sequence: Option<u64>,
    /// The signed bytes.
    pub raw: Vec<u8>,
    /// What the network calls it.
    pub hash: String,
    /// How far it has come.
    pub state: SendState,
    /// What was sent in its place.
    pub superseded_by: Option<SendId>,
    /// Why the last look at it brought nothing, or how it ended.
    pub last_error: Option<String>,
    /// The block that it stands in.
    pub block: Option<u64>,
    /// When it was stored.
    pub created_at: Timestamp,
    /// When a node first took it.
    pub broadcast_at: Option<Timestamp>,
    /// When its end was known.
    pub finished_at: Option<Timestamp>,
}

// What was dropped may be sent anew with its nonce; where there are none, nodes may have kept the bytes, and both would land.
const OF_KEY: &str = select_send!(
    " from sends
    where idempotency_id = :key and environment_id = :environment and wallet_id = :wallet and created_at > :since
        and (state <> 'dropped' or sequence is null)
    order by id desc limit 1"
);
// What was signed for the same call with a nonce, and refused by every node that was asked.
const DROPPED_OF_KEY: &str = select_send!(
    " from sends
    where idempotency_id = :key and environment_id = :environment and wallet_id = :wallet and created_at > :since
        and state = 'dropped' and sequence is not null
    order by id desc limit 1"
);
const OPEN: &str = select_send!(
    " from sends
    where environment_id = :environment and network = :network and address = :address and state in ('stored', 'broadcast')
    order by id"
);
const NEXT: &str = "
    select next_sequence from send_lanes
    where environment_id = :environment and network = :network and address = :address";
const NEWEST: &str = select_send!(
    " from sends
    where environment_id = :environment and (cast(:all as bigint) = 1 or state in ('stored', 'broadcast'))
    order by id desc limit :limit"
);

impl Store {
    /// What a wallet sent with this `Idempotency-Key` since then, if anything. Where the family has no nonces that may have
    /// been dropped.
    pub async fn send_of_key(
        &self,
        scope: &AppScope,
        wallet: WalletId,
        key: [u8; 32],
        since: Timestamp,
    ) -> Result<Option<Send>> {
        let whose = params![
            key: &key[..], environment: scope.environment.0, wallet: wallet.0, since: since,
        ];
        self.one(OF_KEY, &whose, read).await
    }

    /// The sends of a lane whose end is not known, in the order in which they were made.
    pub async fn open_sends(&self, scope: &AppScope, lane: &Lane) -> Result<Vec<Send>> {
        let lane = params![
            environment: scope.environment.0, network: lane.network.as_str(), address: lane.address.as_str(),
        ];
        self.all(OPEN, &lane, read).await
    }

    /// The nonce that comes next in a lane, as far as is known here; `None` if nothing was ever sent in it.
    pub async fn next_sequence(&self, scope: &AppScope, lane: &Lane) -> Result<Option<u64>> {
        let lane = params![
            environment: scope.environment.0, network: lane.network.as_str(), address: lane.address.as_str(),
        ];
        self.one(NEXT, &lane, |row| unsigned(row.int(0)?)).await
    }

    /// The newest sends of an environment, or of those the ones whose end is not known.
    pub async fn sends(
        &self,
        _: SystemScope,
        environment: EnvironmentId,
        open_alone: bool,
        limit: u32,
    ) -> Result<Vec<Send>> {
        let page = params![
            environment: environment.0, all: i64::from(!open_alone), limit: i64::from(limit),
        ];
        self.all(NEWEST, &page, read).await
    }
}

/// As many columns as `select_send!` names; what else a row has comes after.
const COLUMNS: usize = 18;

fn read(row: &Row<'_>) -> Result<Send> {
    Ok(Send {
        id: SendId(row.id(0)?),
        environment: EnvironmentId(row.id(1)?),
        wallet: WalletId(row.id(2)?),
        app: AppId(row.id(3)?),
        kind: row.word(4, SendKind::parse)?,
        family: row.word(5, Family::parse)?,
        lane: Lane {
            network: row.text(6)?,
            address: row.text(7)?,
        },
        sequence: row.opt_int(8)?.map(unsigned).transpose()?,
        raw: row.bytes(9)?,
        hash: row.text(10)?,
        state: row.word(11, SendState::parse)?,
        superseded_by: row.opt_id(12)?.map(SendId),
        last_error: row.opt_text(13)?,
        block: row.opt_int(14)?.map(unsigned).transpose()?,
        created_at: row.time(15)?,
        broadcast_at: row.opt_time(16)?,
        finished_at: row.opt_time(17)?,
    })
}

fn unsigned(stored: i64) -> Result<u64> {
    u64::try_from(stored).map_err(|_| StoreError::unreadable("number"))
}

/// A nonce or height as it is stored: none that is real is near the limit.
fn stored(number: u64) -> Result<i64> {
    i64::try_from(number).map_err(|_| StoreError::Fault("a nonce or a height is beyond what can be stored".to_owned()))
}
