//! Another message of the same challenge: the same code, the same destination, the same tries.

use futures_util::FutureExt as _;
use jiff::Timestamp;

use super::budget::{Asked, Send, add_send, admit, is_familiar};
use super::{NewMessage, caps, queue};
use crate::domain::{
    ChallengeId, CodeCaps, Destination, Email, MessageId, OneTimeCode, Phone, Purpose, SendLimits, Wait, Withheld,
};
use crate::store::scope::ChallengeScope;
use crate::store::sql::{Row, params};
use crate::store::transaction::Tx;
use crate::store::users::lock_value;
use crate::store::{Result, Store, StoreError};

/// A challenge whose code still works.
#[derive(Debug, Clone)]
pub struct OpenChallenge {
    /// Where its code goes.
    pub to: Destination,
    /// What it is for.
    pub purpose: Purpose,
    /// The code's MAC.
    pub mac: Vec<u8>,
    /// The name that messages say asks for the code.
    pub asked_by: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Another message of a challenge.
#[derive(Debug, Clone)]
pub struct Resend {
    /// Whose.
    pub challenge: ChallengeId,
    /// Where its code goes, as [`Store::open_challenge`] says.
    pub to: Destination,
    /// The network of the person who asks, if it is known.
    pub network: Option<String>,
    /// Whether it is asked for on a device that has proven the destination.
    pub known_device: bool,
    /// How many sends there may be; `None` for a test number.
    pub limits: Option<SendLimits>,
    /// What codes may cost on a day.
    pub caps: Option<CodeCaps>,
    /// The message's id, and its job's.
    pub message: MessageId,
    /// The channel that it takes.
    pub channel: &'static str,
    /// The whole message, sealed; `None` if nothing is to be sent.
    pub sealed: Option<Vec<u8>>,
    /// The time of the call.
    pub now: Timestamp,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resent {
    /// It is on its way.
    Sent,
    /// Nothing is sent; whoever asks is answered as if it were.
    Withheld(Withheld),
    /// Too many: again at this time.
    TooMany(Timestamp),
    /// The code is used, expired or tried too often, or it is somebody else's.
    Over,
}

const OPEN: &str = "
    select kind, key, shown, purpose, code_mac, asked_by, expires_at, app_id from challenges
    where id = :id and environment_id = :environment and used_at is null and expires_at > :now and tries < :most_tries";

impl Store {
    /// A challenge of this caller whose code still works.
    pub async fn open_challenge(
        &self,
        scope: impl Into<ChallengeScope>,
        challenge: ChallengeId,
        now: Timestamp,
    ) -> Result<Option<OpenChallenge>> {
        let scope = scope.into();
        let params = params![
            id: challenge.0, environment: scope.environment.0, now: now, most_tries: OneTimeCode::MOST_TRIES,
        ];
        let found = self.one(OPEN, &params, |row| open(row, scope)).await?;
        Ok(found.flatten())
    }

    /// Queues another message of a challenge, if the budgets have room; its tries are kept.
    pub async fn resend_code(&self, scope: impl Into<ChallengeScope>, resend: Resend) -> Result<Resent> {
        let scope = scope.into();
        self.transact(move |tx| async move { again(tx, scope, &resend).await }.boxed())
            .await
    }
}

fn open(row: &Row<'_>, scope: ChallengeScope) -> Result<Option<OpenChallenge>> {
    if row.opt_id(7)? != scope.app.map(|app| app.0) {
        return Ok(None);
    }
    Ok(Some(OpenChallenge {
        to: destination(row, 0)?,
        purpose: row.word(3, Purpose::from_name)?,
        mac: row.bytes(4)?,
        asked_by: row.text(5)?,
        expires_at: row.time(6)?,
    }))
}

/// A destination from the columns kind and key that begin at `first`. Codes go to the key, never to what was typed.
pub(in crate::store) fn destination(row: &Row<'_>, first: usize) -> Result<Destination> {
    let (kind, key) = (row.text(first)?, row.text(first + 1)?);
    let read = match kind.as_str() {
        "email" => Email::parse(&key).map(Destination::Email),
        _ => Phone::parse(&key, None).map(Destination::Phone),
    };
    read.map_err(|_| StoreError::unreadable("destination"))
}

async fn again(tx: &Tx<'_>, scope: ChallengeScope, resend: &Resend) -> Result<Resent> {
    let environment = scope.environment;
    lock_value(tx, environment, resend.to.kind(), resend.to.key()).await?;
    if let (Some(_), Some(network)) = (resend.limits, &resend.network) {
        tx.lock(&[b"network", &environment.bytes(), network.as_bytes()]).await?;
    }
    let by_id = params![
        id: resend.challenge.0, environment: environment.0, now: resend.now, most_tries: OneTimeCode::MOST_TRIES,
    ];
    let found = tx.one(OPEN, &by_id, |row| open(row, scope)).await?;
    let Some(challenge) = found.flatten() else {
        return Ok(Resent::Over);
    };
    let asked = Asked {
        to: &resend.to,
        network: resend.network.as_deref(),
        known_device: resend.known_device,
        now: resend.now,
    };
    let familiar = is_familiar(tx, environment, &asked).await?;
    let Some(limits) = resend.limits else {
        return Ok(Resent::Sent);
    };
    if let Err(Wait(until)) = admit(tx, scope, &asked, limits, familiar).await? {
        return Ok(Resent::TooMany(until));
    }
    let send = Send {
        id: resend.message.0,
        challenge: resend.challenge,
        to: &resend.to,
        network: resend.network.as_deref(),
        familiar,
        now: resend.now,
    };
    add_send(tx, scope, &send).await?;
    if let Some(caps) = &resend.caps {
        if let Some(why) = caps::over(tx, environment, &resend.to, caps, resend.now).await? {
            return Ok(Resent::Withheld(why));
        }
        caps::count(tx, environment, caps, resend.challenge, resend.now).await?;
    }
    let message = NewMessage {
        id: resend.message,
        channel: resend.channel,
    };
    if let Some(sealed) = &resend.sealed {
        let until = challenge.expires_at;
        queue(tx, environment, resend.challenge, message, sealed, until, resend.now).await?;
    }
    Ok(Resent::Sent)
}
