//! Challenges: one attempt budget of a one-time code, bound to one destination, one purpose and whoever asked.

use futures_util::FutureExt as _;
use jiff::{SignedDuration, Timestamp};

use super::idempotency::{IdempotencyClaim, Once, SavedAnswer};
use super::scope::ChallengeScope;
use super::sql::params;
use super::transaction::Tx;
use super::users::lock_value;
use super::{Result, Store};
use crate::domain::{ChallengeId, Destination, EnvironmentId, MessageId, PastSend, Purpose, SendLimits, UserId, Wait};

/// A code that may be sent: which of the two it is, the transaction decides.
#[derive(Debug, Clone)]
pub struct PreparedCode {
    /// Its MAC: key id and tag.
    pub mac: [u8; 48],
    /// The whole message, sealed.
    pub sealed: Vec<u8>,
}

/// A code that is asked for.
#[derive(Debug, Clone)]
pub struct NewChallenge {
    /// Its id, which is inside the verification token.
    pub id: ChallengeId,
    /// Who was signed in when it was asked for; nobody for a log-in.
    pub user: Option<UserId>,
    /// What it is for.
    pub purpose: Purpose,
    /// Where it goes.
    pub to: Destination,
    /// The network that asks: an IPv4 address, or the first half of an IPv6 address.
    pub network: String,
    /// How many sends there may be; `None` for a test number.
    pub limits: Option<SendLimits>,
    /// Wrong codes in an hour after which a destination gets the long code.
    pub wrong_per_hour: u32,
    /// The usual code.
    pub code: PreparedCode,
    /// The long one.
    pub long_code: PreparedCode,
    /// The message and its job; `None` if nothing is to be sent.
    pub message: Option<NewMessage>,
    /// When the code ends.
    pub expires_at: Timestamp,
    /// The time of the call.
    pub now: Timestamp,
}

/// A message to queue with the challenge.
#[derive(Debug, Clone, Copy)]
pub struct NewMessage {
    /// Its id, and its job's.
    pub id: MessageId,
    /// `whatsapp`, `sms`, `email` or `http`.
    pub channel: &'static str,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Started {
    /// It is on its way.
    Sent,
    /// Too many: again at this time. The same for a destination that nobody knows.
    TooMany(Timestamp),
}

const FAMILIAR: &str = "
    select 1 from familiar_networks
    where environment_id = :environment and kind = :kind and key = :key and network = :network and proven_at > :since";
const TO_DESTINATION: &str = "
    select created_at, familiar, app_id from code_sends
    where environment_id = :environment and kind = :kind and key = :key and created_at > :since order by id desc limit 100";
const FROM_NETWORK: &str = "
    select created_at from code_sends
    where environment_id = :environment and network = :network and created_at > :since order by id desc limit :most";
const WRONG: &str = "
    select cast(coalesce(sum(wrong), 0) as bigint) from challenges where id in (
        select challenge_id from code_sends
        where environment_id = :environment and kind = :kind and key = :key and created_at > :since)";
const ADD: &str = "
    insert into challenges (id, environment_id, app_id, user_id, purpose, kind, key, shown, code_mac, tries, wrong, created_at, expires_at)
    values (:id, :environment, :app, :user, :purpose, :kind, :key, :shown, :code_mac, 0, 0, :now, :expires_at)";
// A send has the challenge's id. None is counted for a test number: nothing is sent there.
const ADD_SEND: &str = "
    insert into code_sends (id, environment_id, app_id, challenge_id, kind, key, network, familiar, created_at)
    values (:id, :environment, :app, :challenge, :kind, :key, :network, :familiar, :now)";
const ADD_MESSAGE: &str = "
    insert into messages (id, environment_id, challenge_id, channel, sealed, state, attempts, channel_attempts, tried, expires_at, created_at)
    values (:id, :environment, :challenge, :channel, :sealed, 'pending', 0, 0, '', :expires_at, :now)";
const ADD_JOB: &str = "
    insert into jobs (id, environment_id, kind, due_at, attempts, created_at)
    values (:id, :environment, 'message', :now, 0, :now)";

/// How long a network stays familiar after a proof.
const FAMILIAR_FOR: SignedDuration = SignedDuration::from_hours(90 * 24);
const DAY: SignedDuration = SignedDuration::from_hours(24);
const HOUR: SignedDuration = SignedDuration::from_hours(1);

impl Store {
    /// Begins a challenge and queues its message, if the budget has room. Everything that decides is read under a
    /// lock of the destination, so that no two calls can take the last send.
    /// An `Idempotency-Key` is recorded with its answer once the code is on its way.
    pub async fn start_challenge(
        &self,
        scope: impl Into<ChallengeScope>,
        new: NewChallenge,
        repeatable: Option<(IdempotencyClaim, SavedAnswer)>,
    ) -> Result<Once<Started>> {
        let scope = scope.into();
        let (claim, saved) = repeatable.unzip();
        let now = new.now;
        self.transact_once(scope.environment, claim, now, move |tx| {
            async move {
                let started = start(tx, scope, &new).await?;
                Ok((started, saved.filter(|_| started == Started::Sent)))
            }
            .boxed()
        })
        .await
    }
}

async fn start(tx: &Tx<'_>, scope: ChallengeScope, new: &NewChallenge) -> Result<Started> {
    let environment = scope.environment;
    let (kind, key) = (new.to.kind(), new.to.key());
    // The lock of whoever gives somebody this value: a proof and a send of one address wait for each other.
    lock_value(tx, environment, kind, key).await?;
    if new.limits.is_some() {
        tx.lock(&[b"network", &environment.bytes(), new.network.as_bytes()])
            .await?;
    }
    let familiar = is_familiar(tx, environment, new).await?;
    if let Some(limits) = new.limits
        && let Err(Wait(until)) = admit(tx, scope, new, limits, familiar).await?
    {
        return Ok(Started::TooMany(until));
    }
    let wrong = params![environment: environment.0, kind: kind, key: key, since: new.now - HOUR];
    let wrong = tx.one(WRONG, &wrong, |row| row.int(0)).await?.unwrap_or_default();
    let guessed_at = wrong >= i64::from(new.wrong_per_hour) && new.limits.is_some();
    let code = if guessed_at { &new.long_code } else { &new.code };
    let app = scope.app.map(|app| app.0);
    let challenge = params![
        id: new.id.0, environment: environment.0, app: app, user: new.user.map(|user| user.0), purpose: new.purpose.name(),
        kind: kind, key: key, shown: new.to.shown(), code_mac: &code.mac[..], now: new.now, expires_at: new.expires_at,
    ];
    tx.execute(ADD, &challenge).await?;
    let send = params![
        id: new.id.0, environment: environment.0, app: app, challenge: new.id.0, kind: kind, key: key,
        network: new.network.as_str(), familiar: familiar, now: new.now,
    ];
    if new.limits.is_some() {
        tx.execute(ADD_SEND, &send).await?;
    }
    if let Some(message) = new.message {
        let queued = params![
            id: message.id.0, environment: environment.0, challenge: new.id.0, channel: message.channel, sealed: &code.sealed[..],
            expires_at: new.expires_at, now: new.now,
        ];
        tx.execute(ADD_MESSAGE, &queued).await?;
        let job = params![id: message.id.0, environment: environment.0, now: new.now];
        tx.execute(ADD_JOB, &job).await?;
    }
    Ok(Started::Sent)
}

async fn is_familiar(tx: &Tx<'_>, environment: EnvironmentId, new: &NewChallenge) -> Result<bool> {
    let params = params![
        environment: environment.0, kind: new.to.kind(), key: new.to.key(), network: new.network.as_str(),
        since: new.now - FAMILIAR_FOR,
    ];
    Ok(tx.one(FAMILIAR, &params, |_| Ok(())).await?.is_some())
}

async fn admit(
    tx: &Tx<'_>,
    scope: ChallengeScope,
    new: &NewChallenge,
    limits: SendLimits,
    familiar: bool,
) -> Result<std::result::Result<(), Wait>> {
    let environment = scope.environment.0;
    let by_destination = params![
        environment: environment, kind: new.to.kind(), key: new.to.key(), since: new.now - DAY,
    ];
    let app = scope.app.map(|app| app.0);
    let to_destination = tx
        .all(TO_DESTINATION, &by_destination, |row| {
            Ok(PastSend {
                at: row.time(0)?,
                familiar: row.boolean(1)?,
                same_app: row.opt_id(2)? == app,
            })
        })
        .await?;
    let by_network = params![
        environment: environment, network: new.network.as_str(), since: new.now - HOUR,
        most: i64::from(limits.per_network_hour),
    ];
    let from_network = tx.all(FROM_NETWORK, &by_network, |row| row.time(0)).await?;
    Ok(limits.admit(new.now, familiar, &to_destination, &from_network))
}
