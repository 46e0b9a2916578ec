//! A webhook is told again, or for a test.

use futures_util::FutureExt as _;
use jiff::Timestamp;

use super::claim::NewDelivery;
use super::end_of_log;
use crate::domain::{DeliveryId, EnvironmentId, EventId, ReplayId, WebhookId, WebhookSecretId};
use crate::store::events::EventPlace;
use crate::store::idempotency::{IdempotencyClaim, Once, SavedAnswer};
use crate::store::requests::first_id_at;
use crate::store::scope::UsersScope;
use crate::store::sql::params;
use crate::store::transaction::Tx;
use crate::store::{Result, Store};

/// What a webhook is told again.
#[derive(Debug, Clone, Copy)]
pub enum ReplayFrom {
    /// One event, under this id of its delivery, whether the webhook usually wants it or not.
    Event(EventId, DeliveryId),
    /// What happened between two times, whether it arrived before or not; to now without the second.
    Range(Timestamp, Option<Timestamp>),
    /// What happened since then and never arrived: it was given up, or the webhook was disabled.
    MissingSince(Timestamp),
}

/// A wish to be told again.
#[derive(Debug, Clone, Copy)]
pub struct NewReplay {
    /// Its id.
    pub id: ReplayId,
    /// What is told again.
    pub from: ReplayFrom,
}

/// A delivery for a test: its event stands in no log.
#[derive(Debug, Clone)]
pub struct NewTestDelivery {
    /// The delivery, and the job that sends it.
    pub delivery: DeliveryId,
    /// The event's id.
    pub event: EventId,
    /// Its kind.
    pub kind: String,
    /// Its body.
    pub body: Vec<u8>,
}

const ADDRESS: &str = "
    select webhook.url, (select secret.id from webhook_secrets secret where secret.owner_id = webhook.id
            and secret.expires_at is null order by secret.created_at desc, secret.id desc limit 1)
    from webhooks webhook where webhook.id = :id and webhook.environment_id = :environment";
const EVENT_TYPE: &str = "select type from events where environment_id = :environment and id = :id";
// Ids are time-ordered: the first one of a time stands where its events begin.
const FIRST_SINCE: &str = "
    select tx, seq from events where environment_id = :environment and id >= :from order by id limit 1";
const FIRST_BEFORE: &str = "
    select tx, seq from events where environment_id = :environment and id < :from order by id desc limit 1";
const ADD: &str = "
    insert into webhook_replays (id, environment_id, webhook_id, only_missing, cursor_tx, cursor_seq, until_tx, until_seq, created_at)
    values (:id, :environment, :webhook, :only_missing, :tx, :seq, :until_tx, :until_seq, :now)";
const SET_BODY: &str = "update deliveries set body = :body where id = :id";

impl Store {
    /// Tells a webhook again; false if there is no such webhook or event.
    pub async fn replay(
        &self,
        scope: impl Into<UsersScope>,
        webhook: WebhookId,
        new: NewReplay,
        claim: Option<IdempotencyClaim>,
        now: Timestamp,
    ) -> Result<Once<bool>> {
        let environment = scope.into().environment;
        self.transact_once(environment, claim, now, move |tx| {
            async move {
                let replayed = replay(tx, environment, webhook, new, now).await?;
                tx.note_event();
                let saved = replayed.then_some(SavedAnswer {
                    status: 202,
                    body: None,
                    resource: Some(new.id.0),
                });
                Ok((replayed, saved))
            }
            .boxed()
        })
        .await
    }

    /// Sends a webhook an event for a test; false if there is no such webhook.
    pub async fn send_test(
        &self,
        scope: impl Into<UsersScope>,
        webhook: WebhookId,
        new: NewTestDelivery,
        claim: Option<IdempotencyClaim>,
        now: Timestamp,
    ) -> Result<Once<bool>> {
        let environment = scope.into().environment;
        self.transact_once(environment, claim, now, move |tx| {
            async move {
                let delivery = new.delivery;
                if !deliver(tx, environment, webhook, delivery, new.event, new.kind, now).await? {
                    return Ok((false, None));
                }
                tx.execute(SET_BODY, &params![body: new.body, id: delivery.0]).await?;
                let saved = SavedAnswer {
                    status: 202,
                    body: None,
                    resource: Some(delivery.0),
                };
                Ok((true, Some(saved)))
            }
            .boxed()
        })
        .await
    }
}

async fn replay(
    tx: &Tx<'_>,
    environment: EnvironmentId,
    webhook: WebhookId,
    new: NewReplay,
    now: Timestamp,
) -> Result<bool> {
    let (from, until, only_missing) = match new.from {
        ReplayFrom::Event(event, delivery) => {
            let by_id = params![environment: environment.0, id: event.0];
            let Some(kind) = tx.one(EVENT_TYPE, &by_id, |row| row.text(0)).await? else {
                return Ok(false);
            };
            return deliver(tx, environment, webhook, delivery, event, kind, now).await;
        }
        ReplayFrom::Range(from, until) => (from, until, false),
        ReplayFrom::MissingSince(from) => (from, None, true),
    };
    if address(tx, environment, webhook).await?.is_none() {
        return Ok(false);
    }
    let end = end_of_log(tx).await?;
    let place = |sql, time| async move {
        let found = params![environment: environment.0, from: first_id_at(time)];
        tx.one(sql, &found, |row| {
            Ok(EventPlace {
                tx: row.int(0)?,
                seq: row.int(1)?,
            })
        })
        .await
    };
    // A place is behind its event, and this one is to be told as well.
    let start = place(FIRST_SINCE, from).await?.unwrap_or(end);
    let until = match until {
        Some(until) => place(FIRST_BEFORE, until).await?.unwrap_or_default().min(end),
        None => end,
    };
    let row = params![
        id: new.id.0, environment: environment.0, webhook: webhook.0, only_missing: only_missing, tx: start.tx,
        seq: start.seq - 1, until_tx: until.tx, until_seq: until.seq, now: now,
    ];
    tx.execute(ADD, &row).await?;
    Ok(true)
}

async fn address(
    tx: &Tx<'_>,
    environment: EnvironmentId,
    webhook: WebhookId,
) -> Result<Option<(String, WebhookSecretId)>> {
    let by_id = params![id: webhook.0, environment: environment.0];
    tx.one(ADDRESS, &by_id, |row| {
        Ok((row.text(0)?, WebhookSecretId(row.opt_id(1)?.unwrap_or_default())))
    })
    .await
}

/// Adds a delivery that is due now; false if there is no such webhook.
async fn deliver(
    tx: &Tx<'_>,
    environment: EnvironmentId,
    webhook: WebhookId,
    delivery: DeliveryId,
    event: EventId,
    kind: String,
    now: Timestamp,
) -> Result<bool> {
    let Some((url, secret)) = address(tx, environment, webhook).await? else {
        return Ok(false);
    };
    let new = NewDelivery {
        id: delivery,
        environment,
        event,
        kind,
        url,
        secret,
        webhook,
        owner: None,
        due_at: now,
        now,
    };
    tx.add_deliveries(&[new]).await?;
    Ok(true)
}
