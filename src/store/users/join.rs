//! Two accounts of one person may become one: the page that shows it, and what the person has shown there.
//!
//! An offer begins when somebody proves, for one user, an address that another user has proven. That moves nothing. On
//! the page of the offer the person shows with fresh codes that both accounts are theirs; only then may they be joined
//! ([`merge`]), and for 30 days be separated again ([`undo`]).

mod merge;
mod sides;
mod undo;

use jiff::{SignedDuration, Timestamp};

pub use merge::{JoinOutcome, JoinUsers};
pub use sides::{JoinAddress, JoinLogin, JoinSide};
pub use undo::{UndoJoin, UndoOutcome};

use self::merge::Apart;
use super::contacts::ContactAddress;
use crate::domain::{ChallengeId, EnvironmentId, EnvironmentKind, JoinId, Token, UserId};
use crate::store::scope::{JoinScope, ServerScope};
use crate::store::sql::{Script, params};
use crate::store::{Result, Store};

/// How long a shown account stays shown: who leaves the page open does not leave the accounts open.
const FRESH: SignedDuration = SignedDuration::from_mins(30);

/// An offer that is about to be stored.
#[derive(Debug, Clone)]
pub struct OfferJoin {
    /// Its id, which is also inside the address of its page.
    pub id: JoinId,
    /// SHA-256 of what the address ends with.
    pub hash: [u8; 32],
    /// The user for whom an address was proven that another user has proven.
    pub user: UserId,
    /// The code that proved it.
    pub challenge: ChallengeId,
    /// The end of the offer.
    pub expires_at: Timestamp,
    /// The time of the call.
    pub now: Timestamp,
}

/// Which account a code shows to be the person's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinShows {
    /// The one that the person was in.
    First,
    /// The one that has proven the address.
    Second,
    /// Both: the first has proven nothing, what it claims is the address itself, and there is nothing in it to take.
    Both,
}

impl JoinShows {
    /// The word in its row.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Second => "second",
            Self::Both => "both",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::First, Self::Second, Self::Both]
            .into_iter()
            .find(|shows| shows.as_str() == word)
    }
}

/// How far two accounts have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinState {
    /// They may be joined.
    Offered,
    /// They may not: one partner knows both, as two users of its own.
    SamePartner,
    /// They may not: both have a wallet, and an account holds one.
    TwoWallets,
    /// They may not: the first has a wallet or log-ins of its own, and no proven address by which it could be shown.
    Unprovable,
    /// They are joined, and may be separated until this time.
    Joined(Timestamp),
    /// They were joined, and are separate again.
    Undone,
}

/// Two accounts that may become one, or did.
#[derive(Debug, Clone)]
pub struct Join {
    /// What its page reaches.
    pub scope: JoinScope,
    /// Sandbox or production.
    pub kind: EnvironmentKind,
    /// The organization's name.
    pub organization: String,
    /// How far they have come.
    pub state: JoinState,
    /// The account that the person was in.
    pub first: JoinSide,
    /// The one that has proven the address, and stays.
    pub second: JoinSide,
    /// The partner that knows both, if one does.
    pub partner: Option<String>,
    /// The code that was sent last, and what it shows.
    pub challenge: Option<(ChallengeId, JoinShows)>,
    /// What its address is compared by.
    pub sent_to: Option<String>,
    holder_hash: Option<Vec<u8>>,
}

impl Join {
    /// Whether this is the browser in which the accounts are shown.
    #[must_use]
    pub fn is_held_by(&self, holder: &Token) -> bool {
        self.holder_hash.as_deref().is_some_and(|hash| holder.matches(hash))
    }

    /// Where a code goes that the person asks for, by the address's row: and whose address it is, and what it shows.
    /// Once joined, every proven address of the account shows it.
    #[must_use]
    pub fn way(&self, row: &str) -> Option<(&ContactAddress, UserId, JoinShows)> {
        self.ways().find(|(address, ..)| address.id.to_string() == row)
    }

    /// All ways there are.
    pub fn ways(&self) -> impl Iterator<Item = (&ContactAddress, UserId, JoinShows)> {
        let first_shows = if proven(&self.first).next().is_some() {
            JoinShows::First
        } else {
            JoinShows::Both
        };
        let second_shows = if first_shows == JoinShows::Both {
            JoinShows::Both
        } else {
            JoinShows::Second
        };
        let joined = matches!(self.state, JoinState::Joined(_));
        let first = proven(&self.first).map(|known| (&known.address, self.first.user, JoinShows::First));
        // Without anything proven in the first account it is the address that both name which shows both.
        let second = proven(&self.second)
            .filter(move |known| joined || first_shows == JoinShows::First || known.is_the_one)
            .map(move |known| (&known.address, self.second.user, second_shows));
        first.chain(second)
    }
}

fn proven(side: &JoinSide) -> impl Iterator<Item = &JoinAddress> {
    side.addresses.iter().filter(|known| known.verified)
}

/// The row of a join, as it is met.
struct Row {
    hash: Vec<u8>,
    environment: EnvironmentId,
    kind: EnvironmentKind,
    organization: String,
    first: UserId,
    second: UserId,
    address: (String, String),
    holder_hash: Option<Vec<u8>>,
    challenge: Option<(ChallengeId, JoinShows)>,
    sent_to: Option<String>,
    shown: [Option<Timestamp>; 2],
    expires_at: Timestamp,
    joined_at: Option<Timestamp>,
    undone_at: Option<Timestamp>,
}

const OFFER: &str = "
    insert into joins (id, environment_id, hash, first_id, second_id, kind, key, created_at, expires_at)
    select :id, proof.environment_id, :hash, proof.user_id, owner.user_id, proof.kind, proof.key, :now, :expires_at
    from challenges proof
    join identities owner on owner.environment_id = proof.environment_id and owner.kind = proof.kind and owner.key = proof.key
        and owner.state = 'verified' and owner.kind in ('email', 'phone') and owner.user_id <> proof.user_id
    where proof.id = :challenge and proof.environment_id = :environment and proof.user_id = :user and proof.app_id is null
        and proof.purpose = 'confirm_contact' and proof.used_at is not null";
const FIND: &str = "
    select known.hash, known.environment_id, environment.kind, organization.name, known.first_id, known.second_id,
        known.kind, known.key, known.holder_hash, known.challenge_id, known.challenge_shows, known.first_shown_at,
        known.second_shown_at, known.expires_at, known.joined_at, known.undone_at,
        (select sent.key from challenges sent where sent.id = known.challenge_id)
    from joins known
    join environments environment on environment.id = known.environment_id
    join organizations organization on organization.id = environment.organization_id
    where known.id = :id and known.expires_at > :now";
// Whoever begins in another browser begins anew.
const BEGIN: &str = "
    update joins set
        first_shown_at = case when holder_hash = :holder then first_shown_at else null end,
        second_shown_at = case when holder_hash = :holder then second_shown_at else null end,
        holder_hash = :holder, challenge_id = :challenge, challenge_shows = :shows
    where id = :id and environment_id = :environment and undone_at is null";
// That the code was right is read from the challenge itself.
const NOTE: &str = "
    update joins set
        first_shown_at = case when challenge_shows in ('first', 'both') then :now else first_shown_at end,
        second_shown_at = case when challenge_shows in ('second', 'both') then :now else second_shown_at end,
        challenge_id = null, challenge_shows = null
    where id = :id and environment_id = :environment and holder_hash = :holder
        and exists (
            select 1 from challenges proof
            where proof.id = joins.challenge_id and proof.environment_id = joins.environment_id
                and proof.purpose = 'join_accounts' and proof.used_at is not null)";

impl Store {
    /// Offers the join of the user for whom an address was just proven, and the one who has proven it before; false if
    /// that is not so.
    pub async fn offer_join(&self, scope: &ServerScope, offer: OfferJoin) -> Result<bool> {
        let params = params![
            id: offer.id.0, hash: offer.hash.to_vec(), now: offer.now, expires_at: offer.expires_at,
            challenge: offer.challenge.0, environment: scope.environment.0, user: offer.user.0,
        ];
        let written = self.run(Script::default().then(OFFER, params)).await?;
        Ok(written == [1])
    }

    /// The two accounts of a page's address; `None` if it was never made, has ended, or one of them is gone.
    pub async fn join(&self, token: &Token, now: Timestamp) -> Result<Option<Join>> {
        let id = JoinId(token.id());
        let found = self.one(FIND, &params![id: id.0, now: now], row).await?;
        let Some(known) = found.filter(|known| token.matches(&known.hash)) else {
            return Ok(None);
        };
        let scope = JoinScope {
            environment: known.environment,
            join: id,
        };
        let (first, second) = (
            self.join_side(&known, known.first).await?,
            self.join_side(&known, known.second).await?,
        );
        let joined = second.retired.contains(&known.first);
        let offered = known.joined_at.is_none() && known.undone_at.is_none() && first.alive && second.alive;
        let apart = if offered {
            let pair = params![first: known.first.0, second: known.second.0];
            self.one(merge::APART, &pair, merge::apart).await?.flatten()
        } else {
            None
        };
        let (state, partner) = match (known.undone_at, known.joined_at, apart) {
            (Some(_), ..) => (JoinState::Undone, None),
            (None, Some(_), _) if joined && second.alive => (JoinState::Joined(known.expires_at), None),
            (None, None, Some(Apart::SamePartner(partner))) => (JoinState::SamePartner, Some(partner)),
            (None, None, Some(Apart::TwoWallets)) => (JoinState::TwoWallets, None),
            (None, None, Some(Apart::Unprovable)) => (JoinState::Unprovable, None),
            (None, None, None) if offered => (JoinState::Offered, None),
            _ => return Ok(None),
        };
        let fresh = |shown: Option<Timestamp>| shown.is_some_and(|shown| shown + FRESH > now);
        Ok(Some(Join {
            scope,
            kind: known.kind,
            organization: known.organization,
            state,
            first: first.side(fresh(known.shown[0])),
            second: second.side(fresh(known.shown[1])),
            partner,
            challenge: known.challenge,
            sent_to: known.sent_to,
            holder_hash: known.holder_hash,
        }))
    }

    /// Notes that a code is on its way to a browser that shows an account, and what it will show. What another browser
    /// has shown is forgotten.
    pub async fn begin_join_proof(
        &self,
        scope: &JoinScope,
        holder: &Token,
        challenge: ChallengeId,
        shows: JoinShows,
    ) -> Result<()> {
        let params = params![
            holder: holder.hash().to_vec(), challenge: challenge.0, shows: shows.as_str(), id: scope.join.0,
            environment: scope.environment.0,
        ];
        self.run(Script::default().then(BEGIN, params)).await?;
        Ok(())
    }

    /// Notes that the code was right; false if it was not, or was another browser's.
    pub async fn note_join_proof(&self, scope: &JoinScope, holder: &Token, now: Timestamp) -> Result<bool> {
        let params = params![
            now: now, id: scope.join.0, environment: scope.environment.0, holder: holder.hash().to_vec(),
        ];
        Ok(self.run(Script::default().then(NOTE, params)).await? == [1])
    }
}

fn row(row: &crate::store::sql::Row<'_>) -> Result<Row> {
    let challenge = match (row.opt_id(9)?, row.opt_text(10)?) {
        (Some(id), Some(shows)) => JoinShows::parse(&shows).map(|shows| (ChallengeId(id), shows)),
        _ => None,
    };
    Ok(Row {
        hash: row.bytes(0)?,
        environment: EnvironmentId(row.id(1)?),
        kind: row.word(2, EnvironmentKind::parse)?,
        organization: row.text(3)?,
        first: UserId(row.id(4)?),
        second: UserId(row.id(5)?),
        address: (row.text(6)?, row.text(7)?),
        holder_hash: row.opt_bytes(8)?,
        challenge,
        sent_to: row.opt_text(16)?,
        shown: [row.opt_time(11)?, row.opt_time(12)?],
        expires_at: row.time(13)?,
        joined_at: row.opt_time(14)?,
        undone_at: row.opt_time(15)?,
    })
}
