//! A person proves an identity with a code: who they are then.
//!
//! The rules are those of verified identities: one owner in an environment, moved by nobody's word but the person's
//! own proof. A code log-in on an address that nobody has proven makes a new user; it takes over one that the
//! organization's own back end brought only if nobody ever proved anything there.

mod owner;

use futures_util::FutureExt as _;
use futures_util::future::try_join;
use jiff::Timestamp;
use serde_json::json;

use self::owner::settle;
pub(super) use self::owner::{Proof, add_proof};
use super::{EventData, User, lock_value};
use crate::domain::{AppId, ChallengeId, EnvironmentId, EventId, EventType, IdentityId, OneTimeCode, Purpose, UserId};
use crate::store::challenges::caps::count_proof;
use crate::store::devices::{DeviceOf, SeenDevice};
use crate::store::happened::Happened;
use crate::store::idempotency::{IdempotencyClaim, Once, SavedAnswer};
use crate::store::notices::Notices;
use crate::store::scope::ChallengeScope;
use crate::store::sql::params;
use crate::store::transaction::Tx;
use crate::store::{Result, Store};

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
    /// The network of the person who typed it; `None` behind a back end.
    pub network: Option<String>,
    /// The user, if the proof makes one.
    pub new_user: UserId,
    /// The row of the proven identity, if new.
    pub identity: IdentityId,
    /// What may have happened: the user was made or proven, the identity was, the log-in succeeded.
    pub events: [EventId; 3],
    /// The device, where the log-in reaches wallets.
    pub device: Option<DeviceOf>,
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
    /// The device, where it was asked about.
    pub device: Option<SeenDevice>,
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
    /// The user has proven another address: the person confirms this one there, see [`Store::offer_confirmation`]. The
    /// code is spent.
    NeedsConfirmation,
    /// The user has something to protect, and no proven address where this one could be confirmed. The code is spent.
    Unconfirmable,
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
        and expires_at > :now and tries < :most_tries
    returning code_mac, key, shown, app_id, user_id, kind, counted";
const WRONG: &str = "update challenges set wrong = wrong + 1 where id = :id";
const SPEND: &str = "update challenges set used_at = :now where id = :id and used_at is null";
const REMEMBER: &str = "
    insert into familiar_networks (environment_id, kind, key, network, proven_at)
    values (:environment, :kind, :key, :network, :now)
    on conflict (environment_id, kind, key, network) do update set proven_at = excluded.proven_at";

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
        let (now, notices) = (attempt.now, self.notices());
        self.transact_once(scope.environment, claim, now, move |tx| {
            async move {
                let outcome = prove(tx, scope, &attempt, &notices).await?;
                let saved = match &outcome {
                    ProofOutcome::Proven(proven) => Some(SavedAnswer {
                        status: 200,
                        body: None,
                        resource: Some(proven.user.id.0),
                    }),
                    ProofOutcome::AnothersOwn(_)
                    | ProofOutcome::NeedsConfirmation
                    | ProofOutcome::Unconfirmable
                    | ProofOutcome::Suspended
                    | ProofOutcome::Refused => None,
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

async fn prove(tx: &Tx<'_>, scope: ChallengeScope, attempt: &ProofAttempt, notices: &Notices) -> Result<ProofOutcome> {
    let id = attempt.challenge.0;
    let counted = params![
        id: id, environment: scope.environment.0, purpose: attempt.purpose.name(),
        any: i64::from(attempt.kind.is_none()), kind: attempt.kind.unwrap_or_default(), now: attempt.now,
        most_tries: OneTimeCode::MOST_TRIES,
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
    let spent = params![now: attempt.now, id: id];
    let remembered = async {
        let Some(network) = attempt.network.as_deref() else {
            return Ok(0);
        };
        let remembered = params![
            environment: scope.environment.0, kind: met.kind, key: met.key.as_str(), network: network, now: attempt.now,
        ];
        tx.execute(REMEMBER, &remembered).await
    };
    // The challenge is this transaction's since its try was counted: on PostgreSQL both share a round trip.
    let locked = lock_value(tx, scope.environment, met.kind, &met.key);
    let (spent, ()) = try_join(tx.execute(SPEND, &spent), locked).await?;
    if spent == 0 {
        return Ok(ProofOutcome::Refused);
    }
    let counted = met.counted.clone();
    // The network's row only behind the lock of the value: two log-ins that took them in different orders would wait for each
    // other. What follows goes along in the same round trip.
    let settled = settle(tx, scope.environment, attempt, &met, notices);
    let (_, outcome) = try_join(remembered, settled).await?;
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
