//! Whoever manages a user changes what is known of it.

use futures_util::FutureExt as _;
use futures_util::future::{try_join, try_join3};
use jiff::Timestamp;

use super::contacts::{Said, say, tell_of_change};
use super::{EventData, FIND, User, claims, find, find_held, lock_given};
use crate::domain::{
    Email, EnvironmentId, EventId, EventType, IdentityId, Invalid, MetadataChange, PersonName, Phone, UserId,
};
use crate::store::happened::Happened;
use crate::store::notices::Notices;
use crate::store::scope::ServerScope;
use crate::store::sql::params;
use crate::store::transaction::Tx;
use crate::store::{Result, Store, StoreError};

/// A change; what is absent stays.
#[derive(Debug, Clone)]
pub struct UpdateUser {
    /// The time of the call.
    pub now: Timestamp,
    /// Whom; an id that a join retired names the user that it lives on in.
    pub user: UserId,
    /// Another name.
    pub name: Option<PersonName>,
    /// Another e-mail, pending until the person proves it.
    pub email: Option<Email>,
    /// Another phone, likewise.
    pub phone: Option<Phone>,
    /// Keys to set, or to remove.
    pub metadata: Option<MetadataChange>,
    /// The rows of e-mail and phone, if new.
    pub identities: [IdentityId; 2],
    /// `user.updated`.
    pub event: EventId,
    /// Writes the event.
    pub event_data: EventData,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "the large one is the usual one")]
pub enum UpdateOutcome {
    /// The user as it is now.
    Updated(User),
    /// The environment has no such user.
    NotFound,
    /// The back end brought another user with this e-mail; nothing was written.
    EmailTaken(UserId),
    /// The metadata would be too large; nothing was written.
    Metadata(Invalid),
}

const HOLDER: &str = "
    select user_id from identities
    where source_id = :environment and key = :key and source = 'organization' and kind = 'email'";
const CHANGE: &str = "
    update users set name = coalesce(:name, name), metadata = :metadata, updated_at = :now where id = :id";

impl Store {
    /// Changes a user of the environment.
    pub async fn update_user(&self, scope: &ServerScope, call: UpdateUser) -> Result<UpdateOutcome> {
        let (environment, notices) = (scope.environment, self.notices());
        self.transact(move |tx| async move { update(tx, environment, &notices, &call).await }.boxed())
            .await
    }
}

async fn update(
    tx: &Tx<'_>,
    environment: EnvironmentId,
    notices: &Notices,
    call: &UpdateUser,
) -> Result<UpdateOutcome> {
    let email = lock_given(tx, environment, "email", call.email.as_ref().map(Email::key));
    let phone = lock_given(tx, environment, "phone", call.phone.as_ref().map(Phone::key));
    // An id may have been retired: the lock is that of the living user.
    let held = find_held(tx, environment, call.user);
    let ((), (), Some(known)) = try_join3(email, phone, held).await? else {
        return Ok(UpdateOutcome::NotFound);
    };
    let holder = async {
        let Some(email) = &call.email else { return Ok(None) };
        let params = params![environment: environment.0, key: email.key()];
        tx.one(HOLDER, &params, |row| Ok(UserId(row.id(0)?))).await
    };
    let (holder, before) = try_join(holder, claims(tx, environment, known.id)).await?;
    if let Some(holder) = holder.filter(|holder| *holder != known.id) {
        return Ok(UpdateOutcome::EmailTaken(holder));
    }
    let metadata = match known.metadata.merged(&call.metadata.clone().unwrap_or_default()) {
        Ok(metadata) => metadata,
        Err(wrong) => return Ok(UpdateOutcome::Metadata(wrong)),
    };
    let name = call.name.as_ref().map(PersonName::as_str);
    let mut changed = metadata != known.metadata || name.is_some_and(|name| known.name.as_deref() != Some(name));
    for said in said(call) {
        let is_news = say(tx, environment, known.id, &before, &said, call.now).await?;
        if is_news {
            tell_of_change(tx, environment, notices, known.id, &said, call.now).await?;
        }
        changed |= is_news;
    }
    if !changed {
        return Ok(UpdateOutcome::Updated(known));
    }
    let params = params![name: name, metadata: metadata.text(), now: call.now, id: known.id.0];
    tx.ready(&[CHANGE, FIND]).await?;
    let (_, user) = try_join(tx.execute(CHANGE, &params), find(tx, environment, known.id)).await?;
    let gone = || StoreError::Fault("a user that was just written is not there".to_owned());
    let user = user.ok_or_else(gone)?;
    let data = (call.event_data)(&user).into();
    let event = Happened::to(user.id.0, EventType::UserUpdated, environment, data, call.now);
    tx.emit(event.about(user.id).with_id(call.event)).await?;
    Ok(UpdateOutcome::Updated(user))
}

fn said(call: &UpdateUser) -> impl Iterator<Item = Said<'_>> {
    let [email_row, phone_row] = call.identities;
    let email = call.email.as_ref().map(|email| Said {
        kind: "email",
        key: email.key(),
        shown: email.shown(),
        id: email_row,
    });
    let phone = call.phone.as_ref().map(|phone| Said {
        kind: "phone",
        key: phone.key(),
        shown: phone.shown(),
        id: phone_row,
    });
    email.into_iter().chain(phone)
}
