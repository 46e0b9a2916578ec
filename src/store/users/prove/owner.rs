//! Who the person is who has just proven a destination.

use futures_util::future::{try_join, try_join_all};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Met, ProofAttempt, ProofOutcome, Proven};
use crate::domain::{EnvironmentId, EventType, IdentityId, Purpose, UserId};
use crate::store::devices::{DeviceStanding, LoginOnDevice, SeenDevice, asked_of, guarded, see, standing};
use crate::store::happened::Happened;
use crate::store::notices::Notices;
use crate::store::sessions::ended_all;
use crate::store::sql::params;
use crate::store::transaction::Tx;
use crate::store::users::{find, lock};
use crate::store::{Result, StoreError};

const OWNER: &str = "
    select user_id from identities
    where environment_id = :environment and kind = :kind and key = :key and state = 'verified' and kind in ('email', 'phone')";
const BROUGHT_EMAIL: &str = "
    select user_id from identities where source_id = :environment and key = :key and source = 'organization' and kind = 'email'";
const BROUGHT_PHONE: &str = "
    select distinct user_id from identities
    where source_id = :environment and key = :key and source = 'organization' and kind = 'phone' limit 2";
// Untouched: nobody signed in, proved anything or held a key there, and the back end had no token made for it.
const UNTOUCHED: &str = "
    select 1 from users account
    where account.id = :user and account.status = 'linked' and account.first_token_at is null
        and not exists (select 1 from identities proof where proof.user_id = account.id and proof.source = 'person')
        and not exists (select 1 from identities theirs where theirs.user_id = account.id and theirs.source in ('partner', 'app'))
        and not exists (select 1 from user_keys held where held.user_id = account.id)";
const ACCOUNT: &str = guarded!("where account.id = :user and account.environment_id = :environment");
const ADD_USER: &str = "
    insert into users (id, environment_id, status, metadata, valid_after, created_at, updated_at)
    values (:id, :environment, 'verified', '{}', :always, :now, :now)";
const ADD_PROOF: &str = "
    insert into identities (user_id, kind, source_id, id, environment_id, source, key, shown, state, created_at, updated_at, verified_at)
    values (:user, :kind, :person, :id, :environment, 'person', :key, :shown, 'verified', :now, :now, :now)";
// A first proof ends whatever was signed in before it: whoever prepared an account for somebody else is out.
const FIRST_PROOF: &str = "
    update users set status = 'verified', updated_at = :now,
        valid_after = case when valid_after > :valid_after then valid_after else :valid_after end
    where id = :user and status = 'linked'";
const PROOFS: &str = "select 1 from identities where user_id = :user and source = 'person' and state = 'verified'";
// So do the names that logged in without a proof: a password, an app's word.
const PASSWORDS: &str = "delete from passwords where user_id = :user";
const UNPROVEN_NAMES: &str = "delete from identities where user_id = :user and kind in ('username', 'custody')";
// Nor does it count what was shown of the user, by an address that was nobody's proof of it.
const SHOWN: &str = "update joins set first_shown_at = null where first_id = :user and joined_at is null";
// Who has proven an address; what somebody has without one who may lose it: wallets, log-ins at providers.
const BELONGINGS: &str = "
    select (select count(*) from identities where user_id = :user and kind in ('email', 'phone') and state = 'verified'),
        (select count(*) from wallets where user_id = :user),
        (select count(*) from identities where user_id = :user and kind in ('google', 'apple', 'telegram'))";

/// What is made in the very microsecond of a first proof has to end too.
const JUST_AFTER: SignedDuration = SignedDuration::from_micros(1);

/// Says who it is, and writes down what that changes.
pub(super) async fn settle(
    tx: &Tx<'_>,
    environment: EnvironmentId,
    attempt: &ProofAttempt,
    met: &Met,
    notices: &Notices,
) -> Result<ProofOutcome> {
    // The device of a log-in that reaches wallets.
    let check = attempt.device.as_ref().map(|device_of| device_of(met.kind, &met.key));
    let by_value = params![environment: environment.0, kind: met.kind, key: met.key.as_str()];
    let mut owner = tx.one(OWNER, &by_value, |row| Ok(UserId(row.id(0)?))).await?;
    let (user, created, standing) = loop {
        if attempt.purpose.needs_own_address() && (owner.is_none() || owner != attempt.user) {
            return Ok(ProofOutcome::Refused);
        }
        let (user, created) = match (owner, attempt.user) {
            (Some(owner), None) => (owner, false),
            (Some(owner), Some(user)) if owner == user => (owner, false),
            (Some(owner), Some(_)) => return Ok(ProofOutcome::AnothersOwn(owner)),
            (None, Some(user)) => (user, false),
            (None, None) => match adoptable(tx, environment, met).await? {
                Some(user) => (user, false),
                None => (attempt.new_user, true),
            },
        };
        if created {
            // Nobody knows its id yet.
            break (user, created, None);
        }
        let account = account(tx, environment, user, asked_of(check.as_ref(), attempt.now));
        let ((), standing) = try_join(lock(tx, user), account).await?;
        // Somebody else may have taken the brought user over by another address of it, before the lock was ours.
        let adopted = owner.is_none() && attempt.user.is_none();
        if adopted && adoptable(tx, environment, met).await? != Some(user) {
            continue;
        }
        if standing.is_some() {
            break (user, created, standing);
        }
        // Whose it was before the lock was ours may have been joined into another.
        let again = tx.one(OWNER, &by_value, |row| Ok(UserId(row.id(0)?))).await?;
        if again == owner {
            suspended(tx, environment, attempt, met, user).await?;
            return Ok(ProofOutcome::Suspended);
        }
        owner = again;
    };
    if owner.is_none() && !created {
        match guard(tx, user).await? {
            Guard::Open => {}
            Guard::Confirmed => return Ok(ProofOutcome::NeedsConfirmation),
            Guard::Closed => return Ok(ProofOutcome::Unconfirmable),
        }
    }
    if owner.is_none() {
        let proof = Proof {
            user,
            identity: attempt.identity,
            kind: met.kind,
            key: &met.key,
            shown: &met.shown,
            now: attempt.now,
        };
        if created {
            let new = params![
                id: user.0, environment: environment.0, always: Timestamp::UNIX_EPOCH, now: attempt.now,
            ];
            tx.ready(&[ADD_USER, ADD_PROOF]).await?;
            try_join(tx.execute(ADD_USER, &new), write_proof(tx, environment, &proof)).await?;
        } else {
            add_proof(tx, environment, &proof).await?;
        }
    }
    let gone = || StoreError::Fault("a user that was just proven is not there".to_owned());
    let known = find(tx, environment, user).await?.ok_or_else(gone)?;
    let mut told = Vec::new();
    if owner.is_none() {
        let kind = if created {
            EventType::UserCreated
        } else {
            EventType::UserVerified
        };
        told.push((0, kind, (attempt.event_data)(&known).into()));
        let about = json!({ "user_id": user, "kind": met.kind });
        told.push((1, EventType::IdentityVerified, about));
    }
    if attempt.purpose == Purpose::LogIn {
        let about = json!({ "user_id": user, "app_id": met.app, "amr": "otp", "kind": met.kind });
        told.push((2, EventType::LoginSucceeded, about));
    }
    let device = match (check, standing) {
        (None, _) => None,
        (Some(check), None) => Some(SeenDevice {
            id: check.new,
            since: attempt.now,
            held: false,
        }),
        (Some(check), Some(standing)) => {
            let login = LoginOnDevice {
                environment,
                app: met.app,
                user,
                by: Some((met.kind, &met.key)),
                now: attempt.now,
            };
            Some(see(tx, notices, &check, standing, login).await?)
        }
    };
    let told = told.into_iter();
    let saying = told.map(|(which, kind, about)| say(tx, environment, attempt, user, which, kind, about));
    try_join_all(saying).await?;
    Ok(ProofOutcome::Proven(Proven {
        user: known,
        created,
        key: met.key.clone(),
        since: attempt.now + JUST_AFTER,
        device,
    }))
}

/// Somebody who is locked out had the right code.
async fn suspended(
    tx: &Tx<'_>,
    environment: EnvironmentId,
    attempt: &ProofAttempt,
    met: &Met,
    user: UserId,
) -> Result<()> {
    if attempt.purpose != Purpose::LogIn {
        return Ok(());
    }
    let about = json!({
        "user_id": user, "challenge_id": attempt.challenge, "app_id": met.app, "kind": met.kind, "reason": "suspended",
    });
    say(tx, environment, attempt, user, 2, EventType::LoginRefused, about).await
}

/// The one user that the organization's own back end brought under this address, if nobody has touched it.
async fn adoptable(tx: &Tx<'_>, environment: EnvironmentId, met: &Met) -> Result<Option<UserId>> {
    let brought = if met.kind == "email" {
        BROUGHT_EMAIL
    } else {
        BROUGHT_PHONE
    };
    let by_value = params![environment: environment.0, key: met.key.as_str()];
    let found = tx.all(brought, &by_value, |row| Ok(UserId(row.id(0)?))).await?;
    // A phone that several users share names none of them.
    let [only] = found[..] else { return Ok(None) };
    let untouched = tx.one(UNTOUCHED, &params![user: only.0], |_| Ok(())).await?;
    Ok(untouched.map(|()| only))
}

/// How a user stands who may sign in; `None` for one who may not.
async fn account(
    tx: &Tx<'_>,
    environment: EnvironmentId,
    user: UserId,
    (device, hour_ago): (Option<uuid::Uuid>, Timestamp),
) -> Result<Option<DeviceStanding>> {
    let params = params![user: user.0, environment: environment.0, device: device, hour_ago: hour_ago];
    let found = tx
        .one(ACCOUNT, &params, |row| Ok((row.text(1)?, standing(row, 2)?)))
        .await?;
    let may_sign_in = found.filter(|(status, _)| matches!(&**status, "linked" | "verified"));
    Ok(may_sign_in.map(|(_, standing)| standing))
}

/// What protects a user from another address that logs in.
enum Guard {
    /// Nothing: nobody has proven anything, and there is nothing to take. A first proof ends passwords.
    Open,
    /// An address that was proven before: the person confirms the other one there.
    Confirmed,
    /// There is something to take, and no proven address to ask.
    Closed,
}

/// Nobody becomes somebody by an address of their own, also not before there is anything to take: who has proven one
/// address confirms another one there.
async fn guard(tx: &Tx<'_>, user: UserId) -> Result<Guard> {
    let counted = |row: &crate::store::sql::Row<'_>| Ok([row.int(0)?, row.int(1)?, row.int(2)?]);
    let belongings = tx.one(BELONGINGS, &params![user: user.0], counted).await?;
    Ok(match belongings.unwrap_or_default() {
        [0, 0, 0] => Guard::Open,
        [0, ..] => Guard::Closed,
        _ => Guard::Confirmed,
    })
}

/// An address that a person has proven.
pub(in crate::store::users) struct Proof<'a> {
    pub user: UserId,
    /// The row.
    pub identity: IdentityId,
    pub kind: &'static str,
    pub key: &'a str,
    pub shown: &'a str,
    pub now: Timestamp,
}

/// Puts down the proof of a user who was there before; the first one ends whatever was signed in before it.
pub(in crate::store::users) async fn add_proof(
    tx: &Tx<'_>,
    environment: EnvironmentId,
    proof: &Proof<'_>,
) -> Result<()> {
    let (user, now) = (proof.user, proof.now);
    let whose = params![user: user.0];
    let first = tx.one(PROOFS, &whose, |_| Ok(())).await?.is_none();
    write_proof(tx, environment, proof).await?;
    if first {
        let ended = params![user: user.0, now: now, valid_after: now + JUST_AFTER];
        tx.execute(FIRST_PROOF, &ended).await?;
        for sql in [PASSWORDS, UNPROVEN_NAMES, SHOWN] {
            tx.execute(sql, &whose).await?;
        }
        ended_all(tx, environment, user, "first_proof", now).await?;
    }
    Ok(())
}

async fn write_proof(tx: &Tx<'_>, environment: EnvironmentId, proof: &Proof<'_>) -> Result<()> {
    let added = params![
        user: proof.user.0, kind: proof.kind, person: uuid::Uuid::nil(), id: proof.identity.0, environment: environment.0,
        key: proof.key, shown: proof.shown, now: proof.now,
    ];
    tx.execute(ADD_PROOF, &added).await?;
    Ok(())
}

async fn say(
    tx: &Tx<'_>,
    environment: EnvironmentId,
    attempt: &ProofAttempt,
    user: UserId,
    which: usize,
    kind: EventType,
    data: Value,
) -> Result<()> {
    let event = Happened::to(user.0, kind, environment, data, attempt.now).about(user);
    tx.emit(event.with_id(attempt.events[which])).await
}
