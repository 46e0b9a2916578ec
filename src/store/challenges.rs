//! Challenges: one attempt budget of a one-time code, bound to one destination, one purpose and whoever asked.

pub(super) mod caps;
pub(super) mod resend;

use futures_util::FutureExt as _;
use jiff::{SignedDuration, Timestamp};

pub use resend::{OpenChallenge, Resend, Resent};

use super::idempotency::{IdempotencyClaim, Once, SavedAnswer};
use super::scope::ChallengeScope;
use super::sql::params;
use super::transaction::Tx;
use super::users::lock_value;
use super::{Result, Store};
use crate::domain::{
    ChallengeId, CodeCaps, Destination, EnvironmentId, MessageId, PastSend, Purpose, SendLimits, UserId, Wait,
    Withheld, WrongCodes,
};

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
    /// What codes may cost on a day; `None` where nothing is paid for.
    pub caps: Option<CodeCaps>,
    /// The name that messages say asks for the code.
    pub asked_by: String,
    /// The language of its messages.
    pub language: &'static str,
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
    /// Nothing is sent, because too much was sent on this day. Whoever asks is answered as if it were: numbers that were
    /// proven before are still served, so that another answer would tell which those are.
    Withheld(Withheld),
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
// The send that began a challenge has its id.
const WRONG: &str = "
    select send.familiar, cast(coalesce(sum(challenge.wrong), 0) as bigint)
    from code_sends send join challenges challenge on challenge.id = send.id
    where send.environment_id = :environment and send.kind = :kind and send.key = :key and send.created_at > :since
    group by send.familiar";
const ADD: &str = "
    insert into challenges (id, environment_id, app_id, user_id, purpose, kind, key, shown, code_mac, tries, wrong, created_at, expires_at,
        asked_by, language, counted)
    values (:id, :environment, :app, :user, :purpose, :kind, :key, :shown, :code_mac, 0, 0, :now, :expires_at, :asked_by, :language, :counted)";
// The first send has the challenge's id. None is counted for a test number: nothing is sent there.
const ADD_SEND: &str = "
    insert into code_sends (id, environment_id, app_id, challenge_id, kind, key, network, familiar, created_at)
    values (:id, :environment, :app, :challenge, :kind, :key, :network, :familiar, :now)";
const ADD_MESSAGE: &str = "
    insert into messages (id, environment_id, challenge_id, channel, sealed, state, attempts, channel_attempts, tried, expires_at, created_at)
    values (:id, :environment, :challenge, :channel, :sealed, 'pending', 0, 0, '', :expires_at, :now)";
const ADD_WITHHELD: &str = "
    insert into messages (id, environment_id, challenge_id, channel, state, attempts, channel_attempts, tried, last_error, expires_at,
        created_at, finished_at)
    values (:id, :environment, :challenge, :channel, 'failed', 0, 0, '', :why, :expires_at, :now, :now)";
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
                Ok((started, saved.filter(|_| !matches!(started, Started::TooMany(_)))))
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
    let asked = Asked {
        to: &new.to,
        network: &new.network,
        now: new.now,
    };
    let familiar = is_familiar(tx, environment, &asked).await?;
    if let Some(limits) = new.limits
        && let Err(Wait(until)) = admit(tx, scope, &asked, limits, familiar).await?
    {
        return Ok(Started::TooMany(until));
    }
    let guessed_at = new.limits.is_some()
        && wrong_codes(tx, environment, new)
            .await?
            .are_too_many(familiar, new.wrong_per_hour);
    let code = if guessed_at { &new.long_code } else { &new.code };
    let withheld = match &new.caps {
        Some(caps) if new.message.is_some() => caps::over(tx, environment, &new.to, caps, new.now).await?,
        _ => None,
    };
    let app = scope.app.map(|app| app.0);
    let counted = new
        .caps
        .as_ref()
        .filter(|_| withheld.is_none())
        .map(|caps| caps.prefix.as_str());
    let challenge = params![
        id: new.id.0, environment: environment.0, app: app, user: new.user.map(|user| user.0), purpose: new.purpose.name(),
        kind: kind, key: key, shown: new.to.shown(), code_mac: &code.mac[..], now: new.now, expires_at: new.expires_at,
        asked_by: new.asked_by.as_str(), language: new.language, counted: counted,
    ];
    tx.execute(ADD, &challenge).await?;
    if new.limits.is_some() {
        let send = Send {
            id: new.id.0,
            challenge: new.id,
            to: &new.to,
            network: &new.network,
            familiar,
            now: new.now,
        };
        add_send(tx, scope, &send).await?;
    }
    let Some(message) = new.message else {
        return Ok(Started::Sent);
    };
    if let Some(why) = withheld {
        let kept = params![
            id: message.id.0, environment: environment.0, challenge: new.id.0, channel: message.channel, why: why.words(),
            expires_at: new.expires_at, now: new.now,
        ];
        tx.execute(ADD_WITHHELD, &kept).await?;
        return Ok(Started::Withheld(why));
    }
    if let Some(caps) = &new.caps {
        caps::count(tx, environment, caps, new.id, new.now).await?;
    }
    queue(tx, environment, new.id, message, &code.sealed, new.expires_at, new.now).await?;
    Ok(Started::Sent)
}

/// A send that is counted.
struct Send<'a> {
    id: uuid::Uuid,
    challenge: ChallengeId,
    to: &'a Destination,
    network: &'a str,
    familiar: bool,
    now: Timestamp,
}

async fn add_send(tx: &Tx<'_>, scope: ChallengeScope, send: &Send<'_>) -> Result<()> {
    let params = params![
        id: send.id, environment: scope.environment.0, app: scope.app.map(|app| app.0), challenge: send.challenge.0,
        kind: send.to.kind(), key: send.to.key(), network: send.network, familiar: send.familiar, now: send.now,
    ];
    tx.execute(ADD_SEND, &params).await?;
    Ok(())
}

/// Queues a message with its job.
async fn queue(
    tx: &Tx<'_>,
    environment: EnvironmentId,
    challenge: ChallengeId,
    message: NewMessage,
    sealed: &[u8],
    expires_at: Timestamp,
    now: Timestamp,
) -> Result<()> {
    let queued = params![
        id: message.id.0, environment: environment.0, challenge: challenge.0, channel: message.channel, sealed: sealed,
        expires_at: expires_at, now: now,
    ];
    tx.execute(ADD_MESSAGE, &queued).await?;
    tx.execute(
        ADD_JOB,
        &params![id: message.id.0, environment: environment.0, now: now],
    )
    .await?;
    Ok(())
}

/// The wrong codes of the last hour, by who asked for them.
async fn wrong_codes(tx: &Tx<'_>, environment: EnvironmentId, new: &NewChallenge) -> Result<WrongCodes> {
    let params = params![
        environment: environment.0, kind: new.to.kind(), key: new.to.key(), since: new.now - HOUR,
    ];
    let mut wrong = WrongCodes::default();
    for (familiar, count) in tx.all(WRONG, &params, |row| Ok((row.boolean(0)?, row.int(1)?))).await? {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        *(if familiar {
            &mut wrong.familiar
        } else {
            &mut wrong.strange
        }) = count;
    }
    Ok(wrong)
}

/// From where a code is asked for, and to where.
struct Asked<'a> {
    to: &'a Destination,
    network: &'a str,
    now: Timestamp,
}

async fn is_familiar(tx: &Tx<'_>, environment: EnvironmentId, asked: &Asked<'_>) -> Result<bool> {
    let params = params![
        environment: environment.0, kind: asked.to.kind(), key: asked.to.key(), network: asked.network,
        since: asked.now - FAMILIAR_FOR,
    ];
    Ok(tx.one(FAMILIAR, &params, |_| Ok(())).await?.is_some())
}

async fn admit(
    tx: &Tx<'_>,
    scope: ChallengeScope,
    asked: &Asked<'_>,
    limits: SendLimits,
    familiar: bool,
) -> Result<std::result::Result<(), Wait>> {
    let environment = scope.environment.0;
    let by_destination = params![
        environment: environment, kind: asked.to.kind(), key: asked.to.key(), since: asked.now - DAY,
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
        environment: environment, network: asked.network, since: asked.now - HOUR,
        most: i64::from(limits.per_network_hour),
    ];
    let from_network = tx.all(FROM_NETWORK, &by_network, |row| row.time(0)).await?;
    Ok(limits.admit(asked.now, familiar, &to_destination, &from_network))
}
