//! Users, as whoever manages them sees them, and as they see themselves.
//!
//! A user's e-mail and phone are shown by one rule, [`contact`]: what the back end says last is shown and pending
//! until proven; otherwise what the person has proven; otherwise what was claimed last.

mod confirm;
mod contacts;
mod erase;
mod import;
mod join;
mod link;
mod list;
mod prove;
mod update;

use futures_util::future::try_join;
use jiff::Timestamp;
use serde_json::{Map, Value};

pub use confirm::{ConfirmAddress, ConfirmOutcome, Confirmation, OfferConfirmation};
pub use contacts::{Contact, ContactAddress};
pub use import::{ImportUser, ImportUsers, Imported};
pub use join::{
    Join, JoinAddress, JoinLogin, JoinOutcome, JoinShows, JoinSide, JoinState, JoinUsers, OfferJoin, UndoJoin,
    UndoOutcome,
};
pub use link::{LinkOutcome, LinkUser, Linked};
pub use list::{UserFilter, UserPage};
pub use prove::{ProofAttempt, ProofOutcome, Proven};
pub use update::{UpdateOutcome, UpdateUser};

use self::contacts::{Identity, contact};
use super::scope::{SystemScope, UserScope, UsersScope};
use super::sql::{Row, params};
use super::transaction::Tx;
use super::{Result, Store, StoreError};
use crate::domain::{Amr, EnvironmentId, Metadata, UserId, UserStatus};

/// A user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// How far it has come.
    pub status: UserStatus,
    /// The name that the back end gave.
    pub name: Option<String>,
    /// The e-mail to show.
    pub email: Option<Contact>,
    /// The phone to show.
    pub phone: Option<Contact>,
    /// The back end's own id of the user, if it gave one.
    pub external_id: Option<String>,
    /// What the back end keeps beside it.
    pub metadata: Metadata,
    /// When it was made.
    pub created_at: Timestamp,
    /// When name, contacts, metadata or state last changed.
    pub updated_at: Timestamp,
}

impl User {
    /// Whether the person's case was approved. There are no cases yet.
    #[must_use]
    pub fn kyc_approved(&self) -> bool {
        self.kyc_status() == "approved"
    }

    /// Where the check of the person stands. There are no cases yet.
    #[must_use]
    pub fn kyc_status(&self) -> &'static str {
        "not_started"
    }

    /// Where the check of the business stands. There are no cases yet.
    #[must_use]
    pub fn kyb_status(&self) -> &'static str {
        "not_started"
    }
}

/// What an event says of a user. The shape is the API's, so it comes in.
pub type EventData = fn(&User) -> Map<String, Value>;

// An id that a join retired lives on in the user that it was joined to.
const FIND: &str = "
    select account.id, account.status, account.name, account.metadata, account.created_at, account.updated_at,
        claim.kind, claim.source, claim.id, claim.key, claim.shown, claim.state, claim.updated_at, claim.verified_at
    from users account
    left join identities claim on claim.user_id = account.id
        and (claim.kind in ('email', 'phone') or (claim.kind = 'partner_user' and claim.source = 'organization'))
    where account.id = coalesce(
            (select alias.user_id from user_aliases alias where alias.id = :id and alias.environment_id = :environment), :id)
        and account.environment_id = :environment and account.status <> 'erased'";
// What a partner brought and nothing else: neither name nor metadata, and the times are those of its own rows.
const BROUGHT: &str = "
    select claim.kind, claim.source, claim.id, claim.key, claim.shown, claim.state, claim.updated_at, claim.verified_at,
        claim.created_at
    from users account
    join identities claim on claim.user_id = account.id and claim.source_id = :partner
        and claim.kind in ('partner_user', 'email', 'phone')
    where account.id = :user and account.environment_id = :environment and account.status in ('linked', 'verified')";
const ENVIRONMENT: &str = "
    select environment_id from users where id = :user
    union all select environment_id from user_aliases where id = :user";
impl Store {
    /// A user of the environment, also by an id that a join retired.
    pub async fn user(&self, scope: impl Into<UsersScope>, user: UserId) -> Result<Option<User>> {
        let environment = scope.into().environment;
        let rows = self
            .all(FIND, &params![id: user.0, environment: environment.0], read)
            .await?;
        Ok(gathered(rows).pop())
    }

    /// The environment that a user is or was in, also by an id that a join retired.
    pub async fn environment_of_user(&self, _: SystemScope, user: UserId) -> Result<Option<EnvironmentId>> {
        let whose = params![user: user.0];
        self.one(ENVIRONMENT, &whose, |row| Ok(EnvironmentId(row.id(0)?))).await
    }

    /// The user of a credential, as that credential may see it: one that was born of a partner or of the organization
    /// shows what that source brought.
    pub async fn own_user(&self, scope: &UserScope) -> Result<Option<User>> {
        let (user, environment) = (scope.user, scope.environment);
        let Some(partner) = scope.partner else {
            let by_id = params![id: user.0, environment: environment.0];
            let mut rows = self.all(FIND, &by_id, read).await?;
            if scope.source().is_some() {
                // Born of the organization's own word: its name and contacts, and no other source's.
                for (_, claim) in &mut rows {
                    *claim = claim.take().filter(Identity::is_brought);
                }
            }
            let shown = gathered(rows).pop();
            // An app's back end brings an id of its own and nothing that is shown.
            let of_custody = |user: User| User {
                status: UserStatus::Linked,
                name: None,
                email: None,
                phone: None,
                external_id: None,
                metadata: Metadata::default(),
                ..user
            };
            return Ok(match scope.amr {
                Amr::Custody => shown.map(of_custody),
                _ => shown,
            });
        };
        let params = params![partner: partner.0, user: user.0, environment: environment.0];
        let rows = self
            .all(BROUGHT, &params, |row| Ok((identity(row, 0)?, row.time(8)?)))
            .await?;
        let Some(created_at) = rows.iter().map(|(_, created_at)| *created_at).min() else {
            return Ok(None);
        };
        let (brought, _): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        let proven = |claim: &Identity| claim.is_contact() && claim.verified;
        Ok(Some(User {
            id: user,
            status: if brought.iter().any(proven) {
                UserStatus::Verified
            } else {
                UserStatus::Linked
            },
            name: None,
            email: contact(&brought, "email"),
            phone: contact(&brought, "phone"),
            external_id: None,
            metadata: Metadata::default(),
            created_at,
            updated_at: brought.iter().map(|claim| claim.updated_at).max().unwrap_or(created_at),
        }))
    }
}

/// A user inside a verb.
async fn find(tx: &Tx<'_>, environment: EnvironmentId, user: UserId) -> Result<Option<User>> {
    let rows = tx
        .all(FIND, &params![id: user.0, environment: environment.0], read)
        .await?;
    Ok(gathered(rows).pop())
}

/// A user inside a verb that changes it, held to the verb's end. One that is joined into another meanwhile is that other.
pub(super) async fn find_held(tx: &Tx<'_>, environment: EnvironmentId, user: UserId) -> Result<Option<User>> {
    let mut named = find(tx, environment, user).await?;
    while let Some(known) = named {
        ((), named) = try_join(lock(tx, known.id), find(tx, environment, user)).await?;
        if named.as_ref().is_some_and(|again| again.id == known.id) {
            return Ok(named);
        }
    }
    Ok(None)
}

/// Who changes a user waits for whoever else does. Locks of values (e-mails, phones) are taken before this one.
pub(super) async fn lock(tx: &Tx<'_>, user: UserId) -> Result<()> {
    tx.lock(&[b"user", &user.bytes()]).await
}

/// Who gives a user a value waits for whoever else gives it to somebody.
pub(super) async fn lock_value(tx: &Tx<'_>, environment: EnvironmentId, kind: &'static str, key: &str) -> Result<()> {
    tx.lock(&[b"value", &environment.bytes(), kind.as_bytes(), key.as_bytes()])
        .await
}

/// The same, where there is a value to give.
async fn lock_given(tx: &Tx<'_>, environment: EnvironmentId, kind: &'static str, key: Option<&str>) -> Result<()> {
    match key {
        Some(key) => lock_value(tx, environment, kind, key).await,
        None => Ok(()),
    }
}

/// A row of a user with one of its identities, if it has any.
type UserRow = (User, Option<Identity>);

fn read(row: &Row<'_>) -> Result<UserRow> {
    let user = User {
        id: UserId(row.id(0)?),
        status: row.word(1, UserStatus::parse)?,
        name: row.opt_text(2)?,
        email: None,
        phone: None,
        external_id: None,
        metadata: Metadata::stored(&row.text(3)?).ok_or_else(|| StoreError::unreadable("metadata"))?,
        created_at: row.time(4)?,
        updated_at: row.time(5)?,
    };
    let claim = row.opt_text(6)?.map(|_| identity(row, 6)).transpose()?;
    Ok((user, claim))
}

/// An identity from the eight columns that begin at `first`.
fn identity(row: &Row<'_>, first: usize) -> Result<Identity> {
    Ok(Identity {
        kind: row.text(first)?,
        source: row.text(first + 1)?,
        id: row.id(first + 2)?,
        key: row.text(first + 3)?,
        shown: row.text(first + 4)?,
        verified: row.text(first + 5)? == "verified",
        updated_at: row.time(first + 6)?,
        verified_at: row.opt_time(first + 7)?,
    })
}

/// Users from rows in which those of one user stand together.
fn gathered(rows: Vec<UserRow>) -> Vec<User> {
    let mut users: Vec<(User, Vec<Identity>)> = Vec::new();
    for (user, claim) in rows {
        match users.last_mut() {
            Some((known, claims)) if known.id == user.id => claims.extend(claim),
            _ => users.push((user, claim.into_iter().collect())),
        }
    }
    let shown = users.into_iter().map(|(user, claims)| User {
        email: contact(&claims, "email"),
        phone: contact(&claims, "phone"),
        external_id: contacts::external_id(&claims),
        ..user
    });
    shown.collect()
}

/// The identities of one user, inside a verb that changes them.
async fn claims(tx: &Tx<'_>, environment: EnvironmentId, user: UserId) -> Result<Vec<Identity>> {
    let rows = tx
        .all(FIND, &params![id: user.0, environment: environment.0], read)
        .await?;
    Ok(rows.into_iter().filter_map(|(_, claim)| claim).collect())
}
