//! What the worker asks for: which webhooks are behind, and their next deliveries.

use futures_util::FutureExt as _;
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use crate::domain::{
    DeliveryId, EnvironmentId, EnvironmentKind, EventFilter, EventId, EventType, ReplayId, WebhookId, WebhookSecretId,
};
use crate::store::events::{Event, EventPlace, Happened, read as read_event};
use crate::store::partners::SealedWebhookSecret;
use crate::store::scope::SystemScope;
use crate::store::sql::{Row, params};
use crate::store::transaction::Tx;
use crate::store::{DueDelivery, Result, Store, StoreError};

/// Why a webhook is told of nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisabledWhy {
    /// Its owner said so.
    ByYou,
    /// Its receiver answered 410 Gone.
    Gone,
    /// Every attempt failed for days.
    Failing,
}

impl DisabledWhy {
    /// The word stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ByYou => "by_you",
            Self::Gone => "gone",
            Self::Failing => "failing",
        }
    }

    /// Reads a stored word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::ByYou, Self::Gone, Self::Failing]
            .into_iter()
            .find(|why| why.as_str() == word)
    }
}

/// The end of an environment's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogHead {
    /// The data plane.
    pub environment: EnvironmentId,
    /// Its last event that may be read.
    pub place: EventPlace,
    /// Whether there are more that may not be read yet: a transaction before them is still open.
    pub unsettled: bool,
}

/// A webhook that was not told of everything.
#[derive(Debug, Clone)]
pub struct WebhookBehind {
    /// The webhook.
    pub webhook: WebhookId,
    /// Its data plane.
    pub environment: EnvironmentId,
    /// Deliveries a second, at most.
    pub per_second: Option<u32>,
    /// When somebody last changed it.
    pub updated_at: Timestamp,
}

/// What a worker wants of one webhook.
#[derive(Debug, Clone, Copy)]
pub struct EventClaim {
    /// The webhook.
    pub webhook: WebhookId,
    /// Deliveries, at most.
    pub limit: u32,
}

/// What a worker got.
#[derive(Debug, Clone)]
pub struct ClaimedEvents {
    /// The webhook.
    pub webhook: WebhookId,
    /// Its deliveries, leased.
    pub due: Vec<DueDelivery>,
    /// Whether there may be more.
    pub more: bool,
}

/// What it takes to send to a webhook.
#[derive(Debug, Clone)]
pub struct WebhookTarget {
    /// The webhook.
    pub id: WebhookId,
    /// Its data plane.
    pub environment: EnvironmentId,
    /// Where to.
    pub url: String,
    /// Whether it is told of anything.
    pub active: bool,
    /// Names and values of headers to send along, sealed.
    pub sealed_headers: Option<Vec<u8>>,
    /// Since when every attempt fails.
    pub failing_since: Option<Timestamp>,
    /// What signs, the newest first: during a rotation there are several.
    pub secrets: Vec<SealedWebhookSecret>,
}

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

const HEADS: &str = "
    select environment.id,
        (select event.tx from events event where event.environment_id = environment.id and event.tx < :horizon
            order by event.tx desc, event.seq desc limit 1),
        (select event.seq from events event where event.environment_id = environment.id and event.tx < :horizon
            order by event.tx desc, event.seq desc limit 1),
        exists (select 1 from events event where event.environment_id = environment.id and event.tx >= :horizon)
    from environments environment
    where exists (select 1 from webhooks webhook where webhook.environment_id = environment.id and webhook.state = 'active')";
const BEHIND: &str = "
    select id, environment_id, per_second, updated_at from webhooks
    where environment_id = :environment and state = 'active' and (cursor_tx, cursor_seq) < (:tx, :seq)";
const REPLAYING: &str = "
    select webhook.id, webhook.environment_id, webhook.per_second, webhook.updated_at from webhooks webhook
    where webhook.state = 'active' and webhook.id in (select replay.webhook_id from webhook_replays replay)";
const CLAIMABLE: &str = "
    select webhook.environment_id, environment.kind, webhook.url, webhook.events, webhook.cursor_tx, webhook.cursor_seq,
        (select secret.id from webhook_secrets secret where secret.owner_id = webhook.id and secret.expires_at is null
            order by secret.created_at desc, secret.id desc limit 1)
    from webhooks webhook join environments environment on environment.id = webhook.environment_id
    where webhook.id = :id and webhook.state = 'active'";
const AFTER: &str = "
    select id, environment_id, type, user_id, body, created_at, tx, seq from events
    where environment_id = :environment and (tx, seq) > (:tx, :seq) and tx < :horizon
    order by tx, seq limit :limit";
const ADVANCE: &str = "update webhooks set cursor_tx = :tx, cursor_seq = :seq where id = :id";
const REPLAY: &str = "
    select id, only_missing, cursor_tx, cursor_seq, until_tx, until_seq from webhook_replays
    where webhook_id = :id order by id limit 1";
const BETWEEN: &str = "
    select id, environment_id, type, user_id, body, created_at, tx, seq from events
    where environment_id = :environment and (tx, seq) > (:tx, :seq) and (tx, seq) <= (:until_tx, :until_seq)
    order by tx, seq limit :limit";
const TOLD: &str = "
    select 1 from deliveries
    where webhook_id = :webhook and webhook_id is not null and event_id = :event and state <> 'given_up' limit 1";
const ADVANCE_REPLAY: &str = "update webhook_replays set cursor_tx = :tx, cursor_seq = :seq where id = :id";
const END_REPLAY: &str = "delete from webhook_replays where id = :id";
const TARGET: &str = "
    select webhook.environment_id, webhook.url, webhook.state, webhook.sealed_headers, webhook.failing_since, secret.id,
        secret.sealed
    from webhooks webhook join webhook_secrets secret on secret.owner_id = webhook.id
        and (secret.expires_at is null or secret.expires_at > :now)
    where webhook.id = :id order by secret.created_at desc, secret.id desc";
const DISABLE: &str = "
    update webhooks set state = 'disabled', disabled_why = :why, disabled_at = :now, updated_at = :now
    where id = :id and state = 'active'
    returning environment_id, url, failing_since";

impl Store {
    /// The ends of the logs of all environments that have an active webhook.
    pub async fn log_heads(&self, _: SystemScope) -> Result<Vec<LogHead>> {
        let horizon = self.horizon().await?;
        self.all(HEADS, &params![horizon: horizon], |row| {
            Ok(LogHead {
                environment: EnvironmentId(row.id(0)?),
                place: EventPlace {
                    tx: row.opt_int(1)?.unwrap_or_default(),
                    seq: row.opt_int(2)?.unwrap_or_default(),
                },
                unsettled: row.boolean(3)?,
            })
        })
        .await
    }

    /// The active webhooks of a log that were not told of everything up to its end.
    pub async fn webhooks_behind(&self, _: SystemScope, head: LogHead) -> Result<Vec<WebhookBehind>> {
        let params = params![environment: head.environment.0, tx: head.place.tx, seq: head.place.seq];
        self.all(BEHIND, &params, behind).await
    }

    /// The active webhooks that are told a part of their log again.
    pub async fn webhooks_replaying(&self, _: SystemScope) -> Result<Vec<WebhookBehind>> {
        self.all(REPLAYING, &[], behind).await
    }

    /// Makes the next deliveries of some webhooks, leased to `owner` until `lease_until`, and moves the webhooks on.
    /// `ids` are those of the deliveries, as many as are wanted in all. A webhook that another node is just claiming for
    /// answers nothing, and that there may be more.
    pub async fn claim_events(
        &self,
        _: SystemScope,
        owner: Uuid,
        mut wants: Vec<EventClaim>,
        ids: Vec<DeliveryId>,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Vec<ClaimedEvents>> {
        // In one order, so that two nodes never wait for each other.
        wants.sort_by_key(|want| want.webhook);
        self.transact(move |tx| {
            async move {
                let claim = Claim {
                    horizon: tx.horizon().await?,
                    owner,
                    now,
                    lease_until,
                };
                let (mut ids, mut new, mut claimed) = (ids.into_iter(), Vec::new(), Vec::new());
                for want in wants {
                    claimed.push(claim.of(tx, want, &mut ids, &mut new).await?);
                }
                tx.add_deliveries(&new).await?;
                Ok(claimed)
            }
            .boxed()
        })
        .await
    }

    /// What it takes to send to a webhook; `None` if it was deleted.
    pub async fn webhook_target(&self, _: SystemScope, id: WebhookId, now: Timestamp) -> Result<Option<WebhookTarget>> {
        let rows = self
            .all(TARGET, &params![id: id.0, now: now], |row| {
                let secret = SealedWebhookSecret {
                    id: WebhookSecretId(row.id(5)?),
                    sealed: row.bytes(6)?,
                };
                let target = WebhookTarget {
                    id,
                    environment: EnvironmentId(row.id(0)?),
                    url: row.text(1)?,
                    active: row.text(2)? == "active",
                    sealed_headers: row.opt_bytes(3)?,
                    failing_since: row.opt_time(4)?,
                    secrets: Vec::new(),
                };
                Ok((target, secret))
            })
            .await?;
        let (targets, secrets): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        Ok(targets
            .into_iter()
            .next()
            .map(|target| WebhookTarget { secrets, ..target }))
    }

    /// Switches a webhook off whose receiver does not want it or cannot take it, and says so in an event; false if it
    /// was off already.
    pub async fn disable_webhook(
        &self,
        _: SystemScope,
        id: WebhookId,
        why: DisabledWhy,
        now: Timestamp,
    ) -> Result<bool> {
        self.transact(move |tx| {
            async move {
                let row = params![why: why.as_str(), now: now, id: id.0];
                let disabled = tx
                    .one(DISABLE, &row, |row| {
                        Ok((EnvironmentId(row.id(0)?), row.text(1)?, row.opt_time(2)?))
                    })
                    .await?;
                let Some((environment, url, failing_since)) = disabled else {
                    return Ok(false);
                };
                let data = json!({
                    "webhook_id": id, "url": url, "reason": why.as_str(),
                    "failing_since": failing_since.map(|since| format!("{since:.0}")),
                });
                tx.emit(Happened::to(id.0, EventType::WebhookDisabled, environment, data, now))
                    .await?;
                Ok(true)
            }
            .boxed()
        })
        .await
    }
}

fn behind(row: &Row<'_>) -> Result<WebhookBehind> {
    Ok(WebhookBehind {
        webhook: WebhookId(row.id(0)?),
        environment: EnvironmentId(row.id(1)?),
        per_second: row.opt_int(2)?.and_then(|rate| u32::try_from(rate).ok()),
        updated_at: row.time(3)?,
    })
}

struct Claim {
    horizon: i64,
    owner: Uuid,
    now: Timestamp,
    lease_until: Timestamp,
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
    async fn of(
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
        let after = params![
            environment: webhook.environment.0, tx: webhook.cursor.tx, seq: webhook.cursor.seq, horizon: self.horizon,
            limit: i64::from(looked_at),
        ];
        let found = tx.all(AFTER, &after, read_event).await?;
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
            created_at: self.now,
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
