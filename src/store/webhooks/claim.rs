//! The next deliveries of a webhook: read on from its place in the log, and from that of its oldest replay.

use jiff::Timestamp;
use uuid::Uuid;

use super::told::{ClaimedEvents, EventClaim};
use crate::domain::{
    DeliveryId, EnvironmentId, EnvironmentKind, EventFilter, EventId, ReplayId, WebhookId, WebhookSecretId,
};
use crate::store::events::{BETWEEN, Event, EventPlace, read as read_event};
use crate::store::sql::{Row, params};
use crate::store::transaction::Tx;
use crate::store::{DueDelivery, Result, StoreError};

/// A delivery that is about to be stored, under a lease or due.
pub struct NewDelivery {
    pub id: DeliveryId,
    pub environment: EnvironmentId,
    pub event: EventId,
    pub kind: String,
    pub url: String,
    pub secret: WebhookSecretId,
    pub webhook: WebhookId,
    pub owner: Option<Uuid>,
    pub due_at: Timestamp,
    pub now: Timestamp,
}

/// Events that are looked at in one claim: a webhook that wants few of them goes through the log in such steps.
const LOOKED_AT: u32 = 256;
const CLAIMABLE: &str = "
    select webhook.environment_id, environment.kind, webhook.url, webhook.events, webhook.cursor_tx, webhook.cursor_seq,
        (select secret.id from webhook_secrets secret where secret.owner_id = webhook.id and secret.expires_at is null
            order by secret.created_at desc, secret.id desc limit 1)
    from webhooks webhook join environments environment on environment.id = webhook.environment_id
    where webhook.id = :id and webhook.state = 'active'";
const ADVANCE: &str = "update webhooks set cursor_tx = :tx, cursor_seq = :seq where id = :id";
const REPLAY: &str = "
    select id, only_missing, cursor_tx, cursor_seq, until_tx, until_seq from webhook_replays
    where webhook_id = :id order by id limit 1";
const TOLD: &str = "
    select 1 from deliveries
    where webhook_id = :webhook and webhook_id is not null and event_id = :event and state <> 'given_up' limit 1";
const ADVANCE_REPLAY: &str = "update webhook_replays set cursor_tx = :tx, cursor_seq = :seq where id = :id";
const END_REPLAY: &str = "delete from webhook_replays where id = :id";

/// Who claims, and until when.
pub(super) struct Claim {
    /// Every transaction before it has ended.
    pub horizon: i64,
    pub owner: Uuid,
    pub now: Timestamp,
    pub lease_until: Timestamp,
}

/// A webhook as a claim meets it.
struct Claimable {
    environment: EnvironmentId,
    kind: EnvironmentKind,
    url: String,
    filter: EventFilter,
    cursor: EventPlace,
    secret: WebhookSecretId,
}

impl Claim {
    /// The next deliveries of one webhook.
    pub async fn of(
        &self,
        tx: &Tx<'_>,
        want: EventClaim,
        ids: &mut impl Iterator<Item = DeliveryId>,
        new: &mut Vec<NewDelivery>,
    ) -> Result<ClaimedEvents> {
        let id = want.webhook;
        let mut claimed = ClaimedEvents {
            webhook: id,
            due: Vec::new(),
            more: false,
        };
        if !tx.try_lock(&[b"webhook", &id.bytes()]).await? {
            claimed.more = true;
            return Ok(claimed);
        }
        let Some(webhook) = tx.one(CLAIMABLE, &params![id: id.0], claimable).await? else {
            return Ok(claimed);
        };
        let looked_at = want.limit.max(LOOKED_AT);
        let until = EventPlace::before(self.horizon);
        let after = params![
            environment: webhook.environment.0, tx: webhook.cursor.tx, seq: webhook.cursor.seq, until_tx: until.tx,
            until_seq: until.seq, limit: i64::from(looked_at),
        ];
        let found = tx.all(BETWEEN, &after, read_event).await?;
        claimed.more = found.len() >= looked_at as usize;
        let mut last = None;
        for event in found {
            if claimed.due.len() >= want.limit as usize {
                claimed.more = true;
                break;
            }
            last = Some(event.place);
            if webhook.filter.wants(&event.kind) {
                claimed.due.push(self.deliver(id, &webhook, event, ids, new)?);
            }
        }
        if let Some(place) = last {
            tx.execute(ADVANCE, &params![tx: place.tx, seq: place.seq, id: id.0])
                .await?;
        }
        if claimed.due.len() < want.limit as usize {
            self.replay(tx, want, &webhook, &mut claimed, ids, new).await?;
        }
        Ok(claimed)
    }

    /// The next part of what is told again.
    async fn replay(
        &self,
        tx: &Tx<'_>,
        want: EventClaim,
        webhook: &Claimable,
        claimed: &mut ClaimedEvents,
        ids: &mut impl Iterator<Item = DeliveryId>,
        new: &mut Vec<NewDelivery>,
    ) -> Result<()> {
        let place = |row: &Row<'_>, at| {
            Ok::<_, StoreError>(EventPlace {
                tx: row.int(at)?,
                seq: row.int(at + 1)?,
            })
        };
        let of_webhook = params![id: want.webhook.0];
        let replay = tx.one(REPLAY, &of_webhook, |row| {
            Ok((ReplayId(row.id(0)?), row.boolean(1)?, place(row, 2)?, place(row, 4)?))
        });
        let Some((replay, only_missing, cursor, until)) = replay.await? else {
            return Ok(());
        };
        let looked_at = want.limit.max(LOOKED_AT);
        let between = params![
            environment: webhook.environment.0, tx: cursor.tx, seq: cursor.seq, until_tx: until.tx, until_seq: until.seq,
            limit: i64::from(looked_at),
        ];
        let found = tx.all(BETWEEN, &between, read_event).await?;
        let mut ended = found.len() < looked_at as usize;
        let mut last = cursor;
        for event in found {
            if claimed.due.len() >= want.limit as usize {
                ended = false;
                break;
            }
            last = event.place;
            if !webhook.filter.wants(&event.kind) {
                continue;
            }
            let told = params![webhook: want.webhook.0, event: event.id.0];
            if only_missing && tx.one(TOLD, &told, |_| Ok(())).await?.is_some() {
                continue;
            }
            claimed.due.push(self.deliver(want.webhook, webhook, event, ids, new)?);
        }
        // Another replay may wait behind this one.
        claimed.more = true;
        if ended {
            tx.execute(END_REPLAY, &params![id: replay.0]).await?;
        } else {
            let row = params![tx: last.tx, seq: last.seq, id: replay.0];
            tx.execute(ADVANCE_REPLAY, &row).await?;
        }
        Ok(())
    }

    /// A delivery of an event.
    fn deliver(
        &self,
        id: WebhookId,
        webhook: &Claimable,
        event: Event,
        ids: &mut impl Iterator<Item = DeliveryId>,
        new: &mut Vec<NewDelivery>,
    ) -> Result<DueDelivery> {
        let created_at = event.created_at;
        let fewer = || StoreError::Fault("there are fewer ids than deliveries".to_owned());
        let delivery = ids.next().ok_or_else(fewer)?;
        new.push(NewDelivery {
            id: delivery,
            environment: webhook.environment,
            event: event.id,
            kind: event.kind,
            url: webhook.url.clone(),
            secret: webhook.secret,
            webhook: id,
            owner: Some(self.owner),
            due_at: self.lease_until,
            now: self.now,
        });
        Ok(DueDelivery {
            id: delivery,
            environment: webhook.environment,
            kind: webhook.kind,
            event: event.id,
            url: webhook.url.clone(),
            header_set: "standard".to_owned(),
            secret: webhook.secret,
            sealed_secret: Vec::new(),
            sealed_body: None,
            body: Some(event.body),
            webhook: Some(id),
            attempts: 0,
            created_at,
        })
    }
}

fn claimable(row: &Row<'_>) -> Result<Claimable> {
    Ok(Claimable {
        environment: EnvironmentId(row.id(0)?),
        kind: row.word(1, EnvironmentKind::parse)?,
        url: row.text(2)?,
        filter: EventFilter::stored(&row.text(3)?),
        cursor: EventPlace {
            tx: row.int(4)?,
            seq: row.int(5)?,
        },
        secret: WebhookSecretId(row.opt_id(6)?.unwrap_or_default()),
    })
}
