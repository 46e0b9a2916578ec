//! The join itself: what names the first account moves to the second, and the first's id lives on as another name of it.

use futures_util::FutureExt as _;
use jiff::Timestamp;
use serde_json::json;

use super::FRESH;
use crate::domain::{EventId, EventType, JoinId, Token, UserId, whole_seconds};
use crate::store::happened::Happened;
use crate::store::scope::JoinScope;
use crate::store::sessions::ended_all;
use crate::store::sql::{Row, params};
use crate::store::transaction::Tx;
use crate::store::users::lock;
use crate::store::{Result, Store};

/// A person joins two accounts.
pub struct JoinUsers {
    /// The browser in which both were shown.
    pub holder: Token,
    /// `user.joined`.
    pub event: EventId,
    /// How long it may be undone.
    pub undo_until: Timestamp,
    /// The time of the call.
    pub now: Timestamp,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinOutcome {
    /// They are one.
    Joined,
    /// Not both of them were shown, just now and in this browser; nothing was written.
    NotShown,
    /// One partner knows both as users of its own; nothing was written.
    SamePartner,
    /// Both have a wallet, and an account holds one; nothing was written.
    TwoWallets,
    /// The first has a wallet or log-ins of its own, and no proven address by which it was shown; nothing was written.
    Unprovable,
    /// The offer has ended, or one of the two is gone, suspended or joined already; nothing was written.
    Gone,
}

/// The row of a join inside its verb.
pub(super) struct Met {
    pub first: UserId,
    pub second: UserId,
    kind: String,
    key: String,
    holder_hash: Option<Vec<u8>>,
    shown: [Option<Timestamp>; 2],
    pub joined: bool,
}

impl Met {
    pub fn is_held_by(&self, holder: &Token) -> bool {
        self.holder_hash.as_deref().is_some_and(|hash| holder.matches(hash))
    }

    pub fn shown(&self, now: Timestamp) -> [bool; 2] {
        self.shown
            .map(|shown| shown.is_some_and(|shown| shown + FRESH > now && shown <= now))
    }
}

const MEET: &str = "
    select first_id, second_id, kind, key, holder_hash, first_shown_at, second_shown_at, joined_at from joins
    where id = :id and environment_id = :environment and expires_at > :now and undone_at is null";
const ALIVE: &str = "
    select id from users
    where environment_id = :environment and id in (:first, :second) and status in ('linked', 'verified')";
const OWNS: &str = "
    select 1 from identities
    where environment_id = :environment and kind = :kind and key = :key and user_id = :user and state = 'verified'
        and kind in ('email', 'phone')";
// What keeps two accounts apart, for the page and for the join alike. A code to the address that both name shows an account
// alone that has nothing of its own.
pub(super) const APART: &str = "
    select (
            select min(partner.name) from identities one
            join identities other
                on other.source_id = one.source_id and other.kind = 'partner_user' and other.user_id = :second
            join partners partner on partner.id = one.source_id
            where one.user_id = :first and one.kind = 'partner_user' and one.source = 'partner'),
        (select count(*) from wallets where user_id in (:first, :second)),
        (select count(*) from users account
        where account.id = :first
            and not exists (
                select 1 from identities proof
                where proof.user_id = account.id and proof.kind in ('email', 'phone') and proof.state = 'verified')
            and (exists (select 1 from wallets held where held.user_id = account.id)
                or exists (
                    select 1 from identities named
                    where named.user_id = account.id
                        and named.kind in ('username', 'google', 'apple', 'telegram', 'custody'))))";

// What moves, and beside each the note of it for an undo. Everything else that names a user ends with the first account:
// sessions, links, codes.
const IDENTITY_MOVES: &str = "insert into join_moves (join_id, what, row_id) select :join, 'identity', id from identities where user_id = :first";
const IDENTITIES: &str = "update identities set user_id = :second where user_id = :first";
const KEY_MOVES: &str =
    "insert into join_moves (join_id, what, row_id) select :join, 'key', id from user_keys where user_id = :first";
const KEYS: &str = "update user_keys set user_id = :second where user_id = :first";
const ALIAS_MOVES: &str =
    "insert into join_moves (join_id, what, row_id) select :join, 'alias', id from user_aliases where user_id = :first";
const ALIASES: &str = "update user_aliases set user_id = :second where user_id = :first";
const ALIAS: &str = "
    insert into user_aliases (id, environment_id, user_id, joined_at, undo_until)
    values (:first, :environment, :second, :now, :undo_until)";
// A password goes with its username.
const PASSWORDS: &str = "update passwords set user_id = :second where user_id = :first";
const RAMPABLE: &str = "
    update rampable_accounts set user_id = :second
    where user_id = :first and not exists (select 1 from rampable_accounts own where own.user_id = :second)";
const WALLET_MOVES: &str =
    "insert into join_moves (join_id, what, row_id) select :join, 'wallet', id from wallets where user_id = :first";
const WALLET: &str = "update wallets set user_id = :second where user_id = :first";
const NOTE: &str = "insert into join_moves (join_id, what, row_id) values (:join, :what, :first)";
// What the second account has is kept. What it lacks, the first one brings.
const NAME: &str = "
    update users set name = (select brought.name from users brought where brought.id = :first)
    where id = :second and name is null and exists (select 1 from users brought where brought.id = :first and brought.name is not null)";
const METADATA: &str = "
    update users set metadata = (select brought.metadata from users brought where brought.id = :first)
    where id = :second and metadata = '{}'
        and exists (select 1 from users brought where brought.id = :first and brought.metadata <> '{}')";
const PLANS: &str = "
    select user_id, status, period_end from subscriptions where user_id in (:first, :second)";
const MOVE_PLAN: &str = "update subscriptions set user_id = :to where user_id = :from";
// A retired account is closed by the state that closes an erased one, because every look-up of a session, link, key or
// token asks for that. Its alias tells the two apart.
const RETIRE: &str = "
    update users set status = 'erased', updated_at = :now,
        valid_after = case when valid_after > :valid_after then valid_after else :valid_after end
    where id = :first";
pub(super) const END_SESSIONS: &str = "
    update users set updated_at = :now, valid_after = case when valid_after > :valid_after then valid_after else :valid_after end
    where id = :user";
const DONE: &str = "
    update joins set joined_at = :now, expires_at = :undo_until, holder_hash = null, challenge_id = null, challenge_shows = null,
        first_shown_at = null, second_shown_at = null
    where id = :join";

impl Store {
    /// Joins two accounts that a person has shown to be theirs, in one transaction.
    pub async fn join_users(&self, scope: &JoinScope, call: JoinUsers) -> Result<JoinOutcome> {
        let (scope, until_held) = (*scope, self.until_held(call.now));
        self.transact(move |tx| async move { join(tx, scope, &call, until_held).await }.boxed())
            .await
    }
}

/// What keeps two accounts apart.
pub(super) enum Apart {
    /// One partner, of this name, knows both as users of its own.
    SamePartner(String),
    /// Both have a wallet.
    TwoWallets,
    /// The first has something of its own, and no proven address by which it could be shown.
    Unprovable,
}

/// What [`APART`] answers.
pub(super) fn apart(row: &Row<'_>) -> Result<Option<Apart>> {
    Ok(match (row.opt_text(0)?, row.int(1)?, row.int(2)?) {
        (Some(partner), ..) => Some(Apart::SamePartner(partner)),
        (None, 2, _) => Some(Apart::TwoWallets),
        (None, _, 0) => None,
        (None, ..) => Some(Apart::Unprovable),
    })
}

/// Both users are held from here on, always in the same order.
pub(super) async fn meet(tx: &Tx<'_>, scope: JoinScope, now: Timestamp) -> Result<Option<Met>> {
    let params = params![id: scope.join.0, environment: scope.environment.0, now: now];
    let Some(met) = tx.one(MEET, &params, met).await? else {
        return Ok(None);
    };
    for user in [met.first.min(met.second), met.first.max(met.second)] {
        lock(tx, user).await?;
    }
    tx.one(MEET, &params, self::met).await
}

fn met(row: &Row<'_>) -> Result<Met> {
    Ok(Met {
        first: UserId(row.id(0)?),
        second: UserId(row.id(1)?),
        kind: row.text(2)?,
        key: row.text(3)?,
        holder_hash: row.opt_bytes(4)?,
        shown: [row.opt_time(5)?, row.opt_time(6)?],
        joined: row.opt_time(7)?.is_some(),
    })
}

async fn join(
    tx: &Tx<'_>,
    scope: JoinScope,
    call: &JoinUsers,
    until_held: impl Fn() -> Timestamp + Send,
) -> Result<JoinOutcome> {
    let environment = scope.environment;
    let Some(met) = meet(tx, scope, call.now).await?.filter(|met| !met.joined) else {
        return Ok(JoinOutcome::Gone);
    };
    let (first, second) = (met.first.0, met.second.0);
    let both = params![environment: environment.0, first: first, second: second];
    let owns = params![environment: environment.0, kind: met.kind.as_str(), key: met.key.as_str(), user: second];
    let alive = tx.all(ALIVE, &both, |_| Ok(())).await?.len() == 2;
    if !alive || tx.one(OWNS, &owns, |_| Ok(())).await?.is_none() {
        return Ok(JoinOutcome::Gone);
    }
    let pair = params![first: first, second: second];
    match tx.one(APART, &pair, apart).await?.flatten() {
        Some(Apart::SamePartner(_)) => return Ok(JoinOutcome::SamePartner),
        Some(Apart::TwoWallets) => return Ok(JoinOutcome::TwoWallets),
        Some(Apart::Unprovable) => return Ok(JoinOutcome::Unprovable),
        None => {}
    }
    if !met.is_held_by(&call.holder) || met.shown(call.now) != [true, true] {
        return Ok(JoinOutcome::NotShown);
    }
    shift(tx, scope.join, &met, call.now).await?;
    retire(tx, scope, &met, call, until_held()).await?;
    for user in [met.first, met.second] {
        ended_all(tx, environment, user, "joined", call.now).await?;
    }
    let about = json!({
        "user_id": met.second, "retired_user_id": met.first, "undo_until": whole_seconds(call.undo_until),
    });
    let joined = Happened::to(scope.join.0, EventType::UserJoined, environment, about, call.now);
    tx.emit(joined.about(met.second).with_id(call.event)).await?;
    Ok(JoinOutcome::Joined)
}

/// Moves what names the first account.
async fn shift(tx: &Tx<'_>, join: JoinId, met: &Met, now: Timestamp) -> Result<()> {
    let (first, second) = (met.first.0, met.second.0);
    let noted = params![join: join.0, first: first];
    let pair = params![first: first, second: second];
    for (note, change) in [
        (IDENTITY_MOVES, IDENTITIES),
        (KEY_MOVES, KEYS),
        (ALIAS_MOVES, ALIASES),
        (WALLET_MOVES, WALLET),
    ] {
        tx.execute(note, &noted).await?;
        tx.execute(change, &pair).await?;
    }
    tx.execute(PASSWORDS, &pair).await?;
    for (change, what) in [(NAME, "name"), (METADATA, "metadata"), (RAMPABLE, "rampable")] {
        if tx.execute(change, &pair).await? == 1 {
            tx.execute(NOTE, &params![join: join.0, what: what, first: first])
                .await?;
        }
    }
    let plans = tx
        .all(PLANS, &pair, |row| {
            let counts = matches!(&*row.text(1)?, "active" | "trialing") && row.time(2)? > now;
            Ok((row.id(0)?, counts))
        })
        .await?;
    let of = |user| {
        plans
            .iter()
            .find(|(whose, _)| *whose == user)
            .map(|(_, counts)| *counts)
    };
    let what = match (of(first), of(second)) {
        (Some(_), None) => "plan",
        (Some(true), Some(false)) => "plans",
        _ => return Ok(()),
    };
    tx.execute(NOTE, &params![join: join.0, what: what, first: first])
        .await?;
    swap_plans(tx, join, met).await
}

/// Each account gets the plan of the other, if that has one. Meanwhile one of them is the join's own.
pub(super) async fn swap_plans(tx: &Tx<'_>, join: JoinId, met: &Met) -> Result<()> {
    let (first, second) = (met.first.0, met.second.0);
    for (from, to) in [(second, join.0), (first, second), (join.0, first)] {
        tx.execute(MOVE_PLAN, &params![from: from, to: to]).await?;
    }
    Ok(())
}

/// Closes the first account, and ends whatever was signed in to either.
async fn retire(tx: &Tx<'_>, scope: JoinScope, met: &Met, call: &JoinUsers, valid_after: Timestamp) -> Result<()> {
    let (environment, join) = (scope.environment, scope.join);
    let (first, second) = (met.first.0, met.second.0);
    let alias = params![
        first: first, environment: environment.0, second: second, now: call.now, undo_until: call.undo_until,
    ];
    tx.execute(ALIAS, &alias).await?;
    tx.execute(RETIRE, &params![now: call.now, valid_after: valid_after, first: first])
        .await?;
    tx.execute(
        END_SESSIONS,
        &params![now: call.now, valid_after: valid_after, user: second],
    )
    .await?;
    tx.execute(DONE, &params![now: call.now, undo_until: call.undo_until, join: join.0])
        .await?;
    Ok(())
}
