//! Somebody who has proven an address gets another e-mail or phone: nothing changes until they confirm it there.
//!
//! A code has proven the new address; that says that somebody reads messages there, not who. On the page of the
//! confirmation the person shows with a fresh code, sent to an address that they proved before, that it is them.

use futures_util::FutureExt as _;
use jiff::Timestamp;
use serde_json::json;

use super::contacts::ContactAddress;
use super::prove::{Proof, add_proof};
use super::{EventData, find, lock, lock_value};
use crate::domain::{
    ChallengeId, ConfirmationId, Destination, EnvironmentId, EnvironmentKind, EventId, EventType, IdentityId, Notice,
    Token, UserId,
};
use crate::store::happened::Happened;
use crate::store::notices::Notices;
use crate::store::scope::{ConfirmationScope, ServerScope};
use crate::store::sql::{Row, Script, params};
use crate::store::transaction::Tx;
use crate::store::{Result, Store, StoreError};

/// A confirmation that is about to be asked for.
#[derive(Debug, Clone)]
pub struct OfferConfirmation {
    /// Its id, which is also inside the address of its page.
    pub id: ConfirmationId,
    /// SHA-256 of what the address ends with.
    pub hash: [u8; 32],
    /// The user for whom the address was proven.
    pub user: UserId,
    /// The code that proved it.
    pub challenge: ChallengeId,
    /// The end of the page.
    pub expires_at: Timestamp,
    /// The time of the call.
    pub now: Timestamp,
}

/// Another address of a user's that waits to be confirmed, or was.
#[derive(Debug, Clone)]
pub struct Confirmation {
    /// What its page reaches.
    pub scope: ConfirmationScope,
    /// Sandbox or production.
    pub kind: EnvironmentKind,
    /// The organization's name.
    pub organization: String,
    /// Whose address it is to be.
    pub user: UserId,
    /// `email` or `phone`.
    pub address_kind: &'static str,
    /// The new address, as it was given.
    pub shown: String,
    /// The addresses that the user has proven, where a code may go.
    pub ways: Vec<ContactAddress>,
    /// Whether it was confirmed.
    pub confirmed: bool,
    /// The code that was sent last.
    pub challenge: Option<ChallengeId>,
    /// What its address is compared by.
    pub sent_to: Option<String>,
    holder_hash: Option<Vec<u8>>,
}

impl Confirmation {
    /// Whether this is the browser that asked for the code.
    #[must_use]
    pub fn is_held_by(&self, holder: &Token) -> bool {
        self.holder_hash.as_deref().is_some_and(|hash| holder.matches(hash))
    }
}

/// A person confirms another address.
pub struct ConfirmAddress {
    /// The browser that the code was typed in.
    pub holder: Token,
    /// The row of the identity.
    pub identity: IdentityId,
    /// `user.verified` and `identity.verified`.
    pub events: [EventId; 2],
    /// What the event says of the user.
    pub event_data: EventData,
    /// The language of the notice.
    pub language: &'static str,
    /// The time of the call.
    pub now: Timestamp,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfirmOutcome {
    /// The address logs the person in.
    Confirmed,
    /// No code was typed right in this browser; nothing was written.
    NotShown,
    /// The page has ended, the user is gone or suspended, or another user has proven the address meanwhile; nothing
    /// was written.
    Gone,
}

const OFFER: &str = "
    insert into confirmations (id, environment_id, hash, user_id, kind, key, shown, created_at, expires_at)
    select :id, proof.environment_id, :hash, proof.user_id, proof.kind, proof.key, proof.shown, :now, :expires_at
    from challenges proof
    where proof.id = :challenge and proof.environment_id = :environment and proof.user_id = :user and proof.app_id is null
        and proof.purpose = 'confirm_contact' and proof.used_at is not null";
const FIND: &str = "
    select known.hash, known.environment_id, environment.kind, organization.name, known.user_id, known.kind, known.shown,
        known.holder_hash, known.challenge_id, known.confirmed_at,
        (select sent.key from challenges sent where sent.id = known.challenge_id)
    from confirmations known
    join environments environment on environment.id = known.environment_id
    join organizations organization on organization.id = environment.organization_id
    join users account on account.id = known.user_id and account.status in ('linked', 'verified')
    where known.id = :id and known.expires_at > :now
        and (known.confirmed_at is not null or not exists (
            select 1 from identities owner
            where owner.environment_id = known.environment_id and owner.kind = known.kind and owner.key = known.key
                and owner.state = 'verified' and owner.kind in ('email', 'phone')))";
const WAYS: &str = "
    select id, kind, key, shown from identities
    where user_id = :user and kind in ('email', 'phone') and state = 'verified' order by kind, key, id";
const BEGIN: &str = "
    update confirmations set holder_hash = :holder, challenge_id = :challenge
    where id = :id and environment_id = :environment and confirmed_at is null";
// That the code was right is read from the challenge itself.
const MEET: &str = "
    select known.user_id, known.kind, known.key, known.shown, known.holder_hash, (
        select count(*) from challenges proof
        where proof.id = known.challenge_id and proof.environment_id = known.environment_id
            and proof.user_id = known.user_id and proof.purpose = 'change_identity' and proof.used_at is not null)
    from confirmations known
    where known.id = :id and known.environment_id = :environment and known.expires_at > :now and known.confirmed_at is null";
const ALIVE: &str = "
    select 1 from users where id = :user and environment_id = :environment and status in ('linked', 'verified')";
const OWNED: &str = "
    select 1 from identities
    where environment_id = :environment and kind = :kind and key = :key and state = 'verified' and kind in ('email', 'phone')";
const DONE: &str = "
    update confirmations set confirmed_at = :now, holder_hash = null, challenge_id = null where id = :id";

impl Store {
    /// Asks for the confirmation of an address that a code has just proven for a user; false if none has.
    pub async fn offer_confirmation(&self, scope: &ServerScope, offer: OfferConfirmation) -> Result<bool> {
        let params = params![
            id: offer.id.0, hash: offer.hash.to_vec(), now: offer.now, expires_at: offer.expires_at,
            challenge: offer.challenge.0, environment: scope.environment.0, user: offer.user.0,
        ];
        let written = self.run(Script::default().then(OFFER, params)).await?;
        Ok(written == [1])
    }

    /// What a page's address asks to confirm; `None` if it was never made, has ended, its user is gone, or another user
    /// has proven the address meanwhile.
    pub async fn confirmation(&self, token: &Token, now: Timestamp) -> Result<Option<Confirmation>> {
        let id = ConfirmationId(token.id());
        let found = self
            .one(FIND, &params![id: id.0, now: now], |row| known(row, id))
            .await?;
        let Some((_, mut found)) = found.filter(|(hash, _)| token.matches(hash)) else {
            return Ok(None);
        };
        found.ways = self
            .all(WAYS, &params![user: found.user.0], ContactAddress::read)
            .await?;
        Ok(Some(found))
    }

    /// Notes that a code is on its way to a browser.
    pub async fn begin_confirmation_proof(
        &self,
        scope: &ConfirmationScope,
        holder: &Token,
        challenge: ChallengeId,
    ) -> Result<()> {
        let params = params![
            holder: holder.hash().to_vec(), challenge: challenge.0, id: scope.confirmation.0,
            environment: scope.environment.0,
        ];
        self.run(Script::default().then(BEGIN, params)).await?;
        Ok(())
    }

    /// Puts the address down as the person's own, once the code was typed right in this browser.
    pub async fn confirm_address(&self, scope: &ConfirmationScope, call: ConfirmAddress) -> Result<ConfirmOutcome> {
        let (scope, notices) = (*scope, self.notices());
        self.transact(move |tx| async move { confirm(tx, scope, &notices, &call).await }.boxed())
            .await
    }
}

fn known(row: &Row<'_>, id: ConfirmationId) -> Result<(Vec<u8>, Confirmation)> {
    let environment = EnvironmentId(row.id(1)?);
    let confirmation = Confirmation {
        scope: ConfirmationScope {
            environment,
            confirmation: id,
        },
        kind: row.word(2, EnvironmentKind::parse)?,
        organization: row.text(3)?,
        user: UserId(row.id(4)?),
        address_kind: row.word(5, contact_kind)?,
        shown: row.text(6)?,
        ways: Vec::new(),
        confirmed: row.opt_time(9)?.is_some(),
        challenge: row.opt_id(8)?.map(ChallengeId),
        sent_to: row.opt_text(10)?,
        holder_hash: row.opt_bytes(7)?,
    };
    Ok((row.bytes(0)?, confirmation))
}

fn contact_kind(word: &str) -> Option<&'static str> {
    ["email", "phone"].into_iter().find(|kind| *kind == word)
}

/// The row of a confirmation inside its verb.
struct Met {
    user: UserId,
    kind: &'static str,
    key: String,
    shown: String,
    holder_hash: Option<Vec<u8>>,
    proven: bool,
}

fn met(row: &Row<'_>) -> Result<Met> {
    Ok(Met {
        user: UserId(row.id(0)?),
        kind: row.word(1, contact_kind)?,
        key: row.text(2)?,
        shown: row.text(3)?,
        holder_hash: row.opt_bytes(4)?,
        proven: row.int(5)? > 0,
    })
}

async fn confirm(
    tx: &Tx<'_>,
    scope: ConfirmationScope,
    notices: &Notices,
    call: &ConfirmAddress,
) -> Result<ConfirmOutcome> {
    let (environment, now) = (scope.environment, call.now);
    let params = params![id: scope.confirmation.0, environment: environment.0, now: now];
    let Some(first) = tx.one(MEET, &params, met).await? else {
        return Ok(ConfirmOutcome::Gone);
    };
    lock_value(tx, environment, first.kind, &first.key).await?;
    lock(tx, first.user).await?;
    // Whoever pressed the same button a moment ago may have been first.
    let Some(met) = tx.one(MEET, &params, met).await? else {
        return Ok(ConfirmOutcome::Gone);
    };
    let whose = params![user: met.user.0, environment: environment.0];
    let address = params![environment: environment.0, kind: met.kind, key: met.key.as_str()];
    if tx.one(ALIVE, &whose, |_| Ok(())).await?.is_none() || tx.one(OWNED, &address, |_| Ok(())).await?.is_some() {
        return Ok(ConfirmOutcome::Gone);
    }
    let held = met.holder_hash.as_deref().is_some_and(|hash| call.holder.matches(hash));
    if !held || !met.proven {
        return Ok(ConfirmOutcome::NotShown);
    }
    let proof = Proof {
        user: met.user,
        identity: call.identity,
        kind: met.kind,
        key: &met.key,
        shown: &met.shown,
        now,
    };
    add_proof(tx, environment, &proof).await?;
    tx.execute(DONE, &params![now: now, id: scope.confirmation.0]).await?;
    let added = (met.user, Notice::AddressAdded);
    let is_older = |to: &Destination| to.kind() != met.kind || to.key() != met.key;
    let language = Some(call.language);
    notices.tell(tx, environment, added, language, now, is_older).await?;
    tell(tx, environment, call, &met).await?;
    Ok(ConfirmOutcome::Confirmed)
}

async fn tell(tx: &Tx<'_>, environment: EnvironmentId, call: &ConfirmAddress, met: &Met) -> Result<()> {
    let gone = || StoreError::Fault("a user that was just proven is not there".to_owned());
    let user = find(tx, environment, met.user).await?.ok_or_else(gone)?;
    let told = [
        (EventType::UserVerified, (call.event_data)(&user).into()),
        (
            EventType::IdentityVerified,
            json!({ "user_id": met.user, "kind": met.kind }),
        ),
    ];
    for ((kind, about), id) in told.into_iter().zip(call.events) {
        let event = Happened::to(met.user.0, kind, environment, about, call.now).about(met.user);
        tx.emit(event.with_id(id)).await?;
    }
    Ok(())
}
