//! The organization's own back end brings a user.

use futures_util::FutureExt as _;
use futures_util::future::{try_join, try_join_all, try_join3};
use jiff::Timestamp;

use super::contacts::{ADD as ADD_SAID, Identity, Said, add, say, tell_of_change};
use super::{EventData, User, claims, find, lock, lock_given, lock_value};
use crate::domain::{
    Email, EnvironmentId, EventId, EventType, IdentityId, Invalid, Metadata, MetadataChange, PartnerUserId, PersonName,
    Phone, RequiredProofs, UserId, UserStatus,
};
use crate::store::happened::Happened;
use crate::store::idempotency::{IdempotencyClaim, Once, SavedAnswer};
use crate::store::notices::Notices;
use crate::store::scope::ServerScope;
use crate::store::sql::params;
use crate::store::transaction::Tx;
use crate::store::{Result, Store, StoreError};

/// All that bringing a user may have to write. Ids come in as data; unused where nothing is new.
#[derive(Debug, Clone)]
pub struct LinkUser {
    /// The time of the call.
    pub now: Timestamp,
    /// What a known user is found by.
    pub email: Email,
    /// The phone; it finds a known user only if `phone_proven`.
    pub phone: Phone,
    /// The person's name.
    pub name: PersonName,
    /// Keys to set, or to remove.
    pub metadata: MetadataChange,
    /// The back end's own id of the user, if it gives one.
    pub external_id: Option<PartnerUserId>,
    /// Whether the back end vouches that the phone is this person's.
    pub phone_proven: bool,
    /// What the environment demands.
    pub demanded: RequiredProofs,
    /// The user, if new.
    pub user: UserId,
    /// The rows of e-mail, phone and external id, if new.
    pub identities: [IdentityId; 3],
    /// `user.linked` or `user.updated`.
    pub event: EventId,
    /// Writes the event.
    pub event_data: EventData,
    /// What is saved of the answer for a replay: its data, without anything secret.
    pub saved_answer: fn(&Linked) -> String,
    /// The caller's `Idempotency-Key`.
    pub idempotency: Option<IdempotencyClaim>,
}

/// A user of the back end's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linked {
    /// As it is now.
    pub user: User,
    /// Whether this call made it.
    pub created: bool,
    /// Whether the person has a proof to give: one that the environment demands, or of a value that somebody else
    /// has proven.
    pub verification_required: bool,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "the large one is the usual one")]
pub enum LinkOutcome {
    /// The user is there.
    Linked(Linked),
    /// The user is suspended; nothing was written.
    Suspended(UserId),
    /// The external id is another user's; nothing was written.
    ExternalIdTaken(UserId),
    /// The metadata would be too large; nothing was written.
    Metadata(Invalid),
}

// Partners' users are never found here: their claims have another source.
const BY_EMAIL: &str = "
    select user_id from identities
    where source_id = :environment and key = :key and source = 'organization' and kind = 'email'";
const BY_PHONE: &str = "
    select distinct user_id from identities
    where source_id = :environment and key = :key and source = 'organization' and kind = 'phone' limit 2";
const BY_EXTERNAL_ID: &str = "
    select user_id from identities
    where source_id = :environment and kind = 'partner_user' and kind not in ('email', 'phone') and key = :key";
const OWNERS: &str = "
    select user_id from identities
    where environment_id = :environment and kind = 'email' and key = :email and state = 'verified' and kind in ('email', 'phone')
    union all
    select user_id from identities
    where environment_id = :environment and kind = 'phone' and key = :phone and state = 'verified' and kind in ('email', 'phone')";
// `valid_after` starts at the beginning of time: a token of whole seconds that is made in the user's first second
// has to pass.
const ADD: &str = "
    insert into users (id, environment_id, status, name, metadata, valid_after, created_at, updated_at)
    values (:id, :environment, 'linked', :name, :metadata, :always, :now, :now)";
const CHANGE: &str = "update users set name = :name, metadata = :metadata, updated_at = :now where id = :id";

impl Store {
    /// Brings a user, or finds the one that this back end brought before and merges what is new. Concurrent calls
    /// with one e-mail make one user.
    pub async fn link_user(&self, scope: &ServerScope, call: LinkUser) -> Result<Once<LinkOutcome>> {
        let (environment, notices) = (scope.environment, self.notices());
        let (claim, now) = (call.idempotency.clone(), call.now);
        self.transact_once(environment, claim, now, move |tx| {
            async move {
                let outcome = link(tx, environment, &notices, &call).await?;
                let saved = match &outcome {
                    LinkOutcome::Linked(linked) => Some(SavedAnswer {
                        status: 200,
                        body: Some((call.saved_answer)(linked)),
                        resource: Some(linked.user.id.0),
                    }),
                    _ => None,
                };
                Ok((outcome, saved))
            }
            .boxed()
        })
        .await
    }
}

async fn link(tx: &Tx<'_>, environment: EnvironmentId, notices: &Notices, call: &LinkUser) -> Result<LinkOutcome> {
    // On PostgreSQL the locks and what is read behind them share a round trip.
    let phone = call.phone_proven.then(|| call.phone.key());
    let external_id = call.external_id.as_ref().map(PartnerUserId::as_str);
    let locked = try_join3(
        lock_value(tx, environment, "email", call.email.key()),
        lock_given(tx, environment, "phone", phone),
        lock_given(tx, environment, "external_id", external_id),
    );
    let found = try_join(find_known(tx, environment, call), by_external_id(tx, environment, call));
    let (_, (known, mut holder)) = try_join(locked, found).await?;
    let is_anothers = |holder: &UserId| known.as_ref().is_none_or(|known| known.id != *holder);
    if holder.as_ref().is_some_and(is_anothers) {
        // It may have come with a join while this waited for the user.
        holder = by_external_id(tx, environment, call).await?;
    }
    if let Some(holder) = holder.filter(is_anothers) {
        return Ok(LinkOutcome::ExternalIdTaken(holder));
    }
    if let Some(known) = known.as_ref().filter(|known| known.status == UserStatus::Suspended) {
        return Ok(LinkOutcome::Suspended(known.id));
    }
    let before = known.as_ref().map(|known| known.metadata.clone()).unwrap_or_default();
    let metadata = match before.merged(&call.metadata) {
        Ok(metadata) => metadata,
        Err(wrong) => return Ok(LinkOutcome::Metadata(wrong)),
    };
    let created = known.is_none();
    let (id, event) = match known {
        None => {
            create(tx, environment, call, &metadata).await?;
            (call.user, Some(EventType::UserLinked))
        }
        Some(known) => {
            let changed = change(tx, environment, notices, call, &known, &metadata).await?;
            (known.id, changed.then_some(EventType::UserUpdated))
        }
    };
    let gone = || StoreError::Fault("a user that was just written is not there".to_owned());
    let user = find(tx, environment, id).await?.ok_or_else(gone)?;
    let told = async {
        let Some(kind) = event else { return Ok(()) };
        let event = Happened::to(user.id.0, kind, environment, (call.event_data)(&user).into(), call.now);
        tx.emit(event.about(user.id).with_id(call.event)).await
    };
    let ((), verification_required) = try_join(told, needs_proof(tx, environment, call, &user)).await?;
    Ok(LinkOutcome::Linked(Linked {
        user,
        created,
        verification_required,
    }))
}

/// Whose the back end's own id is.
async fn by_external_id(tx: &Tx<'_>, environment: EnvironmentId, call: &LinkUser) -> Result<Option<UserId>> {
    let Some(id) = &call.external_id else { return Ok(None) };
    let params = params![environment: environment.0, key: id.as_str()];
    tx.one(BY_EXTERNAL_ID, &params, |row| Ok(UserId(row.id(0)?))).await
}

/// The user that the back end means, held to the end of the transaction.
async fn find_known(tx: &Tx<'_>, environment: EnvironmentId, call: &LinkUser) -> Result<Option<User>> {
    // Whom it meant before its lock was ours may have got another e-mail or been erased meanwhile.
    while let Some(id) = named(tx, environment, call).await? {
        lock(tx, id).await?;
        if named(tx, environment, call).await? == Some(id) {
            return find(tx, environment, id).await;
        }
    }
    Ok(None)
}

async fn named(tx: &Tx<'_>, environment: EnvironmentId, call: &LinkUser) -> Result<Option<UserId>> {
    let by_email = params![environment: environment.0, key: call.email.key()];
    let found = tx.one(BY_EMAIL, &by_email, |row| Ok(UserId(row.id(0)?))).await?;
    if found.is_some() || !call.phone_proven {
        return Ok(found);
    }
    let by_phone = params![environment: environment.0, key: call.phone.key()];
    let found = tx.all(BY_PHONE, &by_phone, |row| Ok(UserId(row.id(0)?))).await?;
    // A phone that several users share names none of them.
    Ok(if let [only] = found[..] { Some(only) } else { None })
}

fn said(call: &LinkUser) -> impl Iterator<Item = Said<'_>> {
    let [email, phone, external_id] = call.identities;
    let contacts = [
        ("email", call.email.key(), call.email.shown(), email),
        ("phone", call.phone.key(), call.phone.shown(), phone),
    ];
    let named = call
        .external_id
        .as_ref()
        .map(|id| ("partner_user", id.as_str(), id.as_str(), external_id));
    contacts
        .into_iter()
        .chain(named)
        .map(|(kind, key, shown, id)| Said { kind, key, shown, id })
}

async fn create(tx: &Tx<'_>, environment: EnvironmentId, call: &LinkUser, metadata: &Metadata) -> Result<()> {
    let params = params![
        id: call.user.0, environment: environment.0, name: call.name.as_str(), metadata: metadata.text(),
        always: Timestamp::UNIX_EPOCH, now: call.now,
    ];
    tx.ready(&[ADD, ADD_SAID]).await?;
    let saying = said(call).map(|said| async move { add(tx, environment, call.user, &said, call.now).await });
    try_join(tx.execute(ADD, &params), try_join_all(saying)).await?;
    Ok(())
}

/// Whether anything that is shown has changed.
async fn change(
    tx: &Tx<'_>,
    environment: EnvironmentId,
    notices: &Notices,
    call: &LinkUser,
    known: &User,
    metadata: &Metadata,
) -> Result<bool> {
    let before: Vec<Identity> = claims(tx, environment, known.id).await?;
    let mut changed = known.name.as_deref() != Some(call.name.as_str()) || known.metadata != *metadata;
    for said in said(call) {
        let is_news = say(tx, environment, known.id, &before, &said, call.now).await?;
        if is_news {
            tell_of_change(tx, environment, notices, known.id, &said, call.now).await?;
        }
        changed |= is_news;
    }
    if changed {
        let params = params![
            name: call.name.as_str(), metadata: metadata.text(), now: call.now, id: known.id.0,
        ];
        tx.execute(CHANGE, &params).await?;
    }
    Ok(changed)
}

async fn needs_proof(tx: &Tx<'_>, environment: EnvironmentId, call: &LinkUser, user: &User) -> Result<bool> {
    let params = params![environment: environment.0, email: call.email.key(), phone: call.phone.key()];
    let owners = tx.all(OWNERS, &params, |row| Ok(UserId(row.id(0)?))).await?;
    let proven = |contact: &Option<super::Contact>| contact.as_ref().is_some_and(|contact| contact.verified);
    let missing = call
        .demanded
        .are_missing(proven(&user.email), proven(&user.phone), user.kyc_approved());
    Ok(missing || owners.iter().any(|owner| *owner != user.id))
}
