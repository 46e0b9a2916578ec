//! Accounts of users for Rampable.

use jiff::Timestamp;

use super::scope::{AppScope, UserScope};
use super::sql::{Script, params};
use super::{Result, Store};
use crate::domain::UserId;

/// A new account.
#[derive(Clone)]
pub struct NewRampableAccount {
    /// Its name.
    pub username: String,
    /// The person's name.
    pub full_name: String,
    /// Its password: argon2id as text.
    pub password: String,
}

/// An account as its tokens name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RampableAccount {
    /// Its name.
    pub username: String,
}

const ADD: &str = "
    insert into rampable_accounts (user_id, environment_id, username, full_name, password, created_at)
    select account.id, account.environment_id, :username, :full_name, :password, :now from users account
    where account.id = :user and account.environment_id = :environment and account.status in ('linked', 'verified')
    on conflict (user_id) do nothing";
const FIND: &str = "select username from rampable_accounts where user_id = :user and environment_id = :environment";

impl Store {
    /// Gives the user an account; false if there is one, which stays as it is.
    pub async fn add_rampable_account(
        &self,
        scope: &UserScope,
        new: NewRampableAccount,
        now: Timestamp,
    ) -> Result<bool> {
        let params = params![
            user: scope.user.0, environment: scope.environment.0, username: new.username, full_name: new.full_name,
            password: new.password, now: now,
        ];
        let changed = self.run(Script::default().then(ADD, params)).await?;
        Ok(changed.first().is_some_and(|rows| *rows > 0))
    }

    /// The account of a user of the app's environment.
    pub async fn rampable_account(&self, scope: &AppScope, user: UserId) -> Result<Option<RampableAccount>> {
        let params = params![user: user.0, environment: scope.environment.0];
        self.one(FIND, &params, |row| Ok(RampableAccount { username: row.text(0)? }))
            .await
    }
}
