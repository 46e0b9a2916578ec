//! What was claimed gets a place in the room.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::{Shift, Waiting};
use crate::jobs::webhooks::attempt::{Ready, Recipient, open_secret};
use crate::jobs::webhooks::log::Fetched;
use crate::jobs::webhooks::look::{Look, host};
use crate::jobs::webhooks::room::Lane;
use crate::store::DueDelivery;

impl Shift {
    /// Gives what was claimed a place. The secrets of partners are opened once for each batch.
    pub(super) fn admit(&mut self, look: Look) {
        let now = self.tools.clock.now();
        let mut secrets = HashMap::new();
        for due in look.claimed {
            let (party, host, to) = match due.webhook {
                None => {
                    let secret = secrets
                        .entry(due.secret)
                        .or_insert_with(|| open_secret(&self.tools, &due))
                        .clone();
                    (due.secret.0, host(&due.url), Recipient::Partner(secret))
                }
                Some(id) => {
                    let to = look.recipients.get(&id).cloned();
                    let to = to.unwrap_or(Recipient::Nobody("the webhook was deleted"));
                    (due.environment.0, Arc::from(&*id.text()), to)
                }
            };
            self.place(Lane { party, host }, due, to, look.lease_until, now);
        }
        self.look |= look.full;
        // What is due and was not to be had is waited for like anything else.
        let until_next = look
            .next
            .filter(|next| *next > now)
            .map(|next| next.duration_since(now));
        let until_next = until_next.and_then(|left| left.try_into().ok());
        self.look_again(until_next.unwrap_or(Duration::MAX));
    }

    /// Gives what was claimed for webhooks a place.
    pub(super) fn admit_events(&mut self, fetched: Fetched) {
        let now = self.tools.clock.now();
        for claimed in fetched.claimed {
            let Some(lane) = self.log.fetched(&claimed, now) else {
                continue;
            };
            let to = fetched.recipients.get(&claimed.webhook).cloned();
            let to = to.unwrap_or(Recipient::Nobody("the webhook was deleted"));
            for due in claimed.due {
                self.place(lane.clone(), due, to.clone(), fetched.lease_until, now);
            }
        }
    }

    fn place(&mut self, lane: Lane, due: DueDelivery, to: Recipient, lease_until: Timestamp, now: Timestamp) {
        let ready = Ready { due, to };
        self.room.add(lane, Waiting { ready, lease_until }, now);
    }
}
