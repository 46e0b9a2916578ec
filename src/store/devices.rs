//! Log-ins on devices that are not known: whom that is told, and what waits for a day.
//!
//! What a log-in has to know of its user is read by the statement that reads the user (`guarded!`); only a log-in that is
//! on a new device writes anything. A hold is a row that tokens name, so that lifting it reaches tokens that are out.

use futures_util::FutureExt as _;
use jiff::{SignedDuration, Timestamp};

use super::notices::Notices;
use super::scope::UserScope;
use super::sql::{Row, params};
use super::transaction::Tx;
use super::users::lock;
use super::{Result, Store};
use crate::domain::{AppId, DeviceId, EnvironmentId, Hold, KnownDevice, NewDevices, Notice, Protected, UserId};

/// What is asked of the device that a log-in comes from.
#[derive(Debug, Clone)]
pub struct DeviceCheck {
    /// What the environment does about new ones.
    pub policy: NewDevices,
    /// What the device is known as, if it brought a good token.
    pub known: Option<KnownDevice>,
    /// Its id, if it is new.
    pub new: DeviceId,
    /// What a notice says of the log-in: the app, the time, and a page, each on a line.
    pub about: String,
}

/// Says what is asked of the device, once the kind and key of what was proven are known.
pub type DeviceOf = Box<dyn Fn(&str, &str) -> DeviceCheck + Send + Sync>;

/// The device of a log-in that has come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeenDevice {
    /// Its id.
    pub id: DeviceId,
    /// When it was seen the first time.
    pub since: Timestamp,
    /// Whether the log-in reads alone, until the hold of the device's id ends.
    pub held: bool,
}

/// A log-in that reads alone, or did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceHold {
    /// The data plane.
    pub environment: EnvironmentId,
    /// Who logged in.
    pub user: UserId,
    /// The app that they logged in to.
    pub app: AppId,
    /// When it ends by itself.
    pub ends_at: Timestamp,
    /// Whether the person has ended it.
    pub lifted: bool,
}

impl DeviceHold {
    /// Whether it waits.
    #[must_use]
    pub fn is_on(&self, now: Timestamp) -> bool {
        !self.lifted && self.ends_at > now
    }
}

/// The text of a query that reads id and status of `account`, with what [`standing`] reads in the columns behind them. Its
/// parameters are `:device` and `:hour_ago`, see [`asked_of`].
macro_rules! guarded {
    ($rest:literal) => {
        concat!(
            "select ",
            "account.id, account.status, wallet.created_at, wallet.moved_at, hold.ends_at, hold.lifted_at, hold.since, ",
            "case when wallet.id is null then null ",
            "else (select max(joined.joined_at) from user_aliases joined where joined.user_id = account.id) end, ",
            "case when wallet.id is null then 0 else (select count(*) from identities other ",
            "where other.user_id = account.id and other.state = 'verified' and other.kind in ('email', 'phone')) end, ",
            "case when wallet.id is null then 0 else (select count(*) from messages told ",
            "where told.user_id = account.id and told.user_id is not null and told.notice = 'new_device' ",
            "and told.created_at > :hour_ago) end ",
            "from users account ",
            "left join wallets wallet on wallet.user_id = account.id and wallet.state = 'active' ",
            "left join device_holds hold on hold.id = :device and hold.user_id = account.id ",
            $rest
        )
    };
}
pub(super) use guarded;

/// What there is to protect, and what was said and done about a device before.
#[derive(Debug, Clone, Copy)]
pub(super) struct DeviceStanding {
    protected: Option<Protected>,
    /// The hold of the device that was asked about.
    hold: Option<Kept>,
    /// How many addresses the user has proven.
    proven: i64,
    told_lately: bool,
}

/// A hold as its row has it.
#[derive(Debug, Clone, Copy)]
struct Kept {
    since: Timestamp,
    ends_at: Timestamp,
    lifted: bool,
}

/// The two parameters of a [`guarded`] query.
pub(super) fn asked_of(check: Option<&DeviceCheck>, now: Timestamp) -> (Option<uuid::Uuid>, Timestamp) {
    let device = check.and_then(|check| check.known).map(|known| known.id.0);
    (device, now - TOLD_AGAIN_AFTER)
}

/// Reads the eight columns of a [`guarded`] query that begin at `first`.
pub(super) fn standing(row: &Row<'_>, first: usize) -> Result<DeviceStanding> {
    let (made_at, moved_at) = (row.opt_time(first)?, row.opt_time(first + 1)?);
    let (since, joined_at) = (row.opt_time(first + 4)?, row.opt_time(first + 5)?);
    let lifted = row.opt_time(first + 3)?.is_some();
    Ok(DeviceStanding {
        protected: made_at.map(|made_at| Protected {
            wallet_since: moved_at.map_or(made_at, |moved_at| moved_at.max(made_at)),
            joined_at,
        }),
        hold: since
            .zip(row.opt_time(first + 2)?)
            .map(|(since, ends_at)| Kept { since, ends_at, lifted }),
        proven: row.int(first + 6)?,
        told_lately: row.int(first + 7)? > 0,
    })
}

/// A log-in of somebody who was there before it.
pub(super) struct LoginOnDevice<'l> {
    pub environment: EnvironmentId,
    pub app: Option<AppId>,
    pub user: UserId,
    /// The kind and key of the address that it has proven, if it was by one.
    pub by: Option<(&'static str, &'l str)>,
    pub now: Timestamp,
}

/// One notice of this kind tells of all log-ins of an hour.
const TOLD_AGAIN_AFTER: SignedDuration = SignedDuration::from_hours(1);

const ADD: &str = "
    insert into device_holds (id, environment_id, user_id, app_id, identity_id, since, proven_before, ends_at)
    values (:id, :environment, :user, :app,
        (select own.id from identities own
        where own.user_id = :user and own.state = 'verified' and own.kind = :kind and own.key = :key
            and own.kind in ('email', 'phone')),
        :since, :proven_before, :ends_at)
    on conflict (id) do update set app_id = excluded.app_id, identity_id = excluded.identity_id, since = excluded.since,
        proven_before = excluded.proven_before, ends_at = excluded.ends_at, lifted_at = null
    where excluded.since > device_holds.since";
const FIND: &str = "
    select environment_id, user_id, app_id, ends_at, lifted_at from device_holds where id = :id";
// What the log-in has proven itself proves nothing more; nor does what came shortly before it, or a join that did.
const CONTACT: &str = "
    select other.kind, other.key from device_holds hold
    join identities other on other.user_id = hold.user_id and other.state = 'verified' and other.source = 'person'
        and other.kind in ('email', 'phone') and other.verified_at <= hold.proven_before
        and (hold.identity_id is null or hold.identity_id <> other.id)
    where hold.id = :id and not exists (
        select 1 from user_aliases joined
        where joined.user_id = hold.user_id and joined.joined_at > hold.proven_before)
    order by other.kind, other.key";
const LIFT: &str = "
    update device_holds set lifted_at = :now
    where id = :id and user_id = :user and environment_id = :environment and lifted_at is null and ends_at > :now";

impl Store {
    /// A hold by the id of its device, which its page carries. `None` once it is over and swept.
    pub async fn device_hold(&self, device: DeviceId) -> Result<Option<DeviceHold>> {
        self.one(FIND, &params![id: device.0], |row| {
            Ok(DeviceHold {
                environment: EnvironmentId(row.id(0)?),
                user: UserId(row.id(1)?),
                app: AppId(row.id(2)?),
                ends_at: row.time(3)?,
                lifted: row.opt_time(4)?.is_some(),
            })
        })
        .await
    }

    /// Where a code may go that ends a hold, by its kind and its key: an address of the person's that the log-in did not
    /// prove, and that was theirs a day before the device was seen.
    pub async fn device_contact(&self, device: DeviceId) -> Result<Option<(String, String)>> {
        self.one(CONTACT, &params![id: device.0], |row| Ok((row.text(0)?, row.text(1)?)))
            .await
    }

    /// Ends a hold of the user's, who has just proven the address with this key. False if it is over, or the address is none
    /// that ends it.
    pub async fn lift_device_hold(
        &self,
        scope: &UserScope,
        device: DeviceId,
        key: &str,
        now: Timestamp,
    ) -> Result<bool> {
        let (user, environment, key) = (scope.user, scope.environment, key.to_owned());
        self.transact(move |tx| {
            async move {
                lock(tx, user).await?;
                let which = params![id: device.0];
                let contacts = tx.all(CONTACT, &which, |row| row.text(1)).await?;
                if !contacts.contains(&key) {
                    return Ok(false);
                }
                let lifted = params![now: now, id: device.0, user: user.0, environment: environment.0];
                Ok(tx.execute(LIFT, &lifted).await? > 0)
            }
            .boxed()
        })
        .await
    }
}

/// Says which device a log-in is on, tells of a new one, and holds it, as its environment wants. The user is locked.
pub(super) async fn see(
    tx: &Tx<'_>,
    notices: &Notices,
    check: &DeviceCheck,
    standing: DeviceStanding,
    login: LoginOnDevice<'_>,
) -> Result<SeenDevice> {
    let now = login.now;
    // What was somebody else's by the same address is a new device of this user.
    let known = check.known.filter(|known| known.user == login.user);
    let (id, since) = known.map_or((check.new, now), |known| (known.id, known.since));
    let seen = |held| SeenDevice { id, since, held };
    if check.policy == NewDevices::Off {
        return Ok(seen(false));
    }
    let hold = standing.protected.and_then(|protected| Hold::of(since, protected, now));
    // After a join each device is new to one of the two.
    let is_new = known.is_none() || hold.is_some_and(|hold| hold.since > since);
    let others = standing.proven - i64::from(login.by.is_some());
    if is_new && standing.protected.is_some() && others > 0 && !standing.told_lately {
        let told = (login.user, Notice::NewDevice, Some(check.about.as_str()));
        notices
            .tell_about(tx, login.environment, told, None, now, |to| {
                login.by != Some((to.kind(), to.key()))
            })
            .await?;
    }
    if check.policy != NewDevices::Hold {
        return Ok(seen(false));
    }
    let joined_at = standing.protected.and_then(|protected| protected.joined_at);
    // A join since then makes the device new once more.
    let kept = standing
        .hold
        .filter(|kept| known.is_some() && joined_at.is_none_or(|joined_at| joined_at <= kept.since));
    if let Some(kept) = kept {
        return Ok(seen(!kept.lifted && kept.ends_at > now));
    }
    let (Some(hold), Some(app)) = (hold, login.app) else {
        return Ok(seen(false));
    };
    let (kind, key) = login.by.unwrap_or_default();
    let row = params![
        id: id.0, environment: login.environment.0, user: login.user.0, app: app.0, kind: kind, key: key,
        since: hold.since, proven_before: hold.proven_before, ends_at: hold.ends_at,
    ];
    tx.execute(ADD, &row).await?;
    Ok(seen(true))
}
