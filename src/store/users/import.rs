//! Users that were kept elsewhere come in bulk.
//!
//! Import adds and never changes: whoever is known already stays as they are, so that the same lines may come again.
//! Nobody's word but the person's own proof marks an e-mail or phone as proven; the one exception is the operator who
//! moves users here and says so, and an event keeps that it was said.

use std::collections::{BTreeSet, HashMap};

use futures_util::FutureExt as _;
use jiff::Timestamp;
use serde_json::json;

use super::lock_value;
use crate::domain::{
    Email, EnvironmentId, EventId, EventType, IdentityId, Metadata, PartnerUserId, PersonName, Phone, UserId,
};
use crate::store::happened::Happened;
use crate::store::scope::UsersScope;
use crate::store::sql::params;
use crate::store::transaction::Tx;
use crate::store::{Result, Store};

/// Users to add, in one transaction.
#[derive(Debug, Clone)]
pub struct ImportUsers {
    /// At most a few hundred.
    pub users: Vec<ImportUser>,
    /// `users.imported`, if any is.
    pub event: EventId,
    /// The time of the call.
    pub now: Timestamp,
}

/// One of them.
#[derive(Debug, Clone)]
pub struct ImportUser {
    /// Its id, if it has one that is to stay.
    pub id: Option<UserId>,
    /// Its id otherwise.
    pub new_id: UserId,
    /// The back end's own id of it.
    pub external_id: Option<PartnerUserId>,
    /// Its e-mail, and whether the operator vouches that the person has proven it.
    pub email: Option<(Email, bool)>,
    /// Its phone, likewise.
    pub phone: Option<(Phone, bool)>,
    /// The person's name.
    pub name: Option<PersonName>,
    /// What the back end keeps beside it.
    pub metadata: Metadata,
    /// Whether it is locked out.
    pub suspended: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// The rows of e-mail, phone and external id.
    pub identities: [IdentityId; 3],
}

/// What became of one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Imported {
    /// It is there now.
    Added(UserId),
    /// It was there; nothing was written.
    Known(UserId),
    /// Its id is that of a user of another environment.
    IdElsewhere,
    /// Its id is that of a user who was erased.
    IdErased,
    /// Another user has its external id.
    ExternalIdTaken(UserId),
    /// The back end brought another user with its e-mail.
    EmailTaken(UserId),
    /// Another user has proven its e-mail.
    EmailProven(UserId),
    /// Another user has proven its phone.
    PhoneProven(UserId),
}

const BY_ID: &str = "
    select account.id, account.environment_id, account.status from users account
    where account.id = coalesce((select alias.user_id from user_aliases alias where alias.id = :id), :id)";
// What is not given is empty, and names nobody.
const HOLDERS: &str = "
    select 'external_id', user_id from identities
    where source_id = :environment and kind = 'partner_user' and kind not in ('email', 'phone') and key = :external_id
    union all
    select 'email', user_id from identities
    where source_id = :environment and key = :email and source = 'organization' and kind = 'email'
    union all
    select 'proven email', user_id from identities
    where environment_id = :environment and kind = 'email' and key = :email and state = 'verified' and kind in ('email', 'phone')
    union all
    select 'proven phone', user_id from identities
    where environment_id = :environment and kind = 'phone' and key = :phone and state = 'verified' and kind in ('email', 'phone')";
const ADD: &str = "
    insert into users (id, environment_id, status, name, metadata, valid_after, created_at, updated_at)
    values (:id, :environment, :status, :name, :metadata, :always, :created_at, :now)";
const ADD_IDENTITY: &str = "
    insert into identities (user_id, kind, source_id, id, environment_id, source, key, shown, state, created_at, updated_at, verified_at)
    values (:user, :kind, :environment, :id, :environment, 'organization', :key, :shown, :state, :now, :now, :verified_at)";
impl Store {
    /// Adds users to the environment; answers what became of each, in their order. One that is refused does not
    /// keep the others out.
    pub async fn import_users(&self, scope: impl Into<UsersScope>, call: ImportUsers) -> Result<Vec<Imported>> {
        let environment = scope.into().environment;
        self.transact(move |tx| async move { import(tx, environment, &call).await }.boxed())
            .await
    }
}

async fn import(tx: &Tx<'_>, environment: EnvironmentId, call: &ImportUsers) -> Result<Vec<Imported>> {
    // All at once and in one order, kind by kind as a link takes them: two that wait for each other would be ended.
    let emails: BTreeSet<_> = call
        .users
        .iter()
        .filter_map(|user| Some(user.email.as_ref()?.0.key()))
        .collect();
    for email in emails {
        lock_value(tx, environment, "email", email).await?;
    }
    let ids: BTreeSet<_> = call
        .users
        .iter()
        .filter_map(|user| Some(user.external_id.as_ref()?.as_str()))
        .collect();
    for id in ids {
        lock_value(tx, environment, "external_id", id).await?;
    }
    let mut outcomes = Vec::with_capacity(call.users.len());
    let (mut added, mut vouched) = (0_u64, 0_u64);
    for user in &call.users {
        let outcome = if let Some(outcome) = refused(tx, environment, user).await? {
            outcome
        } else {
            added += 1;
            vouched += u64::from(is_vouched(user));
            Imported::Added(add(tx, environment, user, call.now).await?)
        };
        outcomes.push(outcome);
    }
    if added > 0 {
        let data = json!({ "imported": added, "verified_by_the_operators_word": vouched });
        let event = Happened::to(call.event.0, EventType::UsersImported, environment, data, call.now);
        tx.emit(event.with_id(call.event)).await?;
    }
    Ok(outcomes)
}

fn is_vouched(user: &ImportUser) -> bool {
    user.email.as_ref().is_some_and(|(_, proven)| *proven) || user.phone.as_ref().is_some_and(|(_, proven)| *proven)
}

/// Why a user is not added; `None` if it is.
async fn refused(tx: &Tx<'_>, environment: EnvironmentId, user: &ImportUser) -> Result<Option<Imported>> {
    if let Some(id) = user.id {
        let known = tx
            .one(BY_ID, &params![id: id.0], |row| {
                Ok((UserId(row.id(0)?), EnvironmentId(row.id(1)?), row.text(2)?))
            })
            .await?;
        match known {
            Some((_, elsewhere, _)) if elsewhere != environment => return Ok(Some(Imported::IdElsewhere)),
            Some((_, _, status)) if status == "erased" => return Ok(Some(Imported::IdErased)),
            Some((known, ..)) => return Ok(Some(Imported::Known(known))),
            None => {}
        }
    }
    let external_id = user.external_id.as_ref().map_or("", PartnerUserId::as_str);
    let email = user.email.as_ref().map_or("", |(email, _)| email.key());
    let phone = user.phone.as_ref().map_or("", |(phone, _)| phone.key());
    let params = params![environment: environment.0, external_id: external_id, email: email, phone: phone];
    let holders: HashMap<String, UserId> = tx
        .all(HOLDERS, &params, |row| Ok((row.text(0)?, UserId(row.id(1)?))))
        .await?
        .into_iter()
        .collect();
    let holder = |what: &str| holders.get(what).copied();
    let proven = |contact: bool, what: &str| contact.then(|| holder(what)).flatten();
    if let Some(known) = holder("external_id") {
        // Its own name for the user says who it is, unless an id says that it is somebody else.
        return Ok(Some(match user.id {
            None => Imported::Known(known),
            Some(_) => Imported::ExternalIdTaken(known),
        }));
    }
    if let Some(known) = holder("email") {
        return Ok(Some(match (user.id, &user.external_id) {
            (None, None) => Imported::Known(known),
            _ => Imported::EmailTaken(known),
        }));
    }
    let by_email = proven(user.email.as_ref().is_some_and(|(_, vouched)| *vouched), "proven email");
    let by_phone = proven(user.phone.as_ref().is_some_and(|(_, vouched)| *vouched), "proven phone");
    Ok(by_email
        .map(Imported::EmailProven)
        .or(by_phone.map(Imported::PhoneProven)))
}

async fn add(tx: &Tx<'_>, environment: EnvironmentId, user: &ImportUser, now: Timestamp) -> Result<UserId> {
    let id = user.id.unwrap_or(user.new_id);
    let status = match (user.suspended, is_vouched(user)) {
        (true, _) => "suspended",
        (false, true) => "verified",
        (false, false) => "linked",
    };
    let params = params![
        id: id.0, environment: environment.0, status: status, name: user.name.as_ref().map(PersonName::as_str),
        metadata: user.metadata.text(), always: Timestamp::UNIX_EPOCH, created_at: user.created_at, now: now,
    ];
    tx.execute(ADD, &params).await?;
    let [email_row, phone_row, id_row] = user.identities;
    let email = user
        .email
        .as_ref()
        .map(|(email, vouched)| ("email", email_row, email.key(), email.shown(), *vouched));
    let phone = user
        .phone
        .as_ref()
        .map(|(phone, vouched)| ("phone", phone_row, phone.key(), phone.shown(), *vouched));
    let named = user
        .external_id
        .as_ref()
        .map(|named| ("partner_user", id_row, named.as_str(), named.as_str(), true));
    for (kind, row, key, shown, verified) in [email, phone, named].into_iter().flatten() {
        let state = if verified { "verified" } else { "claimed" };
        // When a source's own id was proven is nobody's question.
        let verified_at = Some(now).filter(|_| verified && kind != "partner_user");
        let params = params![
            user: id.0, kind: kind, environment: environment.0, id: row.0, key: key, shown: shown, state: state, now: now,
            verified_at: verified_at,
        ];
        tx.execute(ADD_IDENTITY, &params).await?;
    }
    Ok(id)
}
