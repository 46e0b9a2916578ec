//! A person proves an identity with a code: who they are then.
//!
//! The rules are those of verified identities: one owner in an environment, moved by nobody's word but the person's
//! own proof. A code log-in on an address that nobody has proven makes a new user; it takes over one that the
//! organization's own back end brought only if nobody ever proved anything there.

use futures_util::FutureExt as _;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{EventData, User, find, lock, lock_value};
use crate::domain::{AppId, ChallengeId, EnvironmentId, EventId, EventType, IdentityId, Purpose, UserId};
use crate::store::challenges::caps::count_proof;
use crate::store::happened::Happened;
use crate::store::idempotency::{IdempotencyClaim, Once, SavedAnswer};
use crate::store::scope::ChallengeScope;
use crate::store::sql::params;
use crate::store::transaction::Tx;
use crate::store::{Result, Store, StoreError};

/// Whether a stored MAC is that of a code.
pub type MatchesCode = Box<dyn Fn(&[u8]) -> bool + Send + Sync>;

/// A code that somebody typed.
pub struct ProofAttempt {
    /// The challenge that the verification token names.
    pub challenge: ChallengeId,
    /// What the challenge has to be for.
    pub purpose: Purpose,
    /// Who is signed in, if anybody: the challenge has to be theirs.
    pub user: Option<UserId>,
    /// The kind of destination that the route is about, if it is about one.
    pub kind: Option<&'static str>,
    /// Whether a stored MAC is that of the code that was typed.
    pub matches: MatchesCode,
    /// The network that it was typed in.
    pub network: String,
    /// The user, if the proof makes one.
    pub new_user: UserId,
    /// The row of the proven identity, if new.
    pub identity: IdentityId,
    /// What may have happened: the user was made or proven, the identity was, the log-in succeeded.
    pub events: [EventId; 3],
    /// What the event says of the user.
    pub event_data: EventData,
    /// The time of the call.
    pub now: Timestamp,
}

/// A code was right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// Who they are.
    pub user: User,
    /// Whether the proof made the user.
    pub created: bool,
    /// What was proven: E.164, or the address's key.
    pub key: String,
    /// The moment that a token of this log-in has to say it was made at: what is older has ended.
    pub since: Timestamp,
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "the large one is the usual one")]
pub enum ProofOutcome {
    /// The code was right, and is spent.
    Proven(Proven),
    /// Somebody else has proven this address: the person may join the two accounts, see [`Store::offer_join`]. The
    /// code is spent.
    AnothersOwn(UserId),
    /// The user is locked out. The code is spent.
    Suspended,
    /// Wrong, expired, used, foreign, tried too often or never made: one answer for all.
    Refused,
}

// The try is counted before the code is compared, and by the same statement that decides.
const COUNT: &str = "
    update challenges set tries = tries + 1
    where id = :id and environment_id = :environment and purpose = :purpose and used_at is null
        and (cast(:any as bigint) = 1 or kind = :kind)
        and expires_at > :now and tries < 5
    returning code_mac, key, shown, app_id, user_id, kind, counted";
const WRONG: &str = "update challenges set wrong = wrong + 1 where id = :id";
const SPEND: &str = "update challenges set used_at = :now where id = :id and used_at is null";
const OWNER: &str = "
    select user_id from identities
    where environment_id = :environment and kind = :kind and key = :key and state = 'verified' and kind in ('email', 'phone')";
const BROUGHT_EMAIL: &str = "
    select user_id from identities where source_id = :environment and key = :key and source = 'organization' and kind = 'email'";
const BROUGHT_PHONE: &str = "
    select distinct user_id from identities
    where source_id = :environment and key = :key and source = 'organization' and kind = 'phone' limit 2";
// Untouched: nobody signed in, proved anything or held a key there.
const UNTOUCHED: &str = "
    select 1 from users account
    where account.id = :user and account.status = 'linked'
        and not exists (select 1 from identities proof where proof.user_id = account.id and proof.source = 'person')
        and not exists (select 1 from identities theirs where theirs.user_id = account.id and theirs.source in ('partner', 'app'))
        and not exists (select 1 from user_keys held where held.user_id = account.id)";
const STATUS: &str = "select status from users where id = :user and environment_id = :environment";
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
const REMEMBER: &str = "
    insert into familiar_networks (environment_id, kind, key, network, proven_at)
    values (:environment, :kind, :key, :network, :now)
    on conflict (environment_id, kind, key, network) do update set proven_at = excluded.proven_at";

/// What is made in the very microsecond of a first proof has to end too.
const JUST_AFTER: SignedDuration = SignedDuration::from_micros(1);

impl Store {
    /// Spends a try on a code, and says who the person is if it was right. A wrong one is remembered.
    /// An `Idempotency-Key` is recorded once it was right: a replay names the user.
    pub async fn prove(
        &self,
        scope: impl Into<ChallengeScope>,
        attempt: ProofAttempt,
        claim: Option<IdempotencyClaim>,
    ) -> Result<Once<ProofOutcome>> {
        let scope = scope.into();
        let now = attempt.now;
        self.transact_once(scope.environment, claim, now, move |tx| {
            async move {
                let outcome = prove(tx, scope, &attempt).await?;
                let saved = match &outcome {
                    ProofOutcome::Proven(proven) => Some(SavedAnswer {
                        status: 200,
                        body: None,
                        resource: Some(proven.user.id.0),
                    }),
                    ProofOutcome::AnothersOwn(_) | ProofOutcome::Suspended | ProofOutcome::Refused => None,
                };
                Ok((outcome, saved))
            }
            .boxed()
        })
        .await
    }
}

/// A challenge as an attempt meets it.
struct Met {
    mac: Vec<u8>,
    kind: &'static str,
    key: String,
    shown: String,
    app: Option<AppId>,
    user: Option<UserId>,
    /// Where its proof is counted, if it is.
    counted: Option<String>,
}

async fn prove(tx: &Tx<'_>, scope: ChallengeScope, attempt: &ProofAttempt) -> Result<ProofOutcome> {
    let id = attempt.challenge.0;
    let counted = params![
        id: id, environment: scope.environment.0, purpose: attempt.purpose.name(),
        any: i64::from(attempt.kind.is_none()), kind: attempt.kind.unwrap_or_default(), now: attempt.now,
    ];
    let met = tx
        .one(COUNT, &counted, |row| {
            Ok(Met {
                kind: row.word(5, |word| ["email", "phone"].into_iter().find(|kind| *kind == word))?,
                mac: row.bytes(0)?,
                key: row.text(1)?,
                shown: row.text(2)?,
                app: row.opt_id(3)?.map(AppId),
                user: row.opt_id(4)?.map(UserId),
                counted: row.opt_text(6)?,
            })
        })
        .await?;
    let Some(met) = met else {
        return Ok(ProofOutcome::Refused);
    };
    let theirs = met.app == scope.app && met.user == attempt.user;
    if !theirs || !(attempt.matches)(&met.mac) {
        tx.execute(WRONG, &params![id: id]).await?;
        refused(tx, scope.environment, attempt, &met).await?;
        return Ok(ProofOutcome::Refused);
    }
    if tx.execute(SPEND, &params![now: attempt.now, id: id]).await? == 0 {
        return Ok(ProofOutcome::Refused);
    }
    let remembered = params![
        environment: scope.environment.0, kind: met.kind, key: met.key.as_str(), network: attempt.network.as_str(),
        now: attempt.now,
    ];
    tx.execute(REMEMBER, &remembered).await?;
    lock_value(tx, scope.environment, met.kind, &met.key).await?;
    let counted = met.counted.clone();
    let outcome = settle(tx, scope.environment, attempt, met).await?;
    // Behind the lock of the value, as whoever asks for a code counts it.
    if let Some(prefix) = &counted {
        count_proof(tx, scope.environment, prefix, attempt.challenge, attempt.now).await?;
    }
    Ok(outcome)
}

/// A wrong code for a log-in is told; who typed it is not known.
async fn refused(tx: &Tx<'_>, environment: EnvironmentId, attempt: &ProofAttempt, met: &Met) -> Result<()> {
    if attempt.purpose != Purpose::LogIn {
        return Ok(());
    }
    let data =
        json!({ "challenge_id": attempt.challenge, "app_id": met.app, "kind": met.kind, "reason": "wrong_code" });
    let event = Happened::to(
        attempt.challenge.0,
        EventType::LoginRefused,
        environment,
        data,
        attempt.now,
    );
    tx.emit(event.with_id(attempt.events[2])).await
}

/// Who the person is who has just proven a destination.
async fn settle(tx: &Tx<'_>, environment: EnvironmentId, attempt: &ProofAttempt, met: Met) -> Result<ProofOutcome> {
    let by_value = params![environment: environment.0, kind: met.kind, key: met.key.as_str()];
    let mut owner = tx.one(OWNER, &by_value, |row| Ok(UserId(row.id(0)?))).await?;
    let (user, created) = loop {
        if attempt.purpose.needs_own_address() && (owner.is_none() || owner != attempt.user) {
            return Ok(ProofOutcome::Refused);
        }
        let (user, created) = match (owner, attempt.user) {
            (Some(owner), None) => (owner, false),
            (Some(owner), Some(user)) if owner == user => (owner, false),
            (Some(owner), Some(_)) => return Ok(ProofOutcome::AnothersOwn(owner)),
            (None, Some(user)) => (user, false),
            (None, None) => match adoptable(tx, environment, &met).await? {
                Some(user) => (user, false),
                None => (attempt.new_user, true),
            },
        };
        lock(tx, user).await?;
        if created || may_sign_in(tx, environment, user).await? {
            break (user, created);
        }
        // Whose it was before the lock was ours may have been joined into another.
        let again = tx.one(OWNER, &by_value, |row| Ok(UserId(row.id(0)?))).await?;
        if again == owner {
            return Ok(ProofOutcome::Suspended);
        }
        owner = again;
    };
    if created {
        let new = params![
            id: user.0, environment: environment.0, always: Timestamp::UNIX_EPOCH, now: attempt.now,
        ];
        tx.execute(ADD_USER, &new).await?;
    }
    if owner.is_none() {
        add_proof(tx, environment, attempt, &met, user, created).await?;
    }
    let gone = || StoreError::Fault("a user that was just proven is not there".to_owned());
    let known = find(tx, environment, user).await?.ok_or_else(gone)?;
    if owner.is_none() {
        let kind = if created {
            EventType::UserCreated
        } else {
            EventType::UserVerified
        };
        say(
            tx,
            environment,
            attempt,
            user,
            0,
            kind,
            (attempt.event_data)(&known).into(),
        )
        .await?;
        let about = json!({ "user_id": user, "kind": met.kind });
        say(tx, environment, attempt, user, 1, EventType::IdentityVerified, about).await?;
    }
    if attempt.purpose == Purpose::LogIn {
        let about = json!({ "user_id": user, "app_id": met.app, "amr": "otp", "kind": met.kind });
        say(tx, environment, attempt, user, 2, EventType::LoginSucceeded, about).await?;
    }
    Ok(ProofOutcome::Proven(Proven {
        user: known,
        created,
        key: met.key,
        since: attempt.now + JUST_AFTER,
    }))
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

async fn may_sign_in(tx: &Tx<'_>, environment: EnvironmentId, user: UserId) -> Result<bool> {
    let params = params![user: user.0, environment: environment.0];
    let status = tx.one(STATUS, &params, |row| row.text(0)).await?;
    Ok(matches!(status.as_deref(), Some("linked" | "verified")))
}

/// Puts down the proof; the first one of a user ends whatever was signed in before it.
async fn add_proof(
    tx: &Tx<'_>,
    environment: EnvironmentId,
    attempt: &ProofAttempt,
    met: &Met,
    user: UserId,
    created: bool,
) -> Result<()> {
    let first = tx.one(PROOFS, &params![user: user.0], |_| Ok(())).await?.is_none();
    let proof = params![
        user: user.0, kind: met.kind, person: uuid::Uuid::nil(), id: attempt.identity.0, environment: environment.0,
        key: met.key.as_str(), shown: met.shown.as_str(), now: attempt.now,
    ];
    tx.execute(ADD_PROOF, &proof).await?;
    if first && !created {
        let valid_after = attempt.now + JUST_AFTER;
        let ended = params![user: user.0, now: attempt.now, valid_after: valid_after];
        tx.execute(FIRST_PROOF, &ended).await?;
    }
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
