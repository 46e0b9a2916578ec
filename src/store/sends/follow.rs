//! Sends on their way: claimed under a lease, looked at, and written down.

use futures_util::FutureExt as _;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use super::reserve::lock;
use super::rivals::rivals;
use super::{COLUMNS, Send, read, stored, unsigned};
use crate::domain::{EnvironmentId, EventType, SendId, SendKind, SendState, UserId};
use crate::store::happened::Happened;
use crate::store::scope::SystemScope;
use crate::store::sql::params;
use crate::store::transaction::Tx;
use crate::store::{Result, Store, StoreError};

/// A send that is due and now leased to the caller.
#[derive(Debug, Clone)]
pub struct DueSend {
    /// The send, and the job that is leased.
    pub send: Send,
    /// Looks at it since it was stored, and once it was sent since then.
    pub looks: u32,
    /// Since when its nonce is used up although it is not in the chain.
    pub gone_since: Option<Timestamp>,
    /// The height after which it can no longer be mined, where the family has one.
    pub expires_at_height: Option<u64>,
    /// Whether another send with its nonce is on its way as well.
    pub has_rival: bool,
    /// Whether it is offered to no node for now: nothing is sent there, its wallet is frozen, or its user was erased.
    pub paused: bool,
    /// Whether its user was erased: it is offered to no node any more.
    pub erased: bool,
}

/// What a look at a send brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendEnd {
    /// Its end is not known yet.
    Again {
        /// When to look again.
        at: Timestamp,
        /// Whether a node is known to have it.
        broadcast: bool,
        /// The block that it stands in, not deep enough yet.
        block: Option<u64>,
        /// Since when its nonce is used up although it is not in the chain.
        gone_since: Option<Timestamp>,
        /// Why the look brought nothing, in a few words.
        error: Option<String>,
    },
    /// It stands in the chain, deep enough.
    Confirmed {
        /// In this block.
        block: u64,
    },
    /// It stands in the chain, deep enough, and did nothing.
    Failed {
        /// In this block.
        block: u64,
        /// Why, as far as the network tells.
        reason: String,
    },
    /// A transaction that was not sent here has its nonce.
    Replaced,
    /// This transaction spent its coins, deep enough in the chain. It may have been sent here.
    ReplacedBy {
        /// What the network calls it.
        hash: String,
    },
    /// It was not mined in time.
    Expired,
    /// Refused before it could be mined: its nonce is free again.
    Dropped {
        /// The node's words.
        reason: String,
    },
}

const CLAIM: &str = "
    update jobs set due_at = :lease_until, lease_owner = :owner, attempts = attempts + 1
    where id in (select id from jobs where kind = 'send' and due_at <= :now order by due_at limit :limit)
    returning id";
const LOAD: &str = select_send!(
    ", looks, gone_since, expires_at_height,
        (select count(*) from sends rival
         where rival.environment_id = send.environment_id and rival.network = send.network and rival.address = send.address
            and rival.sequence = send.sequence and rival.id <> send.id and rival.state in ('stored', 'broadcast')),
        (select count(*) from send_pauses pause
         where pause.environment_id = send.environment_id and (pause.network = send.network or pause.network = '')),
        (select count(*) from wallets wallet where wallet.id = send.wallet_id and wallet.frozen_at is not null),
        (select count(*) from wallets wallet join users owner on owner.id = wallet.user_id
         where wallet.id = send.wallet_id and owner.status = 'erased'),
        (select count(*) from wallets wallet where wallet.id = send.wallet_id)
    from sends send where send.id = :id and send.state in ('stored', 'broadcast')"
);
const ONE: &str = select_send!(" from sends where id = :id");
// What spent its coins may have been seen to be mined, and is over then.
const BY_HASH: &str = select_send!(
    " from sends
    where environment_id = :environment and network = :network and address = :address and hash = :hash and id <> :id"
);
const FREE: &str = "update jobs set due_at = :at, lease_owner = null where id = :id and lease_owner = :owner";
const DONE: &str = "delete from jobs where id = :id and lease_owner = :owner";
const ENDED: &str = "delete from jobs where id = :id";
const LOOKED: &str = "
    update sends set looks = looks + 1, block_number = :block, gone_since = :gone_since, last_error = :error where id = :id";
const TAKEN: &str = "
    update sends set state = 'broadcast', broadcast_at = :now, looks = 0 where id = :id and state = 'stored'";
const FINISH: &str = "
    update sends set state = :state, block_number = :block, last_error = :error, gone_since = null, finished_at = :now
    where id = :id and state in ('stored', 'broadcast')";
const LOSE: &str = "update sends set state = 'replaced', superseded_by = :winner, finished_at = :now where id = :id";
// What was to be replaced stands again.
const STANDS_AGAIN: &str = "
    update sends set superseded_by = null
    where environment_id = :environment and network = :network and address = :address and superseded_by = :id
        and state in ('stored', 'broadcast')";
const OWNER: &str = "select user_id from wallets where id = :id";
const NEXT: &str = "select due_at from jobs where kind = 'send' order by due_at limit 1";

impl Store {
    /// Leases up to `limit` due sends to `owner` until `lease_until`, those of one lane in the order of their nonces.
    pub async fn claim_sends(
        &self,
        _: SystemScope,
        owner: Uuid,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<DueSend>> {
        self.transact(move |tx| {
            async move {
                // Nodes claim one after the other, or two would take the same.
                tx.lock(&[b"claim sends"]).await?;
                let claim = params![lease_until: lease_until, owner: owner, now: now, limit: i64::from(limit)];
                let mut due = Vec::new();
                for id in tx.all(CLAIM, &claim, |row| row.id(0)).await? {
                    match load(tx, id, now).await? {
                        Some(send) => due.push(send),
                        None => drop(tx.execute(DONE, &params![id: id, owner: owner]).await?),
                    }
                }
                due.sort_by_key(|due| (due.send.sequence, due.send.id));
                Ok(due)
            }
            .boxed()
        })
        .await
    }

    /// Writes down what a look brought; false if its lease was lost to another owner.
    pub async fn finish_send(
        &self,
        _: SystemScope,
        owner: Uuid,
        send: SendId,
        end: SendEnd,
        now: Timestamp,
    ) -> Result<bool> {
        self.transact(move |tx| async move { finish(tx, owner, send, end, now).await }.boxed())
            .await
    }

    /// When the next send becomes due, or a lease runs out.
    pub async fn next_send_due(&self, _: SystemScope) -> Result<Option<Timestamp>> {
        self.one(NEXT, &[], |row| row.time(0)).await
    }
}

/// No send this old has a wallet that is still to come.
const ORPHANED: SignedDuration = SignedDuration::from_hours(24);

async fn load(tx: &Tx<'_>, id: Uuid, now: Timestamp) -> Result<Option<DueSend>> {
    tx.one(LOAD, &params![id: id], |row| {
        let send = read(row)?;
        // The wallet of an erased user goes after a while.
        let orphaned = row.int(COLUMNS + 7)? == 0 && send.created_at + ORPHANED < now;
        let erased = row.int(COLUMNS + 6)? > 0 || orphaned;
        Ok(DueSend {
            send,
            looks: u32::try_from(row.int(COLUMNS)?).unwrap_or(u32::MAX),
            gone_since: row.opt_time(COLUMNS + 1)?,
            expires_at_height: row.opt_int(COLUMNS + 2)?.map(unsigned).transpose()?,
            has_rival: row.int(COLUMNS + 3)? > 0,
            paused: erased || row.int(COLUMNS + 4)? > 0 || row.int(COLUMNS + 5)? > 0,
            erased,
        })
    })
    .await
}

async fn finish(tx: &Tx<'_>, owner: Uuid, id: SendId, end: SendEnd, now: Timestamp) -> Result<bool> {
    let one = params![id: id.0];
    let Some(send) = tx.one(ONE, &one, read).await? else {
        return Ok(false);
    };
    // Before the job's row: whoever ends one send of a lane ends the jobs of others as well.
    lock(tx, send.environment.0, &send.lane).await?;
    let held = match &end {
        SendEnd::Again { at, .. } => tx.execute(FREE, &params![at: *at, id: id.0, owner: owner]).await?,
        _ => tx.execute(DONE, &params![id: id.0, owner: owner]).await?,
    };
    if held == 0 {
        return Ok(false);
    }
    match end {
        SendEnd::Again {
            broadcast,
            block,
            gone_since,
            error,
            ..
        } => {
            let block = block.map(stored).transpose()?;
            let looked = params![block: block, gone_since: gone_since, error: error, id: id.0];
            tx.execute(LOOKED, &looked).await?;
            if broadcast {
                taken(tx, &send, now).await?;
            }
        }
        SendEnd::Confirmed { block } => mined(tx, &send, block, None, now).await?,
        SendEnd::Failed { block, reason } => mined(tx, &send, block, Some(reason), now).await?,
        SendEnd::Replaced => replaced_by_a_stranger(tx, &send, now).await?,
        SendEnd::ReplacedBy { hash } => {
            let winner = params![
                environment: send.environment.0, network: send.lane.network.as_str(), address: send.lane.address.as_str(),
                hash: hash.as_str(), id: id.0,
            ];
            match tx.one(BY_HASH, &winner, read).await? {
                Some(winner) => lose(tx, &send, &winner, now).await?,
                None => replaced_by_a_stranger(tx, &send, now).await?,
            }
        }
        SendEnd::Expired => {
            let reason = "it was not mined in time, and never will be";
            ended(tx, &send, SendState::Expired, None, Some(reason), now).await?;
            let said = json!({ "reason": reason, "block_number": null });
            tell(tx, &send, EventType::TransactionFailed, said, now).await?;
        }
        SendEnd::Dropped { reason } => {
            ended(tx, &send, SendState::Dropped, None, Some(&reason), now).await?;
            let replaced = params![
                environment: send.environment.0, network: send.lane.network.as_str(), address: send.lane.address.as_str(),
                id: id.0,
            ];
            tx.execute(STANDS_AGAIN, &replaced).await?;
            let said = json!({ "reason": reason, "block_number": null });
            tell(tx, &send, EventType::TransactionFailed, said, now).await?;
        }
    }
    Ok(true)
}

/// A node has it, for the first time.
async fn taken(tx: &Tx<'_>, send: &Send, now: Timestamp) -> Result<()> {
    if tx.execute(TAKEN, &params![now: now, id: send.id.0]).await? == 0 {
        return Ok(());
    }
    tell(tx, send, EventType::TransactionSent, json!({}), now).await
}

/// It stands in the chain: whatever else has its nonce has lost.
async fn mined(tx: &Tx<'_>, send: &Send, block: u64, failed: Option<String>, now: Timestamp) -> Result<()> {
    taken(tx, send, now).await?;
    let (state, kind, said) = match &failed {
        None => (
            SendState::Confirmed,
            EventType::TransactionConfirmed,
            json!({ "block_number": block }),
        ),
        Some(reason) => (
            SendState::Failed,
            EventType::TransactionFailed,
            json!({ "reason": reason, "block_number": block }),
        ),
    };
    ended(tx, send, state, Some(block), failed.as_deref(), now).await?;
    tell(tx, send, kind, said, now).await?;
    for rival in rivals(tx, send).await? {
        lose(tx, &rival, send, now).await?;
    }
    Ok(())
}

/// A send can no longer happen, because another one does.
async fn lose(tx: &Tx<'_>, send: &Send, winner: &Send, now: Timestamp) -> Result<()> {
    tx.execute(LOSE, &params![winner: winner.id.0, now: now, id: send.id.0])
        .await?;
    tx.execute(ENDED, &params![id: send.id.0]).await?;
    let said = json!({ "replaced_by": winner.hash, "cancelled": winner.kind == SendKind::Cancel });
    tell(tx, send, EventType::TransactionReplaced, said, now).await
}

/// A send can no longer happen, because of a transaction that was not sent here.
async fn replaced_by_a_stranger(tx: &Tx<'_>, send: &Send, now: Timestamp) -> Result<()> {
    ended(tx, send, SendState::Replaced, None, None, now).await?;
    let said = json!({ "replaced_by": null, "cancelled": false });
    tell(tx, send, EventType::TransactionReplaced, said, now).await
}

async fn ended(
    tx: &Tx<'_>,
    send: &Send,
    state: SendState,
    block: Option<u64>,
    error: Option<&str>,
    now: Timestamp,
) -> Result<()> {
    let finished = params![
        state: state.as_str(), block: block.map(stored).transpose()?, error: error, now: now, id: send.id.0,
    ];
    tx.execute(FINISH, &finished).await.map(drop)
}

/// Writes an event of a send.
async fn tell(tx: &Tx<'_>, send: &Send, kind: EventType, more: Value, now: Timestamp) -> Result<()> {
    let owner = tx.one(OWNER, &params![id: send.wallet.0], |row| row.id(0)).await?;
    let user = owner.map(UserId);
    let mut data = json!({
        "transaction_id": send.id, "hash": send.hash, "network": send.lane.network, "from": send.lane.address,
        "nonce": send.sequence, "kind": send.kind.as_str(), "wallet_id": send.wallet, "app_id": send.app, "user_id": user,
    });
    let (Value::Object(data), Value::Object(more)) = (&mut data, more) else {
        return Err(StoreError::Fault("an event's data is an object".to_owned()));
    };
    data.extend(more);
    let environment: EnvironmentId = send.environment;
    let event = Happened::to(send.id.0, kind, environment, Value::Object(std::mem::take(data)), now);
    tx.emit(match user {
        Some(user) => event.about(user),
        None => event,
    })
    .await
}
