//! Accounts of users for Rampable.

use futures_util::FutureExt as _;
use jiff::Timestamp;

use super::scope::{AppScope, UserScope};
use super::sql::params;
use super::transaction::Tx;
use super::users::lock;
use super::{Result, Store};
use crate::domain::{Amr, AppId, UserId};

/// A new account.
#[derive(Clone)]
pub struct NewRampableAccount {
    /// Its name.
    pub username: String,
    /// The person's name.
    pub full_name: String,
    /// Its password: argon2id as text.
    pub password: String,
    /// The app that it is made through.
    pub app: AppId,
}

/// What became of an account that somebody asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RampableAdded {
    /// It is there.
    Added,
    /// The user has one, which stays as it is.
    Known,
    /// Somebody else of the environment has the name; nothing was written.
    Taken,
    /// The user is locked out or gone.
    Refused,
}

/// An account as its tokens name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RampableAccount {
    /// Its name.
    pub username: String,
    /// The app that it was made through; `None` where that was not kept.
    pub app: Option<AppId>,
}

impl RampableAccount {
    /// Whether a log-in reaches it: a person's own proof does, and the word of the app that it was made through.
    #[must_use]
    pub fn is_reached_by(&self, app: AppId, amr: Amr) -> bool {
        amr.is_own_proof() || self.app == Some(app)
    }
}

const OWN: &str = "select name_key from rampable_accounts where user_id = :user and environment_id = :environment";
const NAMED: &str = "select 1 from rampable_accounts where environment_id = :environment and name_key = :key";
// An account that shared its name with an older one, and has no token because of that.
const FORGET: &str = "delete from rampable_accounts where user_id = :user and name_key is null";
const ADD: &str = "
    insert into rampable_accounts (user_id, environment_id, username, name_key, full_name, password, app_id, created_at)
    select account.id, account.environment_id, :username, :key, :full_name, :password, :app, :now from users account
    where account.id = :user and account.environment_id = :environment and account.status in ('linked', 'verified')";
const FIND: &str = "
    select username, app_id from rampable_accounts
    where user_id = :user and environment_id = :environment and name_key is not null";

impl Store {
    /// Gives the user an account, under a name that nobody else of the environment has, in either case of its letters.
    pub async fn add_rampable_account(
        &self,
        scope: &UserScope,
        new: NewRampableAccount,
        now: Timestamp,
    ) -> Result<RampableAdded> {
        let scope = *scope;
        self.transact(move |tx| async move { add(tx, &scope, &new, now).await }.boxed())
            .await
    }

    /// The account of a user of the app's environment.
    pub async fn rampable_account(&self, scope: &AppScope, user: UserId) -> Result<Option<RampableAccount>> {
        let params = params![user: user.0, environment: scope.environment.0];
        self.one(FIND, &params, |row| {
            Ok(RampableAccount {
                username: row.text(0)?,
                app: row.opt_id(1)?.map(AppId),
            })
        })
        .await
    }
}

async fn add(tx: &Tx<'_>, scope: &UserScope, new: &NewRampableAccount, now: Timestamp) -> Result<RampableAdded> {
    // As the migration makes it: letters outside ASCII stay as they are.
    let key = new.username.to_ascii_lowercase();
    lock(tx, scope.user).await?;
    tx.lock(&[b"rampable", &scope.environment.bytes(), key.as_bytes()])
        .await?;
    let own = params![user: scope.user.0, environment: scope.environment.0];
    if tx.one(OWN, &own, |row| row.opt_text(0)).await?.flatten().is_some() {
        return Ok(RampableAdded::Known);
    }
    let named = params![environment: scope.environment.0, key: key.as_str()];
    if tx.one(NAMED, &named, |_| Ok(())).await?.is_some() {
        return Ok(RampableAdded::Taken);
    }
    tx.execute(FORGET, &params![user: scope.user.0]).await?;
    let account = params![
        user: scope.user.0, environment: scope.environment.0, username: new.username.as_str(), key: key.as_str(),
        full_name: new.full_name.as_str(), password: new.password.as_str(), app: new.app.0, now: now,
    ];
    Ok(match tx.execute(ADD, &account).await? {
        0 => RampableAdded::Refused,
        _ => RampableAdded::Added,
    })
}
