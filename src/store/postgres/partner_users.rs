//! A partner's users, on PostgreSQL.

mod claims;
mod mint;

use jiff::Timestamp;

use self::mint::{Minted, mint};
use super::Postgres;
use super::batch::Verb;
use super::sql::{Prepared, named, query};
use super::writers::{Lease, Writers, bounded, to_its_end};
use crate::store::sql::Row;
use crate::store::{ExternalLogin, ExternalLoginOutcome, IdempotencyClaim, LoggedIn, PartnerScope, Result, StoreError};

const IS_ACTIVE: &str = "
    select (select account.status in ('linked', 'verified') from users account where account.id = link.user_id)
    from identities link
    where link.source_id = :partner and link.kind = 'partner_user' and link.key = :name and link.environment_id = :environment";
// A key that another call is just recording is waited for; one that has expired is used anew.
const CLAIM_IDEMPOTENCY: &str = "
    insert into idempotency_keys as known (id, environment_id, request_hash, status, expires_at)
    values (:id, :environment, :request_hash, 200, :expires_at)
    on conflict (id) do update set environment_id = excluded.environment_id, request_hash = excluded.request_hash,
        status = excluded.status, body = null, resource_id = null, expires_at = excluded.expires_at
    where known.expires_at <= :now
    returning id";
const FIND_IDEMPOTENCY: &str = "select request_hash from idempotency_keys where id = :id";
impl Postgres {
    pub async fn external_login(&self, scope: PartnerScope, call: ExternalLogin) -> Result<ExternalLoginOutcome> {
        let member = Member { scope, call };
        if member.call.idempotency.is_none() {
            return self.0.logins.call(member).await;
        }
        let writers = self.0.writers.clone();
        to_its_end(async move { once(&writers, &member).await }).await
    }
}

/// One call of a batch.
pub struct Member {
    scope: PartnerScope,
    call: ExternalLogin,
}

/// Log-ins by partners, in batches. Several may name one user: the first creates it, the others find it.
pub struct Login(pub Writers);

impl Verb for Login {
    type Call = Member;
    type Answer = ExternalLoginOutcome;

    async fn run(&self, members: &[Member]) -> Result<Vec<ExternalLoginOutcome>> {
        let minted = match (self.mint(members).await, members.len()) {
            // The user may have been erased between two statements: now it is gone, and made anew.
            (Err(StoreError::Fault(_)), 1) => self.mint(members).await,
            (minted, _) => minted,
        }?;
        Ok(minted.into_iter().map(|minted| outcome(minted, false)).collect())
    }
}

impl Login {
    async fn mint(&self, members: &[Member]) -> Result<Vec<Minted>> {
        bounded(async {
            let lease = self.0.lease().await?;
            let (begun, minted) = tokio::join!(lease.begin(), mint(&lease, members));
            lease.end(begun.and(minted)).await
        })
        .await
    }
}

fn outcome(minted: Minted, replayed: bool) -> ExternalLoginOutcome {
    match minted {
        Minted::Link { user, created } => ExternalLoginOutcome::LoggedIn(LoggedIn {
            user,
            created,
            replayed,
        }),
        Minted::Suspended => ExternalLoginOutcome::Suspended,
    }
}

/// A call with an idempotency key, in a transaction of its own.
async fn once(writers: &Writers, member: &Member) -> Result<ExternalLoginOutcome> {
    let lease = writers.lease().await?;
    lease.begin().await?;
    match claim_and_mint(&lease, member).await {
        Ok(outcome @ ExternalLoginOutcome::LoggedIn(_)) => lease.end(Ok(outcome)).await,
        // Nothing is written, not even the key.
        Ok(outcome) => lease.roll_back().await.map(|()| outcome),
        Err(error) => lease.end(Err(error)).await,
    }
}

async fn claim_and_mint(lease: &Lease, member: &Member) -> Result<ExternalLoginOutcome> {
    let (scope, call) = (&member.scope, &member.call);
    let user = named![
        partner: scope.partner().0, environment: scope.environment().0, name: call.partner_user_id.as_str(),
    ];
    let found = query(lease, IS_ACTIVE, &user).await?;
    let active = found.first().map(|row| Row::Postgres(row).boolean(0)).transpose()?;
    if active == Some(false) {
        return Ok(ExternalLoginOutcome::Suspended);
    }
    let replayed = match &call.idempotency {
        None => false,
        Some(claim) => match claim_idempotency(lease, scope, claim, call.now).await? {
            Claimed::Mismatch => return Ok(ExternalLoginOutcome::IdempotencyMismatch),
            Claimed::New => false,
            Claimed::Replayed => true,
        },
    };
    let minted = mint(lease, std::slice::from_ref(member)).await?.pop();
    if replayed && matches!(minted, Some(Minted::Link { created: true, .. })) {
        return Ok(ExternalLoginOutcome::Gone);
    }
    minted
        .map(|minted| outcome(minted, replayed))
        .ok_or_else(|| StoreError::unreadable("link"))
}

enum Claimed {
    New,
    Replayed,
    Mismatch,
}

async fn claim_idempotency(
    lease: &Lease,
    scope: &PartnerScope,
    claim: &IdempotencyClaim,
    now: Timestamp,
) -> Result<Claimed> {
    let (add, find) = (
        Prepared::on(lease, CLAIM_IDEMPOTENCY).await?,
        Prepared::on(lease, FIND_IDEMPOTENCY).await?,
    );
    let id = &claim.id[..];
    let params = named![
        id: id, environment: scope.environment().0, request_hash: &claim.request_hash[..], expires_at: claim.expires_at, now: now,
    ];
    let by_id = named![id: id];
    let (added, known) = tokio::join!(add.query(lease, &params), find.query(lease, &by_id));
    if !added?.is_empty() {
        return Ok(Claimed::New);
    }
    let known = known?;
    let gone = || StoreError::Unavailable("the Idempotency-Key has just ended; try again".to_owned());
    let hash = Row::Postgres(known.first().ok_or_else(gone)?).bytes(0)?;
    Ok(if hash == claim.request_hash {
        Claimed::Replayed
    } else {
        Claimed::Mismatch
    })
}
