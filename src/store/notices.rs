//! Notices: messages without a code, to people whom a change concerns, and to whoever runs an environment.
//!
//! They are queued in the transaction of the change, so that a change whose notice cannot be queued is not made. What is
//! queued is sealed, and only whoever holds the vault seals: the store is given a [`NoticeWriter`] when it is opened for
//! use, and asks it for each.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::challenges::resend::destination;
use super::sql::params;
use super::transaction::Tx;
use super::{Result, Store};
use crate::domain::{Destination, EnvironmentId, MessageId, Notice, UserId};

/// A notice that is about to be written.
#[derive(Debug, Clone, Copy)]
pub struct NoticeDraft<'a> {
    /// The data plane.
    pub environment: EnvironmentId,
    /// What it says.
    pub notice: Notice,
    /// What it happened to, where that has a name to show.
    pub about: Option<&'a str>,
    /// To whom; `None` for whoever runs the environment.
    pub to: Option<&'a Destination>,
    /// The organization, in whose name it is sent.
    pub organization: &'a str,
    /// The tag of the person's language, if it is known.
    pub language: Option<&'a str>,
}

/// A notice as it is queued.
#[derive(Debug, Clone)]
pub struct WrittenNotice {
    /// Its id, and its job's.
    pub id: MessageId,
    /// `sms` or `email`.
    pub channel: &'static str,
    /// The whole message, sealed.
    pub sealed: Vec<u8>,
}

/// Writes and seals notices; `None` where there is nobody to tell.
pub type NoticeWriter = Arc<dyn Fn(&NoticeDraft<'_>) -> Option<WrittenNotice> + Send + Sync>;

const PROVEN: &str = "
    select kind, key from identities
    where user_id = :user and state = 'verified' and kind in ('email', 'phone') order by kind, key";
const ORGANIZATION: &str = "
    select organization.name from environments environment
    join organizations organization on organization.id = environment.organization_id
    where environment.id = :environment";
const LATELY: &str = "
    select count(*) from messages
    where user_id = :user and user_id is not null and notice = :notice and created_at > :since";
// Nobody asked for it, so it has no challenge: its own id stands there.
const ADD: &str = "
    insert into messages (id, environment_id, challenge_id, channel, sealed, state, attempts, channel_attempts, tried, expires_at,
        created_at, notice, user_id)
    values (:id, :environment, :id, :channel, :sealed, 'pending', 0, 0, '', :expires_at, :now, :notice, :user)";
const ADD_JOB: &str = "
    insert into jobs (id, environment_id, kind, due_at, attempts, created_at)
    values (:id, :environment, 'message', :now, 0, :now)";

/// How long a notice is news.
const NEWS_FOR: SignedDuration = SignedDuration::from_hours(24);
const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// Notices of one kind about one user in an hour: a back end that changes its mind all the time writes no more.
const MOST_AN_HOUR: i64 = 20;

/// What a verb tells with.
#[derive(Clone)]
pub(super) struct Notices(Option<NoticeWriter>);

impl Store {
    /// Has notices written by this; without one, nobody is told of anything. Only the first one counts.
    pub fn write_notices_with(&self, writer: NoticeWriter) {
        // A second one would be the same: they are made of one instance.
        let _ = self.notices.set(writer);
    }

    pub(super) fn notices(&self) -> Notices {
        Notices(self.notices.get().cloned())
    }
}

impl Notices {
    /// Tells a person, at each address that they have proven and that `concerns` picks. The user is locked.
    pub async fn tell(
        &self,
        tx: &Tx<'_>,
        environment: EnvironmentId,
        (user, notice): (UserId, Notice),
        language: Option<&str>,
        now: Timestamp,
        concerns: impl Fn(&Destination) -> bool + Send,
    ) -> Result<()> {
        self.tell_about(tx, environment, (user, notice, None), language, now, concerns)
            .await
    }

    /// The same with what it happened to.
    pub async fn tell_about(
        &self,
        tx: &Tx<'_>,
        environment: EnvironmentId,
        (user, notice, about): (UserId, Notice, Option<&str>),
        language: Option<&str>,
        now: Timestamp,
        concerns: impl Fn(&Destination) -> bool + Send,
    ) -> Result<()> {
        if self.0.is_none() {
            return Ok(());
        }
        let mut addresses = tx
            .all(PROVEN, &params![user: user.0], |row| destination(row, 0))
            .await?;
        // Nothing is sent to a number kept for fiction.
        addresses.retain(|to| concerns(to) && !to.is_test_number());
        if addresses.is_empty() {
            return Ok(());
        }
        let lately = params![user: user.0, notice: notice.name(), since: now - HOUR];
        let mut sent = tx.one(LATELY, &lately, |row| row.int(0)).await?.unwrap_or_default();
        let organization = organization(tx, environment).await?;
        for to in &addresses {
            if sent >= MOST_AN_HOUR {
                break;
            }
            let draft = NoticeDraft {
                environment,
                notice,
                about,
                to: Some(to),
                organization: &organization,
                language,
            };
            self.queue(tx, &draft, Some(user), now).await?;
            sent += 1;
        }
        Ok(())
    }

    /// Tells whoever runs an environment, if it names an address for that.
    pub async fn tell_operator(
        &self,
        tx: &Tx<'_>,
        environment: EnvironmentId,
        notice: Notice,
        about: &str,
        now: Timestamp,
    ) -> Result<()> {
        if self.0.is_none() {
            return Ok(());
        }
        let organization = organization(tx, environment).await?;
        let draft = NoticeDraft {
            environment,
            notice,
            about: Some(about),
            to: None,
            organization: &organization,
            language: None,
        };
        self.queue(tx, &draft, None, now).await
    }

    async fn queue(&self, tx: &Tx<'_>, draft: &NoticeDraft<'_>, user: Option<UserId>, now: Timestamp) -> Result<()> {
        let Some(written) = self.0.as_ref().and_then(|write| write(draft)) else {
            return Ok(());
        };
        let (id, environment) = (written.id.0, draft.environment.0);
        let message = params![
            id: id, environment: environment, channel: written.channel, sealed: written.sealed, expires_at: now + NEWS_FOR,
            now: now, notice: draft.notice.name(), user: user.map(|user| user.0),
        ];
        tx.execute(ADD, &message).await?;
        tx.execute(ADD_JOB, &params![id: id, environment: environment, now: now])
            .await?;
        Ok(())
    }
}

async fn organization(tx: &Tx<'_>, environment: EnvironmentId) -> Result<String> {
    let params = params![environment: environment.0];
    let named = tx.one(ORGANIZATION, &params, |row| row.text(0)).await?;
    Ok(named.unwrap_or_default())
}
