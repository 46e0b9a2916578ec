//! Which webhooks are behind in their logs, and which of them may be told more now.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::Tools;
use super::attempt::{Recipient, Told};
use super::endpoint::recipients;
use super::pace::Pace;
use super::room::{Lane, Room};
use crate::domain::{DeliveryId, EnvironmentId, WebhookId};
use crate::store::{ClaimedEvents, EventClaim, EventPlace, LogHead, StoreError, WebhookBehind};

/// Webhooks that are claimed for in one transaction, and deliveries.
const MOST_WEBHOOKS: usize = 64;
const MOST_DELIVERIES: usize = 512;
/// Deliveries that wait in a lane before more are fetched for it.
const AHEAD: usize = 64;
/// How often it is asked whether the webhooks that are left alone are still there.
const STILL_THERE: SignedDuration = SignedDuration::from_mins(1);

/// What this node knows of the logs.
#[derive(Default)]
pub(super) struct Log {
    /// Up to where it has looked for webhooks that are behind.
    seen: HashMap<EnvironmentId, EventPlace>,
    /// Webhooks that are behind, each once, the next one first.
    behind: VecDeque<WebhookId>,
    queued: HashSet<WebhookId>,
    /// Those that have to wait for time to pass.
    paused: Vec<WebhookId>,
    known: HashMap<WebhookId, Known>,
    /// When it was asked last whether those that are left alone are still there.
    asked_at: Option<Timestamp>,
}

struct Known {
    lane: Lane,
    pace: Pace,
}

/// What a look at the logs found.
pub(super) struct Survey {
    heads: Vec<LogHead>,
    behind: Vec<WebhookBehind>,
    /// Those that were switched off or deleted.
    gone: Vec<WebhookId>,
    /// Whether there is something that may be read in a moment.
    pub unsettled: bool,
}

/// What a claim brought.
pub(super) struct Fetched {
    pub claimed: Vec<ClaimedEvents>,
    pub recipients: HashMap<WebhookId, Recipient>,
    pub lease_until: Timestamp,
}

/// Looks for webhooks that are behind, and whether those that are left alone are still there.
pub(super) async fn survey(
    tools: &Tools,
    seen: HashMap<EnvironmentId, EventPlace>,
    resting: Vec<WebhookId>,
) -> Result<Survey, StoreError> {
    let (store, system) = (&tools.store, tools.store.system());
    let heads = store.log_heads(system).await?;
    let mut behind = store.webhooks_replaying(system).await?;
    for head in &heads {
        if seen.get(&head.environment).is_none_or(|place| head.place > *place) {
            behind.extend(store.webhooks_behind(system, *head).await?);
        }
    }
    let mut gone = Vec::new();
    for webhook in resting {
        let target = store.webhook_target(system, webhook, tools.clock.now()).await?;
        if target.is_none_or(|target| !target.active) {
            gone.push(webhook);
        }
    }
    let unsettled = heads.iter().any(|head| head.unsettled);
    Ok(Survey {
        heads,
        behind,
        gone,
        unsettled,
    })
}

/// Claims the next deliveries of some webhooks.
pub(super) async fn fetch(tools: &Tools, wants: Vec<EventClaim>) -> Result<Fetched, StoreError> {
    let now = tools.clock.now();
    let lease_until = now.saturating_add(tools.options.lease).unwrap_or(Timestamp::MAX);
    let count: u32 = wants.iter().map(|want| want.limit).sum();
    let ids = (0..count).map(|_| DeliveryId(tools.ids.id())).collect();
    let (store, system) = (&tools.store, tools.store.system());
    let claimed = store
        .claim_events(system, tools.owner, wants, ids, now, lease_until)
        .await?;
    let told = claimed.iter().filter(|claimed| !claimed.due.is_empty());
    let recipients = recipients(tools, told.map(|claimed| claimed.webhook)).await?;
    Ok(Fetched {
        claimed,
        recipients,
        lease_until,
    })
}

impl Log {
    pub fn seen(&self) -> HashMap<EnvironmentId, EventPlace> {
        self.seen.clone()
    }

    /// Those that are left alone, if it is time to ask whether they are still there.
    pub fn due_to_be_asked_for(&mut self, now: Timestamp) -> Vec<WebhookId> {
        if self.asked_at.is_some_and(|at| now.duration_since(at) < STILL_THERE) {
            return Vec::new();
        }
        self.asked_at = Some(now);
        self.resting().collect()
    }

    fn is_resting(&self, webhook: WebhookId) -> bool {
        self.known.get(&webhook).is_some_and(|known| known.pace.is_resting())
    }

    fn resting(&self) -> impl Iterator<Item = WebhookId> {
        let resting = self.known.iter().filter(|(_, known)| known.pace.is_resting());
        resting.map(|(id, _)| *id)
    }

    /// Says how many are left alone.
    fn show(&self) {
        let resting = u32::try_from(self.resting().count()).unwrap_or(u32::MAX);
        metrics::gauge!("aboard_webhooks_failing").set(resting);
    }

    /// Takes in what a look found.
    pub fn learn(&mut self, survey: Survey, now: Timestamp) {
        let mut fewer = false;
        for id in survey.gone {
            fewer |= self.is_resting(id);
            self.known.remove(&id);
        }
        for head in survey.heads {
            self.seen.insert(head.environment, head.place);
        }
        for found in survey.behind {
            let id = found.webhook;
            let changed = |known: &Known| known.pace.learned_with != found.updated_at;
            if self.known.get(&id).is_none_or(changed) {
                let lane = Lane {
                    party: found.environment.0,
                    host: Arc::from(&*id.text()),
                };
                let pace = Pace::new(found.per_second, found.updated_at, now);
                fewer |= self.is_resting(id);
                self.known.insert(id, Known { lane, pace });
            }
            self.queue(id);
        }
        if fewer {
            self.show();
        }
    }

    fn queue(&mut self, id: WebhookId) {
        if self.queued.insert(id) {
            self.behind.push_back(id);
        }
    }

    /// Lets those that were made to wait be looked at again.
    pub fn resume(&mut self) {
        self.behind.extend(self.paused.drain(..));
    }

    /// What may be claimed now, given the room that there is. Each of them is out of the queue until
    /// [`Log::fetched`] or [`Log::failed_to_fetch`].
    pub fn wants<T>(&mut self, room: &Room<T>, now: Timestamp) -> Vec<EventClaim> {
        let (mut wants, mut left) = (Vec::new(), room.places().min(MOST_DELIVERIES));
        for _ in 0..self.behind.len() {
            if wants.len() == MOST_WEBHOOKS || left == 0 {
                break;
            }
            let Some(webhook) = self.behind.pop_front() else { break };
            let Some(known) = self.known.get_mut(&webhook) else {
                self.queued.remove(&webhook);
                continue;
            };
            if room.waiting_in(&known.lane) >= AHEAD {
                self.behind.push_back(webhook);
                continue;
            }
            let limit = known.pace.allowed(now).min(u32::try_from(left).unwrap_or(u32::MAX));
            if limit == 0 {
                if known.pace.waits_for_time(now) {
                    self.paused.push(webhook);
                } else {
                    // The next one that ends makes room.
                    self.behind.push_back(webhook);
                }
                continue;
            }
            left -= limit as usize;
            wants.push(EventClaim { webhook, limit });
        }
        wants
    }

    /// Takes in what a claim said of a webhook, and answers its lane.
    pub fn fetched(&mut self, claimed: &ClaimedEvents, now: Timestamp) -> Option<Lane> {
        let id = claimed.webhook;
        self.queued.remove(&id);
        if claimed.more {
            self.queue(id);
        }
        let known = self.known.get_mut(&id)?;
        known
            .pace
            .claimed(u32::try_from(claimed.due.len()).unwrap_or(u32::MAX), now);
        Some(known.lane.clone())
    }

    /// A claim came to nothing: they are as far behind as before.
    pub fn failed_to_fetch(&mut self, webhooks: Vec<WebhookId>) {
        self.paused.extend(webhooks);
    }

    /// A delivery that was claimed was not sent: its lease ran out before its turn.
    pub fn lapsed(&mut self, webhook: WebhookId) {
        if let Some(known) = self.known.get_mut(&webhook) {
            known.pace.ended();
        }
    }

    /// Learns from an attempt; true if the webhook is left alone from now on.
    pub fn told(&mut self, webhook: WebhookId, told: Told, now: Timestamp) -> bool {
        let Some(known) = self.known.get_mut(&webhook) else {
            return false;
        };
        let before = known.pace.is_resting();
        let rests = match told {
            Told::Arrived => {
                known.pace.arrived();
                false
            }
            Told::Failed { wait } => known.pace.failed(wait, now),
            Told::Disable(_) => {
                // It is told of nothing any more; whoever switches it on again begins anew.
                self.known.remove(&webhook);
                false
            }
        };
        if before != self.is_resting(webhook) {
            self.show();
        }
        rests
    }
}

#[cfg(test)]
mod tests;
