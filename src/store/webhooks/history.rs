//! What was sent to a webhook, attempt by attempt.

use jiff::Timestamp;
use uuid::Uuid;

use crate::domain::{DeliveryId, EventId, WebhookId};
use crate::store::events::Event;
use crate::store::scope::UsersScope;
use crate::store::sql::{Row, params};
use crate::store::{Result, Store};

/// One attempt series of one event to one webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// What it tells about.
    pub event: EventId,
    /// The event's kind.
    pub kind: String,
    /// Where it went first.
    pub url: String,
    /// `pending`, `delivered` or `given_up`.
    pub state: String,
    /// Attempts so far.
    pub attempts: u32,
    /// What the receiver answered last, if it did.
    pub last_status: Option<u16>,
    /// Why the last attempt failed, in a few words.
    pub last_error: Option<String>,
    /// When the next attempt is due, if one is.
    pub next_at: Option<Timestamp>,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

/// A page of deliveries, the newest first.
#[derive(Debug, Clone)]
pub struct DeliveryPage {
    /// The deliveries.
    pub deliveries: Vec<Delivery>,
    /// Where the next page begins, if there is more.
    pub next: Option<DeliveryId>,
}

/// One attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The first is 1.
    pub number: u32,
    /// When it began.
    pub at: Timestamp,
    /// How long it took, in microseconds.
    pub duration_us: i64,
    /// What the receiver answered, if it did.
    pub status: Option<u16>,
    /// Why it failed, in a few words.
    pub error: Option<String>,
    /// The beginning of the answer's body.
    pub answer: Vec<u8>,
    /// When the next one follows, if one does.
    pub next_at: Option<Timestamp>,
}

/// Rows that one page looks through, at most, for those of a state.
const MOST_READ: i64 = 1_000;

const PAGE: &str = "
    select delivery.id, delivery.event_id, delivery.event_type, delivery.url, delivery.state, delivery.attempts,
        delivery.last_status, delivery.last_error, job.due_at, delivery.created_at, delivery.finished_at
    from deliveries delivery left join jobs job on job.id = delivery.id
    where delivery.webhook_id = :webhook and delivery.webhook_id is not null and delivery.environment_id = :environment
        and delivery.id < :before
    order by delivery.id desc limit :limit";
const ONE: &str = "
    select delivery.id, delivery.event_id, delivery.event_type, delivery.url, delivery.state, delivery.attempts,
        delivery.last_status, delivery.last_error, job.due_at, delivery.created_at, delivery.finished_at
    from deliveries delivery left join jobs job on job.id = delivery.id
    where delivery.id = :id and delivery.environment_id = :environment and delivery.webhook_id = :webhook";
const OF_EVENT: &str = "
    select delivery.id, delivery.event_id, delivery.event_type, delivery.url, delivery.state, delivery.attempts,
        delivery.last_status, delivery.last_error, job.due_at, delivery.created_at, delivery.finished_at, delivery.webhook_id
    from deliveries delivery left join jobs job on job.id = delivery.id
    where delivery.id in (
        select told.id from webhooks webhook
        join deliveries told on told.webhook_id = webhook.id and told.webhook_id is not null and told.event_id = :event
        where webhook.environment_id = :environment
        union all
        select told.id from user_keys handed
        join deliveries told on told.user_key_id = handed.id and told.user_key_id is not null and told.event_id = :event
        where handed.environment_id = :environment and handed.user_id = coalesce(
            (select alias.user_id from user_aliases alias where alias.id = :user and alias.environment_id = :environment), :user))
    order by delivery.id";
const ATTEMPTS: &str = "
    select number, at, duration_us, status, error, answer, next_at from delivery_attempts
    where delivery_id = :delivery order by number";

impl Store {
    /// The deliveries to a webhook made before `before`, the newest first; of one state, if one is named.
    pub async fn deliveries(
        &self,
        scope: impl Into<UsersScope>,
        webhook: WebhookId,
        state: Option<&str>,
        before: Option<DeliveryId>,
        limit: u32,
    ) -> Result<DeliveryPage> {
        let environment = scope.into().environment;
        let looked_at = if state.is_some() {
            MOST_READ
        } else {
            i64::from(limit) + 1
        };
        let params = params![
            webhook: webhook.0, environment: environment.0, before: before.map_or(Uuid::max(), |id| id.0), limit: looked_at,
        ];
        let found = self.all(PAGE, &params, delivery).await?;
        let whole = i64::try_from(found.len()).unwrap_or(i64::MAX) < looked_at;
        let (mut page, mut last) = (Vec::new(), None);
        for delivery in found {
            if page.len() == limit as usize {
                return Ok(DeliveryPage {
                    deliveries: page,
                    next: last,
                });
            }
            last = Some(delivery.id);
            if state.is_none_or(|state| delivery.state == state) {
                page.push(delivery);
            }
        }
        Ok(DeliveryPage {
            deliveries: page,
            next: last.filter(|_| !whole),
        })
    }

    /// One delivery to a webhook with its attempts.
    pub async fn delivery(
        &self,
        scope: impl Into<UsersScope>,
        webhook: WebhookId,
        id: DeliveryId,
    ) -> Result<Option<(Delivery, Vec<Attempt>)>> {
        let environment = scope.into().environment;
        let params = params![id: id.0, environment: environment.0, webhook: webhook.0];
        let Some(delivery) = self.one(ONE, &params, delivery).await? else {
            return Ok(None);
        };
        let attempts = self.all(ATTEMPTS, &params![delivery: id.0], attempt).await?;
        Ok(Some((delivery, attempts)))
    }

    /// The deliveries of an event to the webhooks that the environment still has; and to the partner that was handed a key
    /// of the user, under no webhook.
    pub async fn deliveries_of_event(
        &self,
        scope: impl Into<UsersScope>,
        event: &Event,
    ) -> Result<Vec<(Option<WebhookId>, Delivery)>> {
        let params = params![
            environment: scope.into().environment.0, event: event.id.0, user: event.user.map(|user| user.0),
        ];
        self.all(OF_EVENT, &params, |row| {
            Ok((row.opt_id(11)?.map(WebhookId), delivery(row)?))
        })
        .await
    }
}

fn delivery(row: &Row<'_>) -> Result<Delivery> {
    let state = row.text(4)?;
    Ok(Delivery {
        id: DeliveryId(row.id(0)?),
        event: EventId(row.id(1)?),
        kind: row.text(2)?,
        url: row.text(3)?,
        attempts: u32::try_from(row.int(5)?).unwrap_or(u32::MAX),
        last_status: status(row, 6)?,
        last_error: row.opt_text(7)?,
        next_at: row.opt_time(8)?.filter(|_| state == "pending"),
        state,
        created_at: row.time(9)?,
        finished_at: row.opt_time(10)?,
    })
}

fn attempt(row: &Row<'_>) -> Result<Attempt> {
    Ok(Attempt {
        number: u32::try_from(row.int(0)?).unwrap_or(u32::MAX),
        at: row.time(1)?,
        duration_us: row.int(2)?,
        status: status(row, 3)?,
        error: row.opt_text(4)?,
        answer: row.opt_bytes(5)?.unwrap_or_default(),
        next_at: row.opt_time(6)?,
    })
}

fn status(row: &Row<'_>, at: usize) -> Result<Option<u16>> {
    Ok(row.opt_int(at)?.and_then(|status| u16::try_from(status).ok()))
}
