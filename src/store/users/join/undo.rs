//! A join is undone: what it moved goes back to where it was.
//!
//! What came to the account after the join stays where it is. Of several joins the newest of an account goes first:
//! while the account that stayed is itself retired, there is nothing to undo in it.

use futures_util::FutureExt as _;
use jiff::Timestamp;
use serde_json::json;

use super::merge::{END_SESSIONS, Met, meet, swap_plans};
use crate::domain::{EventId, EventType, JoinId, Token};
use crate::store::happened::Happened;
use crate::store::scope::JoinScope;
use crate::store::sessions::ended_all;
use crate::store::sql::params;
use crate::store::transaction::Tx;
use crate::store::{Result, Store};

/// A person separates two accounts again.
pub struct UndoJoin {
    /// The browser in which the account was shown.
    pub holder: Token,
    /// `user.join_undone`.
    pub event: EventId,
    /// The time of the call.
    pub now: Timestamp,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UndoOutcome {
    /// They are two again.
    Undone,
    /// The account was not shown, just now and in this browser; nothing was written.
    NotShown,
    /// The time is over, it was undone before, or the account is gone, suspended or retired; nothing was written.
    Gone,
}

const STANDS: &str = "
    select 1 from user_aliases alias join users account on account.id = alias.user_id and account.status in ('linked', 'verified')
    where alias.id = :first and alias.user_id = :second and alias.environment_id = :environment";
const IDENTITIES: &str = "
    update identities set user_id = :first
    where user_id = :second and id in (select row_id from join_moves where join_id = :join and what = 'identity')";
// What a partner has said of its user since.
const CLAIMS: &str = "
    update identities set user_id = :first
    where user_id = :second and source = 'partner' and source_id in (
        select link.source_id from identities link
        where link.user_id = :first and link.kind = 'partner_user' and link.source = 'partner')";
const KEYS: &str = "
    update user_keys set user_id = :first
    where user_id = :second and id in (select row_id from join_moves where join_id = :join and what = 'key')";
const ALIASES: &str = "
    update user_aliases set user_id = :first
    where user_id = :second and id in (select row_id from join_moves where join_id = :join and what = 'alias')";
// A name or metadata that was changed since is the account's own.
const NAME: &str = "
    update users set name = null
    where id = :second and name = (select brought.name from users brought where brought.id = :first)
        and exists (select 1 from join_moves where join_id = :join and what = 'name')";
const METADATA: &str = "
    update users set metadata = '{}'
    where id = :second and metadata = (select brought.metadata from users brought where brought.id = :first)
        and exists (select 1 from join_moves where join_id = :join and what = 'metadata')";
const PASSWORDS: &str = "
    update passwords set user_id = :first
    where user_id = :second
        and identity_id in (select row_id from join_moves where join_id = :join and what = 'identity')";
// An account that came since is the joined account's own.
const RAMPABLE: &str = "
    update rampable_accounts set user_id = :first
    where user_id = :second and created_at <= (select known.joined_at from joins known where known.id = :join) and exists (select 1 from join_moves where join_id = :join and what = 'rampable')";
const WALLET: &str = "
    update wallets set user_id = :first
    where user_id = :second and id in (select row_id from join_moves where join_id = :join and what = 'wallet')";
const PLANS: &str = "select 1 from join_moves where join_id = :join and what in ('plan', 'plans')";
const ALIAS: &str = "delete from user_aliases where id = :first and user_id = :second";
// What it was before is what it has now: whoever has proven anything is verified.
const STATUS: &str = "
    update users set status = case
        when exists (select 1 from identities proof
            where proof.user_id = users.id and proof.source = 'person' and proof.state = 'verified') then 'verified'
        else 'linked' end
    where id = :user";
const MOVES: &str = "delete from join_moves where join_id = :join";
const DONE: &str = "
    update joins set undone_at = :now, holder_hash = null, challenge_id = null, challenge_shows = null, first_shown_at = null,
        second_shown_at = null
    where id = :join";

impl Store {
    /// Separates two accounts that were joined, in one transaction.
    pub async fn undo_join(&self, scope: &JoinScope, call: UndoJoin) -> Result<UndoOutcome> {
        let (scope, until_held) = (*scope, self.until_held(call.now));
        self.transact(move |tx| async move { undo(tx, scope, &call, until_held).await }.boxed())
            .await
    }
}

async fn undo(
    tx: &Tx<'_>,
    scope: JoinScope,
    call: &UndoJoin,
    until_held: impl Fn() -> Timestamp + Send,
) -> Result<UndoOutcome> {
    let environment = scope.environment;
    let Some(met) = meet(tx, scope, call.now).await?.filter(|met| met.joined) else {
        return Ok(UndoOutcome::Gone);
    };
    let stands = params![first: met.first.0, second: met.second.0, environment: environment.0];
    if tx.one(STANDS, &stands, |_| Ok(())).await?.is_none() {
        return Ok(UndoOutcome::Gone);
    }
    if !met.is_held_by(&call.holder) || met.shown(call.now) == [false, false] {
        return Ok(UndoOutcome::NotShown);
    }
    restore(tx, scope.join, &met, call.now, until_held()).await?;
    for user in [met.first, met.second] {
        ended_all(tx, environment, user, "join_undone", call.now).await?;
    }
    let about = json!({ "user_id": met.second, "restored_user_id": met.first });
    let undone = Happened::to(scope.join.0, EventType::UserJoinUndone, environment, about, call.now);
    tx.emit(undone.about(met.second).with_id(call.event)).await?;
    Ok(UndoOutcome::Undone)
}

async fn restore(tx: &Tx<'_>, join: JoinId, met: &Met, now: Timestamp, valid_after: Timestamp) -> Result<()> {
    let (first, second) = (met.first.0, met.second.0);
    let all = params![first: first, second: second, join: join.0];
    let pair = params![first: first, second: second];
    tx.execute(IDENTITIES, &all).await?;
    tx.execute(CLAIMS, &pair).await?;
    for change in [KEYS, ALIASES, PASSWORDS, RAMPABLE, WALLET, NAME, METADATA] {
        tx.execute(change, &all).await?;
    }
    if tx.one(PLANS, &params![join: join.0], |_| Ok(())).await?.is_some() {
        swap_plans(tx, join, met).await?;
    }
    tx.execute(ALIAS, &pair).await?;
    for user in [first, second] {
        tx.execute(STATUS, &params![user: user]).await?;
        tx.execute(END_SESSIONS, &params![now: now, valid_after: valid_after, user: user])
            .await?;
    }
    tx.execute(MOVES, &params![join: join.0]).await?;
    tx.execute(DONE, &params![now: now, join: join.0]).await?;
    Ok(())
}
