//! What happened: written with the change, read in the order of the commits.
//!
//! A verb says what happened with `Tx::emit`, in its own transaction, so that an event is there if and only if its
//! change is. Readers go through an environment's log by place and stay below the oldest transaction that is still
//! open: nothing ever appears behind a reader, whatever writers race.

use futures_util::FutureExt as _;
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::watch;

use super::happened::Happened;
use super::idempotency::{IdempotencyClaim, Once, SavedAnswer};
use super::scope::{ServerScope, UsersScope};
use super::sql::{Row, params};
use super::{Engine, Result, Store, StoreError};
use crate::domain::{EnvironmentId, EnvironmentKind, EventFilter, EventId, EventType, UserId};

/// Rows that one look goes through, at most, for a page of what a filter wants.
const MOST_READ: i64 = 1_000;

/// Where an event stands in its environment's log. Places only compare within one environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct EventPlace {
    /// The transaction that wrote it; 0 on SQLite.
    pub tx: i64,
    /// Its number.
    pub seq: i64,
}

impl EventPlace {
    /// The last place below a horizon: what is written there is there to be read.
    pub(super) const fn before(horizon: i64) -> Self {
        Self {
            tx: horizon.saturating_sub(1),
            seq: i64::MAX,
        }
    }
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its id, which is also the `webhook-id` of each of its deliveries.
    pub id: EventId,
    /// Its data plane.
    pub environment: EnvironmentId,
    /// Its kind; a later release may have written one that this one does not know.
    pub kind: String,
    /// Whom it is about, if it is one user.
    pub user: Option<UserId>,
    /// `{"type":…,"timestamp":…,"data":…}`, as it is delivered.
    pub body: Vec<u8>,
    /// When.
    pub created_at: Timestamp,
    /// Where it stands.
    pub place: EventPlace,
}

/// A part of the log.
#[derive(Debug, Clone)]
pub struct EventPage {
    /// What the filter wants, the oldest first.
    pub events: Vec<Event>,
    /// What the next page begins after: the last event that was looked at, wanted or not. `None` if there was none.
    pub next: Option<EventId>,
    /// Whether there is more already.
    pub has_more: bool,
}

/// Where a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterEvent {
    /// At the oldest event that is kept.
    Start,
    /// Behind this one.
    Event(EventId),
}

// In two halves: SQLite seeks by the first column of a pair alone, which is 0 in all of its rows, and would read the log
// from its beginning for each page.
pub(super) const BETWEEN: &str = "
    select id, environment_id, type, user_id, body, created_at, tx, seq from (
        select * from events
        where environment_id = :environment and tx = :tx and seq > :seq and (tx, seq) <= (:until_tx, :until_seq)
        order by seq limit :limit) same
    union all
    select id, environment_id, type, user_id, body, created_at, tx, seq from (
        select * from events where environment_id = :environment and tx > :tx and (tx, seq) <= (:until_tx, :until_seq)
        order by tx, seq limit :limit) later
    order by tx, seq limit :limit";
const NEWEST: &str = "
    select id, environment_id, type, user_id, body, created_at, tx, seq from events
    where environment_id = :environment and tx < :horizon
    order by tx desc, seq desc limit :limit";
const BY_ID: &str = "
    select id, environment_id, type, user_id, body, created_at, tx, seq from events
    where environment_id = :environment and id = :id";
const OLDER: &str = "select 1 from events where environment_id = :environment and id < :id limit 1";

impl Store {
    /// Writes an event for a test into a sandbox's log; false for production, where nothing is written.
    pub async fn trigger_event(
        &self,
        scope: &ServerScope,
        id: EventId,
        (kind, data): (EventType, Value),
        claim: Option<IdempotencyClaim>,
        now: Timestamp,
    ) -> Result<Once<bool>> {
        let scope = *scope;
        self.transact_once(scope.environment, claim, now, move |tx| {
            async move {
                if scope.kind != EnvironmentKind::Sandbox {
                    return Ok((false, None));
                }
                let event = Happened::to(id.0, kind, scope.environment, data, now).with_id(id);
                tx.emit(event).await?;
                let saved = SavedAnswer {
                    status: 201,
                    body: None,
                    resource: Some(id.0),
                };
                Ok((true, Some(saved)))
            }
            .boxed()
        })
        .await
    }

    /// Ends every wait for events: the server stops.
    pub fn stop_waiting(&self) {
        self.happened.send_replace(u64::MAX);
    }

    /// Moves whenever an event was written through this store, and to the highest number when nobody should wait any
    /// more. Events that other nodes write do not move it: whoever
    /// waits also looks now and then.
    #[must_use]
    pub fn happened(&self) -> watch::Receiver<u64> {
        self.happened.subscribe()
    }

    pub(super) fn note_events(&self) {
        self.happened.send_if_modified(|count| {
            let goes_on = *count < u64::MAX;
            *count += u64::from(goes_on);
            goes_on
        });
    }

    /// Every event of a transaction before this one is there to be read, and none will come.
    pub(super) async fn horizon(&self) -> Result<i64> {
        match &self.engine {
            Engine::Sqlite(_) => Ok(i64::MAX),
            Engine::Postgres(engine) => engine.horizon().await,
        }
    }

    /// The events after a place that a filter wants, at most `limit`, the oldest first. `None` if there is no such
    /// place: the id is of no event of this environment.
    pub async fn events(
        &self,
        scope: impl Into<UsersScope>,
        after: AfterEvent,
        filter: &EventFilter,
        limit: u32,
    ) -> Result<Option<EventPage>> {
        let environment = scope.into().environment;
        let (mut place, mut next) = match after {
            AfterEvent::Start => (EventPlace::default(), None),
            AfterEvent::Event(id) => match self.place_of(environment, id).await? {
                Some(place) => (place, Some(id)),
                None => return Ok(None),
            },
        };
        let (until, limit) = (EventPlace::before(self.horizon().await?), limit as usize);
        let mut page = EventPage {
            events: Vec::new(),
            next: None,
            has_more: false,
        };
        let mut left = MOST_READ;
        while left > 0 {
            let wanted = left.min(i64::try_from(limit).unwrap_or(MOST_READ) + 1);
            let params = params![
                environment: environment.0, tx: place.tx, seq: place.seq, until_tx: until.tx, until_seq: until.seq,
                limit: wanted,
            ];
            let found = self.all(BETWEEN, &params, read).await?;
            let whole = found.len() < usize::try_from(wanted).unwrap_or(usize::MAX);
            left -= wanted;
            page.has_more = !whole;
            for event in found {
                if page.events.len() == limit {
                    page.has_more = true;
                    page.next = next;
                    return Ok(Some(page));
                }
                (place, next) = (event.place, Some(event.id));
                if filter.wants(&event.kind) {
                    page.events.push(event);
                }
            }
            if whole {
                break;
            }
        }
        page.next = next;
        Ok(Some(page))
    }

    /// The newest events, the newest first.
    pub async fn newest_events(
        &self,
        scope: impl Into<UsersScope>,
        filter: &EventFilter,
        limit: u32,
    ) -> Result<Vec<Event>> {
        let horizon = self.horizon().await?;
        let params = params![environment: scope.into().environment.0, horizon: horizon, limit: MOST_READ];
        let found = self.all(NEWEST, &params, read).await?;
        let wanted = found.into_iter().filter(|event| filter.wants(&event.kind));
        Ok(wanted.take(limit as usize).collect())
    }

    /// One event of the environment.
    pub async fn event(&self, scope: impl Into<UsersScope>, id: EventId) -> Result<Option<Event>> {
        let params = params![environment: scope.into().environment.0, id: id.0];
        self.one(BY_ID, &params, read).await
    }

    /// The place of an event. What is older than anything that is kept stands before all of it.
    async fn place_of(&self, environment: EnvironmentId, id: EventId) -> Result<Option<EventPlace>> {
        let params = params![environment: environment.0, id: id.0];
        if let Some(event) = self.one(BY_ID, &params, read).await? {
            return Ok(Some(event.place));
        }
        let older = self.one(OLDER, &params, |_| Ok(())).await?;
        Ok(older.is_none().then(EventPlace::default))
    }
}

pub(super) fn read(row: &Row<'_>) -> Result<Event> {
    let place = EventPlace {
        tx: row.int(6)?,
        seq: row.int(7)?,
    };
    if place.seq < 1 {
        return Err(StoreError::unreadable("seq"));
    }
    Ok(Event {
        id: EventId(row.id(0)?),
        environment: EnvironmentId(row.id(1)?),
        kind: row.text(2)?,
        user: row.opt_id(3)?.map(UserId),
        body: row.bytes(4)?,
        created_at: row.time(5)?,
        place,
    })
}
