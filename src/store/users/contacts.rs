//! Which e-mail and phone of a user are shown, and how the back end's own word of them is kept.

use jiff::Timestamp;
use uuid::Uuid;

use crate::domain::{Destination, EnvironmentId, IdentityId, Notice, UserId};
use crate::store::Result;
use crate::store::notices::Notices;
use crate::store::sql::{Row, params};
use crate::store::transaction::Tx;

/// An e-mail or phone as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// As it was given.
    pub shown: String,
    /// What it is compared by.
    pub key: String,
    /// Whether this user has proven it.
    pub verified: bool,
    /// Whether it is a partner's word alone.
    pub is_partners: bool,
}

/// An e-mail or phone of a user's own, where a code may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactAddress {
    /// Its row.
    pub id: IdentityId,
    /// `email` or `phone`.
    pub kind: String,
    /// What it is compared by, and where a code goes.
    pub key: String,
    /// As it was given.
    pub shown: String,
}

impl ContactAddress {
    /// What a query answers whose first columns are these.
    pub(super) fn read(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            id: IdentityId(row.id(0)?),
            kind: row.text(1)?,
            key: row.text(2)?,
            shown: row.text(3)?,
        })
    }
}

/// One row of `identities`.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    pub kind: String,
    pub source: String,
    pub id: Uuid,
    pub key: String,
    pub shown: String,
    pub verified: bool,
    pub updated_at: Timestamp,
    pub verified_at: Option<Timestamp>,
}

impl Identity {
    pub fn is_contact(&self) -> bool {
        matches!(self.kind.as_str(), "email" | "phone")
    }

    pub fn is_brought(&self) -> bool {
        self.source == "organization"
    }

    fn proven_at(&self) -> Timestamp {
        self.verified_at.unwrap_or(self.updated_at)
    }
}

/// The contact of a kind that is shown: what the back end said after the last proof is pending and shown as such;
/// then what was proven last; then what the back end said; then what anybody claimed last.
pub(super) fn contact(claims: &[Identity], kind: &str) -> Option<Contact> {
    let of_kind = || claims.iter().filter(|claim| claim.kind == kind);
    let brought = of_kind()
        .filter(|claim| claim.is_brought())
        .max_by_key(|claim| (claim.updated_at, claim.id));
    let proven = of_kind()
        .filter(|claim| claim.verified)
        .max_by_key(|claim| (claim.proven_at(), claim.id));
    let claimed = of_kind().max_by_key(|claim| (claim.updated_at, claim.id));
    let chosen = match (brought, proven) {
        (Some(brought), Some(proven)) if brought.updated_at <= proven.proven_at() => Some(proven),
        (Some(brought), _) => Some(brought),
        (None, proven) => proven.or(claimed),
    };
    chosen.map(|claim| Contact {
        shown: claim.shown.clone(),
        key: claim.key.clone(),
        verified: of_kind().any(|proof| proof.verified && proof.key == claim.key),
        is_partners: claim.source == "partner",
    })
}

/// The back end's own id of the user.
pub(super) fn external_id(claims: &[Identity]) -> Option<String> {
    // Of two that a join brought together, the one that was said last.
    let named = claims
        .iter()
        .filter(|claim| claim.kind == "partner_user" && claim.is_brought())
        .max_by_key(|claim| (claim.updated_at, claim.id));
    named.map(|claim| claim.shown.clone())
}

/// What the back end says of a user.
pub(super) struct Said<'a> {
    pub kind: &'static str,
    pub key: &'a str,
    pub shown: &'a str,
    /// The row, if new.
    pub id: IdentityId,
}

pub(super) const ADD: &str = "
    insert into identities (user_id, kind, source_id, id, environment_id, source, key, shown, state, created_at, updated_at)
    values (:user, :kind, :environment, :id, :environment, 'organization', :key, :shown, :state, :now, :now)";
const CHANGE: &str = "
    update identities set key = :key, shown = :shown, updated_at = :now
    where user_id = :user and kind = :kind and source_id = :environment and id = :id";

/// Keeps what the back end says; true if that is news. A verified row is never overwritten: it goes on logging the
/// person in, and the new value stands beside it as a claim.
pub(super) async fn say(
    tx: &Tx<'_>,
    environment: EnvironmentId,
    user: UserId,
    claims: &[Identity],
    said: &Said<'_>,
    now: Timestamp,
) -> Result<bool> {
    let is_id = said.kind == "partner_user";
    let mut own = claims
        .iter()
        .filter(|claim| claim.kind == said.kind && claim.is_brought());
    let same = own.clone().find(|claim| claim.key == said.key);
    let is_shown = if is_id {
        same.is_some()
    } else {
        contact(claims, said.kind).is_some_and(|known| known.key == said.key && known.shown == said.shown)
    };
    if is_shown && same.is_some() {
        return Ok(false);
    }
    let target = same.or_else(|| own.find(|claim| is_id || !claim.verified));
    match target {
        Some(claim) => {
            let params = params![
                key: said.key, shown: said.shown, now: now, user: user.0, kind: said.kind, environment: environment.0, id: claim.id,
            ];
            tx.execute(CHANGE, &params).await?;
        }
        None => add(tx, environment, user, said, now).await?,
    }
    // A value that was shown before, from another source, is kept as the back end's own word too, but is no news.
    Ok(!is_shown)
}

/// Tells whoever has proven an address of this kind that the back end names another one: the old one logs in until the
/// new one is proven.
pub(super) async fn tell_of_change(
    tx: &Tx<'_>,
    environment: EnvironmentId,
    notices: &Notices,
    user: UserId,
    said: &Said<'_>,
    now: Timestamp,
) -> Result<()> {
    let changed = (user, Notice::ContactChanged);
    let is_old = |to: &Destination| to.kind() == said.kind && to.key() != said.key;
    notices.tell(tx, environment, changed, None, now, is_old).await
}

/// Adds what the back end says of a user that is new.
pub(super) async fn add(
    tx: &Tx<'_>,
    environment: EnvironmentId,
    user: UserId,
    said: &Said<'_>,
    now: Timestamp,
) -> Result<()> {
    // Its own id is what its source says it is; a contact is a claim until the person proves it.
    let state = if said.kind == "partner_user" {
        "verified"
    } else {
        "claimed"
    };
    let params = params![
        user: user.0, kind: said.kind, environment: environment.0, id: said.id.0, key: said.key, shown: said.shown, state: state,
        now: now,
    ];
    tx.execute(ADD, &params).await?;
    Ok(())
}
