//! Challenges: one attempt budget of a one-time code, bound to one destination, one purpose and whoever asked.

mod budget;
pub(super) mod caps;
pub(super) mod resend;

use futures_util::FutureExt as _;
use futures_util::future::{try_join, try_join3, try_join4};
use jiff::Timestamp;

use self::budget::{Asked, Send, add_send, is_familiar, past_sends, wrong_codes};
pub use self::resend::{OpenChallenge, Resend, Resent};

use super::idempotency::{IdempotencyClaim, Once, SavedAnswer};
use super::scope::ChallengeScope;
use super::sql::params;
use super::transaction::Tx;
use super::users::lock_value;
use super::{Result, Store};
use crate::domain::{
    ChallengeId, CodeCaps, Destination, EnvironmentId, MessageId, Purpose, SendLimits, UserId, Wait, Withheld,
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
    /// The network of the person who asks: an IPv4 address, or the first half of an IPv6 address. `None` behind a back
    /// end, which asks for everybody: then no network is counted, and none is familiar.
    pub network: Option<String>,
    /// Whether it is asked for on a device that has proven the destination.
    pub known_device: bool,
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

const ADD: &str = "
    insert into challenges (id, environment_id, app_id, user_id, purpose, kind, key, shown, code_mac, tries, wrong, created_at, expires_at,
        asked_by, language, counted)
    values (:id, :environment, :app, :user, :purpose, :kind, :key, :shown, :code_mac, 0, 0, :now, :expires_at, :asked_by, :language, :counted)";
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
    let value = lock_value(tx, environment, kind, key);
    let network = async {
        match (new.limits, &new.network) {
            (Some(_), Some(network)) => tx.lock(&[b"network", &environment.bytes(), network.as_bytes()]).await,
            _ => Ok(()),
        }
    };
    let asked = Asked {
        to: &new.to,
        network: new.network.as_deref(),
        known_device: new.known_device,
        now: new.now,
    };
    // Read side by side, behind the locks: on PostgreSQL all share a round trip.
    let read = try_join4(
        is_familiar(tx, environment, &asked),
        past_sends(tx, scope, &asked, new.limits),
        wrong_codes(tx, environment, &asked),
        async {
            match &new.caps {
                Some(caps) if new.message.is_some() => caps::over(tx, environment, &new.to, caps, new.now).await,
                _ => Ok(None),
            }
        },
    );
    let ((), (), (familiar, past, wrong, withheld)) = try_join3(value, network, read).await?;
    if let Some(limits) = new.limits
        && let Err(Wait(until)) = limits.admit(new.now, familiar, &past.to_destination, &past.from_network)
    {
        return Ok(Started::TooMany(until));
    }
    let guessed_at = new.limits.is_some() && wrong.are_too_many(familiar, new.wrong_per_hour);
    let code = if guessed_at { &new.long_code } else { &new.code };
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
    let send = Send {
        id: new.id.0,
        challenge: new.id,
        to: &new.to,
        network: new.network.as_deref(),
        familiar,
        now: new.now,
    };
    // Written side by side as well: none of them asks for another.
    try_join3(
        tx.execute(ADD, &challenge),
        async {
            match new.limits {
                Some(_) => add_send(tx, scope, &send).await,
                None => Ok(()),
            }
        },
        add_message(tx, environment, new, code, withheld),
    )
    .await?;
    Ok(withheld.map_or(Started::Sent, Started::Withheld))
}

/// Queues the message, counts what it costs, or keeps that it was withheld.
async fn add_message(
    tx: &Tx<'_>,
    environment: EnvironmentId,
    new: &NewChallenge,
    code: &PreparedCode,
    withheld: Option<Withheld>,
) -> Result<()> {
    let Some(message) = new.message else {
        return Ok(());
    };
    if let Some(why) = withheld {
        let kept = params![
            id: message.id.0, environment: environment.0, challenge: new.id.0, channel: message.channel, why: why.words(),
            expires_at: new.expires_at, now: new.now,
        ];
        tx.execute(ADD_WITHHELD, &kept).await?;
        return Ok(());
    }
    let counted = async {
        match &new.caps {
            Some(caps) => caps::count(tx, environment, caps, new.id, new.now).await,
            None => Ok(()),
        }
    };
    let queued = queue(tx, environment, new.id, message, &code.sealed, new.expires_at, new.now);
    try_join(counted, queued).await?;
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
    let job = params![id: message.id.0, environment: environment.0, now: now];
    try_join(tx.execute(ADD_MESSAGE, &queued), tx.execute(ADD_JOB, &job)).await?;
    Ok(())
}
