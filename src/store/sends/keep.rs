//! What was signed is stored, before any node sees it.

use futures_util::FutureExt as _;
use jiff::Timestamp;
use uuid::Uuid;

use super::reserve::lock;
use super::{Send, stored};
use crate::config::Family;
use crate::domain::{AppId, EnvironmentId, Lane, SendId, SendKind, SendState, WalletId};
use crate::store::scope::AppScope;
use crate::store::sql::params;
use crate::store::transaction::Tx;
use crate::store::{Result, Store};

/// A transaction that was signed for a reserved place.
#[derive(Debug, Clone)]
pub struct NewSend {
    /// The id that the lane is held by.
    pub id: SendId,
    /// The wallet.
    pub wallet: WalletId,
    /// The app that asked for it.
    pub app: AppId,
    /// What it is.
    pub kind: SendKind,
    /// Its family.
    pub family: Family,
    /// Network and address.
    pub lane: Lane,
    /// The nonce that was reserved, where the family has one.
    pub sequence: Option<u64>,
    /// SHA-256 of what it does, without nonce and fees.
    pub digest: [u8; 32],
    /// The `Idempotency-Key` as the store knows it, if the call has one.
    pub key: Option<[u8; 32]>,
    /// The signed bytes.
    pub raw: Vec<u8>,
    /// What the network will call it.
    pub hash: String,
    /// The send whose place it takes.
    pub replaces: Option<SendId>,
    /// The height after which it can no longer be mined, where the family has one.
    pub expires_at_height: Option<u64>,
    /// Who sends it first: the job is leased to them.
    pub owner: Uuid,
    /// When it is sent by a job instead, if nothing was heard of it.
    pub due_at: Timestamp,
}

impl NewSend {
    /// The send that this becomes once it is kept.
    #[must_use]
    pub fn as_kept(&self, environment: EnvironmentId, now: Timestamp) -> Send {
        Send {
            id: self.id,
            environment,
            wallet: self.wallet,
            app: self.app,
            kind: self.kind,
            family: self.family,
            lane: self.lane.clone(),
            sequence: self.sequence,
            raw: self.raw.clone(),
            hash: self.hash.clone(),
            state: SendState::Stored,
            superseded_by: None,
            last_error: None,
            block: None,
            created_at: now,
            broadcast_at: None,
            finished_at: None,
        }
    }
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeping {
    /// It is stored: it may be sent, and will be whatever happens.
    Kept,
    /// The lane was lost. Nothing was stored: forget what was signed.
    Lost,
    /// What it replaces has ended, or was replaced. Nothing was stored: forget what was signed.
    NotOpen,
}

const REPLACED_IS_OPEN: &str = "
    select id from sends where id = :id and environment_id = :environment and state in ('stored', 'broadcast')
        and superseded_by is null";
const TAKE: &str = "
    update send_lanes set holder_id = null, held_until = null,
        next_sequence = case when cast(:next as bigint) > next_sequence then cast(:next as bigint) else next_sequence end
    where environment_id = :environment and network = :network and address = :address and holder_id = :holder";
const ADD: &str = "
    insert into sends (id, environment_id, wallet_id, app_id, kind, family, network, address, sequence, digest,
        idempotency_id, raw, hash, state, expires_at_height, looks, created_at)
    values (:id, :environment, :wallet, :app, :kind, :family, :network, :address, :sequence, :digest,
        :key, :raw, :hash, 'stored', :height, 0, :now)";
const SUPERSEDE: &str = "update sends set superseded_by = :id where id = :replaced";
const JOB: &str = "
    insert into jobs (id, environment_id, kind, due_at, attempts, lease_owner, created_at)
    values (:id, :environment, 'send', :due_at, 0, :owner, :now)";

impl Store {
    /// Stores a signed transaction, takes its nonce and leaves the job that sends it: all of it or nothing. Whoever lost
    /// the lane meanwhile stores nothing.
    pub async fn keep_send(&self, scope: &AppScope, new: NewSend, now: Timestamp) -> Result<Keeping> {
        let environment = scope.environment.0;
        self.transact(move |tx| async move { keep(tx, environment, new, now).await }.boxed())
            .await
    }
}

async fn keep(tx: &Tx<'_>, environment: Uuid, new: NewSend, now: Timestamp) -> Result<Keeping> {
    let (network, address) = (new.lane.network.as_str(), new.lane.address.as_str());
    lock(tx, environment, &new.lane).await?;
    if let Some(replaced) = new.replaces {
        let open = params![id: replaced.0, environment: environment];
        if tx.one(REPLACED_IS_OPEN, &open, |row| row.id(0)).await?.is_none() {
            return Ok(Keeping::NotOpen);
        }
    }
    let sequence = new.sequence.map(stored).transpose()?;
    let take = params![
        next: sequence.map_or(0, |sequence| sequence.saturating_add(1)), environment: environment, network: network,
        address: address, holder: new.id.0,
    ];
    if tx.execute(TAKE, &take).await? == 0 {
        return Ok(Keeping::Lost);
    }
    let row = params![
        id: new.id.0, environment: environment, wallet: new.wallet.0, app: new.app.0, kind: new.kind.as_str(),
        family: new.family.as_str(), network: network, address: address, sequence: sequence, digest: &new.digest[..],
        key: new.key.map(|key| key.to_vec()), raw: &new.raw[..], hash: new.hash.as_str(),
        height: new.expires_at_height.map(stored).transpose()?, now: now,
    ];
    tx.execute(ADD, &row).await?;
    if let Some(replaced) = new.replaces {
        tx.execute(SUPERSEDE, &params![id: new.id.0, replaced: replaced.0])
            .await?;
    }
    let job = params![
        id: new.id.0, environment: environment, due_at: new.due_at, owner: new.owner, now: now,
    ];
    tx.execute(JOB, &job).await?;
    Ok(Keeping::Kept)
}
