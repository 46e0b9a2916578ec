//! What the worker asks for: which webhooks are behind, and their next deliveries.

use futures_util::FutureExt as _;
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::claim::Claim;
use crate::domain::{DeliveryId, EnvironmentId, EventType, Notice, WebhookId, WebhookSecretId, whole_seconds};
use crate::store::events::EventPlace;
use crate::store::happened::Happened;
use crate::store::partners::SealedWebhookSecret;
use crate::store::scope::SystemScope;
use crate::store::sql::{Row, params};
use crate::store::{DueDelivery, Result, Store};

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

    /// Switches a webhook off whose receiver does not want it or cannot take it, and says so in an event and to whoever
    /// runs the environment; false if it was off already.
    pub async fn disable_webhook(
        &self,
        _: SystemScope,
        id: WebhookId,
        why: DisabledWhy,
        now: Timestamp,
    ) -> Result<bool> {
        let notices = self.notices();
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
                    "failing_since": failing_since.map(whole_seconds),
                });
                tx.emit(Happened::to(id.0, EventType::WebhookDisabled, environment, data, now))
                    .await?;
                notices
                    .tell_operator(tx, environment, Notice::WebhookDisabled, &url, now)
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
