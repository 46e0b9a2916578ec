//! Webhooks: addresses of the organization that are told of events.
//!
//! A webhook keeps the place in the log that it was told up to; the deliveries of what follows are made when a worker
//! claims them. So writing an event costs the same whoever listens, and a backlog is nothing but a distance.

mod change;
mod claim;
mod history;
mod replay;
mod secrets;
mod told;

use futures_util::FutureExt as _;
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

pub use self::change::UpdateWebhook;
pub(super) use self::claim::NewDelivery;
pub use self::history::{Attempt, Delivery, DeliveryPage};
pub use self::replay::{NewReplay, NewTestDelivery, ReplayFrom};
use self::secrets::add_secret;
pub use self::told::{ClaimedEvents, DisabledWhy, EventClaim, LogHead, WebhookBehind, WebhookTarget};
use super::audit::{Entry, audit};
use super::events::EventPlace;
use super::idempotency::{IdempotencyClaim, Once, SavedAnswer};
use super::partners::NewWebhookSecret;
use super::scope::{AdminScope, ServerScope, UsersScope};
use super::sql::{Row, params};
use super::transaction::Tx;
use super::{Result, Store, StoreError};
use crate::domain::{EnvironmentId, EventFilter, Metadata, WebhookId};

/// The most webhooks that an environment may have.
const MOST: i64 = 1_000;

/// Headers that are sent along with each delivery.
#[derive(Debug, Clone, Default)]
pub struct NewHeaders {
    /// Their names, which may be shown.
    pub names: Vec<String>,
    /// Names and values as JSON, sealed; `None` without any.
    pub sealed: Option<Vec<u8>>,
}

/// A webhook that is about to be stored.
#[derive(Debug, Clone)]
pub struct NewWebhook {
    /// Its id.
    pub id: WebhookId,
    /// Where to.
    pub url: String,
    /// For people.
    pub description: Option<String>,
    /// Which events.
    pub events: EventFilter,
    /// The version of the events' shapes.
    pub version: String,
    /// What the back end keeps beside it.
    pub metadata: Metadata,
    /// Headers to send along.
    pub headers: NewHeaders,
    /// Deliveries a second, at most.
    pub per_second: Option<u32>,
    /// Whether it is told of anything.
    pub enabled: bool,
    /// What signs its deliveries.
    pub secret: NewWebhookSecret,
}

/// A webhook; never its secret.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Where to.
    pub url: String,
    /// For people.
    pub description: Option<String>,
    /// Which events.
    pub events: EventFilter,
    /// The version of the events' shapes.
    pub version: String,
    /// What the back end keeps beside it.
    pub metadata: Metadata,
    /// The names of the headers that are sent along.
    pub header_names: Vec<String>,
    /// Deliveries a second, at most.
    pub per_second: Option<u32>,
    /// Why it is told of nothing, and since when; `None` while it is active.
    pub disabled: Option<(DisabledWhy, Timestamp)>,
    /// Since when every attempt fails.
    pub failing_since: Option<Timestamp>,
    /// Deliveries that arrived.
    pub delivered: u64,
    /// Attempts that failed.
    pub failed: u64,
    /// When something last arrived.
    pub last_delivery_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// What became of a new webhook.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "the large one is the usual one")]
pub enum CreateWebhookOutcome {
    /// It is there.
    Created(Webhook),
    /// The environment has this many, and may have no more.
    TooMany(u32),
}

const COLUMNS: &str = "
    select id, url, description, events, version, metadata, header_names, per_second, disabled_why, disabled_at, failing_since,
        delivered, failed, last_delivery_at, created_at, updated_at
    from webhooks where environment_id = :environment and id = :id";
const PAGE: &str = "
    select id, url, description, events, version, metadata, header_names, per_second, disabled_why, disabled_at, failing_since,
        delivered, failed, last_delivery_at, created_at, updated_at
    from webhooks where environment_id = :environment and id < :before order by id desc limit :limit";
const COUNT: &str = "select count(*) from webhooks where environment_id = :environment";
const ADD: &str = "
    insert into webhooks (id, environment_id, url, description, events, version, metadata, header_names, sealed_headers,
        per_second, state, disabled_why, disabled_at, delivered, failed, cursor_tx, cursor_seq, created_at, updated_at)
    values (:id, :environment, :url, :description, :events, :version, :metadata, :header_names, :sealed_headers, :per_second,
        :state, :disabled_why, :disabled_at, 0, 0, :tx, :seq, :now, :now)";
const DELETE: &str = "delete from webhooks where environment_id = :environment and id = :id";
const DELETE_SECRETS: &str = "delete from webhook_secrets where owner_id = :id";
const DELETE_REPLAYS: &str = "delete from webhook_replays where webhook_id = :id";
const LAST_SEQ: &str = "select coalesce(max(seq), 0) from events";

impl Store {
    /// Stores a webhook. It is told of what happens from now on.
    pub async fn create_webhook(
        &self,
        scope: &ServerScope,
        admin: &AdminScope,
        new: NewWebhook,
        claim: Option<IdempotencyClaim>,
        now: Timestamp,
    ) -> Result<Once<CreateWebhookOutcome>> {
        let (environment, admin) = (scope.environment, admin.clone());
        self.transact_once(environment, claim, now, move |tx| {
            async move {
                // Those who count take turns, and so the limit holds.
                tx.lock(&[b"webhooks", &environment.bytes()]).await?;
                let count = tx
                    .one(COUNT, &params![environment: environment.0], |row| row.int(0))
                    .await?;
                if count.unwrap_or_default() >= MOST {
                    return Ok((
                        CreateWebhookOutcome::TooMany(MOST.unsigned_abs().try_into().unwrap_or(u32::MAX)),
                        None,
                    ));
                }
                add(tx, environment, &new, now).await?;
                let entry = Entry::of("webhook.created", environment, new.id).without_revision();
                let entry = entry.saying(json!({ "url": new.url, "events": new.events.words() }));
                audit(tx, &admin, entry, now).await?;
                let made = find(tx, environment, new.id).await?.ok_or_else(gone)?;
                let saved = SavedAnswer {
                    status: 201,
                    body: None,
                    resource: Some(new.id.0),
                };
                Ok((CreateWebhookOutcome::Created(made), Some(saved)))
            }
            .boxed()
        })
        .await
    }

    /// The environment's webhooks, the newest first; those made before `before`.
    pub async fn webhooks(
        &self,
        scope: impl Into<UsersScope>,
        before: Option<WebhookId>,
        limit: u32,
    ) -> Result<Vec<Webhook>> {
        let before = before.map_or(Uuid::max(), |id| id.0);
        let params = params![environment: scope.into().environment.0, before: before, limit: i64::from(limit)];
        self.all(PAGE, &params, read).await
    }

    /// One webhook of the environment.
    pub async fn webhook(&self, scope: impl Into<UsersScope>, id: WebhookId) -> Result<Option<Webhook>> {
        let params = params![environment: scope.into().environment.0, id: id.0];
        self.one(COLUMNS, &params, read).await
    }

    /// Deletes a webhook with its secrets; false if there is no such one. What was on its way to it is not sent.
    pub async fn delete_webhook(
        &self,
        scope: impl Into<UsersScope>,
        admin: &AdminScope,
        id: WebhookId,
        now: Timestamp,
    ) -> Result<bool> {
        let (environment, admin) = (scope.into().environment, admin.clone());
        self.transact(move |tx| {
            async move {
                tx.lock(&[b"webhook", &id.bytes()]).await?;
                if tx
                    .execute(DELETE, &params![environment: environment.0, id: id.0])
                    .await?
                    == 0
                {
                    return Ok(false);
                }
                tx.execute(DELETE_SECRETS, &params![id: id.0]).await?;
                tx.execute(DELETE_REPLAYS, &params![id: id.0]).await?;
                let entry = Entry::of("webhook.deleted", environment, id).without_revision();
                audit(tx, &admin, entry, now).await?;
                Ok(true)
            }
            .boxed()
        })
        .await
    }
}

fn gone() -> StoreError {
    StoreError::Fault("a webhook that was just written is not there".to_owned())
}

async fn find(tx: &Tx<'_>, environment: EnvironmentId, id: WebhookId) -> Result<Option<Webhook>> {
    tx.one(COLUMNS, &params![environment: environment.0, id: id.0], read)
        .await
}

/// The end of the log: what comes later stands behind it, also if its transaction has begun.
async fn end_of_log(tx: &Tx<'_>) -> Result<EventPlace> {
    let seq = tx.one(LAST_SEQ, &[], |row| row.int(0)).await?.unwrap_or_default();
    let tx = match tx.horizon().await? {
        i64::MAX => 0,
        horizon => horizon - 1,
    };
    Ok(EventPlace { tx, seq })
}

async fn add(tx: &Tx<'_>, environment: EnvironmentId, new: &NewWebhook, now: Timestamp) -> Result<()> {
    let place = end_of_log(tx).await?;
    let (state, why) = if new.enabled {
        ("active", None)
    } else {
        ("disabled", Some(DisabledWhy::ByYou.as_str()))
    };
    let row = params![
        id: new.id.0, environment: environment.0, url: new.url.as_str(), description: new.description.as_deref(),
        events: new.events.text(), version: new.version.as_str(), metadata: new.metadata.text(),
        header_names: new.headers.names.join(" "), sealed_headers: new.headers.sealed.clone(),
        per_second: new.per_second.map(i64::from), state: state, disabled_why: why,
        disabled_at: why.map(|_| now), tx: place.tx, seq: place.seq, now: now,
    ];
    tx.execute(ADD, &row).await?;
    add_secret(tx, environment, new.id, &new.secret, now).await
}

fn read(row: &Row<'_>) -> Result<Webhook> {
    let why = row.opt_text(8)?.and_then(|word| DisabledWhy::parse(&word));
    let count = |at| Ok::<_, StoreError>(row.int(at)?.unsigned_abs());
    Ok(Webhook {
        id: WebhookId(row.id(0)?),
        url: row.text(1)?,
        description: row.opt_text(2)?,
        events: EventFilter::stored(&row.text(3)?),
        version: row.text(4)?,
        metadata: Metadata::stored(&row.text(5)?).ok_or_else(|| StoreError::unreadable("metadata"))?,
        header_names: row.text(6)?.split_whitespace().map(str::to_owned).collect(),
        per_second: row.opt_int(7)?.and_then(|rate| u32::try_from(rate).ok()),
        disabled: why.zip(row.opt_time(9)?),
        failing_since: row.opt_time(10)?,
        delivered: count(11)?,
        failed: count(12)?,
        last_delivery_at: row.opt_time(13)?,
        created_at: row.time(14)?,
        updated_at: row.time(15)?,
    })
}
