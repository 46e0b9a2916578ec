//! Passwords of usernames: what is compared, and how often it may be tried.

use futures_util::FutureExt as _;
use jiff::{SignedDuration, Timestamp};

use super::scope::AppScope;
use super::sql::{Params, params};
use super::transaction::Tx;
use super::{Result, Store};
use crate::domain::{Username, Uuid};

/// Somebody who types a username and a password.
#[derive(Debug, Clone)]
pub struct PasswordTry {
    /// The row of the try.
    pub id: Uuid,
    /// The username.
    pub username: Username,
    /// The network that it was typed in; `None` behind a back end, whose address is everybody's.
    pub network: Option<String>,
    /// The device that it was typed on, if the right one was typed there before: a short name of its token.
    pub device: Option<String>,
    /// The time of the call.
    pub now: Timestamp,
}

impl PasswordTry {
    /// What it is counted with; `None` behind a back end.
    fn share(&self) -> Option<&str> {
        self.device.as_deref().or(self.network.as_deref())
    }
}

/// Whether a password may be tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PasswordTried {
    /// It may, and the try is counted as a wrong one until it turns out right. The hash is `None` for a username that
    /// nobody has, which is not to be told from one that somebody has.
    Compare(Option<String>),
    /// Too many: again at this time. The same for a username that nobody has.
    TooMany(Timestamp),
}

/// Wrong passwords for one name from one network, or on one device that is known, in an hour.
const PER_SHARE: i64 = 10;
/// Wrong passwords for one name from all networks in an hour, and as many more through back ends, of which nobody knows
/// who stands behind. Networks and devices where the right one was typed are beyond it, so that no stranger locks the
/// owner out.
const IN_ALL: i64 = 50;
const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// How long a network stays familiar.
const FAMILIAR_FOR: SignedDuration = SignedDuration::from_hours(90 * 24);

const WRONG_HERE: &str = "
    select created_at from password_tries
    where name = :name and network = :share and was_right = :right and created_at > :since
    order by id desc limit :most";
// What came through a back end has no network.
const WRONG_THROUGH_BACK_ENDS: &str = "
    select created_at from password_tries
    where name = :name and network = '' and was_right = :right and created_at > :since order by id desc limit :most";
const WRONG_ELSEWHERE: &str = "
    select created_at from password_tries
    where name = :name and network <> '' and was_right = :right and created_at > :since order by id desc limit :most";
const FAMILIAR: &str = "
    select 1 from password_tries
    where name = :name and was_right = :right and network = :network and created_at > :since limit 1";
const ADD: &str = "
    insert into password_tries (id, environment_id, name, network, was_right, created_at)
    values (:id, :environment, :name, :network, :right, :now)";
const HASH: &str = "
    select password.hash from identities named join passwords password on password.identity_id = named.id
    where named.source_id = :app and named.kind = 'username' and named.kind not in ('email', 'phone')
        and named.key = :key and named.environment_id = :environment";

impl Store {
    /// Counts a try of a password, before it is compared, and answers what to compare it with.
    pub async fn begin_password_try(&self, scope: &AppScope, new: PasswordTry) -> Result<PasswordTried> {
        let scope = *scope;
        self.transact(move |tx| async move { begin(tx, &scope, &new).await }.boxed())
            .await
    }
}

async fn begin(tx: &Tx<'_>, scope: &AppScope, new: &PasswordTry) -> Result<PasswordTried> {
    let name = name_of(scope, &new.username);
    tx.lock(&[b"password", &name]).await?;
    if let Some(until) = wait(tx, new, &name).await? {
        return Ok(PasswordTried::TooMany(until));
    }
    let tried = params![
        id: new.id, environment: scope.environment.0, name: &name[..], network: new.share().unwrap_or_default(),
        right: false, now: new.now,
    ];
    tx.execute(ADD, &tried).await?;
    let named = params![app: scope.app.0, key: new.username.key(), environment: scope.environment.0];
    Ok(PasswordTried::Compare(tx.one(HASH, &named, |row| row.text(0)).await?))
}

/// What tries are counted by: it names nobody, and is there for names that nobody has.
fn name_of(scope: &AppScope, username: &Username) -> [u8; 32] {
    let whole = [&scope.app.bytes()[..], username.key().as_bytes()].concat();
    aboard_vault::sha256(&whole)
}

async fn wait(tx: &Tx<'_>, new: &PasswordTry, name: &[u8]) -> Result<Option<Timestamp>> {
    let since = new.now - HOUR;
    if let Some(share) = new.share() {
        let here = params![name: name, share: share, right: false, since: since, most: PER_SHARE];
        if let Some(until) = full(tx, WRONG_HERE, &here, PER_SHARE).await? {
            return Ok(Some(until));
        }
    }
    if is_familiar(tx, new, name).await? {
        return Ok(None);
    }
    let strange = params![name: name, right: false, since: since, most: IN_ALL];
    let sql = match new.share() {
        Some(_) => WRONG_ELSEWHERE,
        None => WRONG_THROUGH_BACK_ENDS,
    };
    full(tx, sql, &strange, IN_ALL).await
}

/// When there is room again, if `most` wrong ones are there.
async fn full(tx: &Tx<'_>, sql: &'static str, params: &Params<'_>, most: i64) -> Result<Option<Timestamp>> {
    let wrong = tx.all(sql, params, |row| row.time(0)).await?;
    let last = usize::try_from(most).unwrap_or(usize::MAX).saturating_sub(1);
    Ok(wrong.get(last).map(|oldest| *oldest + HOUR))
}

/// Whether the right password was typed there within 90 days: on the device, which its token says, or in the network.
async fn is_familiar(tx: &Tx<'_>, new: &PasswordTry, name: &[u8]) -> Result<bool> {
    if new.device.is_some() {
        return Ok(true);
    }
    let Some(network) = new.network.as_deref() else {
        return Ok(false);
    };
    let here = params![name: name, right: true, network: network, since: new.now - FAMILIAR_FOR];
    Ok(tx.one(FAMILIAR, &here, |_| Ok(())).await?.is_some())
}
