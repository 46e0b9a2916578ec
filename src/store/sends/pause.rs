//! The operator stops what is sent, and lets it go on.

use jiff::Timestamp;
use serde_json::json;

use crate::domain::EnvironmentId;
use crate::store::audit::Entry;
use crate::store::scope::{AdminScope, SystemScope};
use crate::store::sql::{Script, params};
use crate::store::{Result, Store};

/// Where nothing is sent for now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendPause {
    /// The environment.
    pub environment: EnvironmentId,
    /// One of its networks; `None` for all.
    pub network: Option<String>,
    /// Why: callers are told.
    pub reason: String,
    /// Since when.
    pub paused_at: Timestamp,
}

const PAUSE: &str = "
    insert into send_pauses (environment_id, network, reason, paused_at) values (:environment, :network, :reason, :now)
    on conflict (environment_id, network) do nothing";
const RESUME: &str = "delete from send_pauses where environment_id = :environment and network = :network";
// What waited is sent at once.
const DUE: &str = "
    update jobs set due_at = :now where kind = 'send' and environment_id = :environment and lease_owner is null
        and due_at > :now and id in (select id from sends where environment_id = :environment and state = 'stored')";
const PAUSES: &str = "
    select environment_id, network, reason, paused_at from send_pauses order by environment_id, network";

impl Store {
    /// Stops what is sent on one network of an environment, or on all: calls are refused with this reason, and what is
    /// stored waits. False if it is stopped already.
    pub async fn pause_sends(&self, scope: &AdminScope, pause: SendPause) -> Result<bool> {
        let network = pause.network.unwrap_or_default();
        let entry = Entry::of("sends.paused", pause.environment, shown(&network))
            .saying(json!({ "reason": pause.reason }))
            .without_revision();
        let row = params![
            environment: pause.environment.0, network: network, reason: pause.reason, now: pause.paused_at,
        ];
        let script = Script::default().then(PAUSE, row);
        self.change(scope, entry, script, pause.paused_at).await
    }

    /// Lets it go on. False if it is not stopped.
    pub async fn resume_sends(
        &self,
        scope: &AdminScope,
        environment: EnvironmentId,
        network: Option<&str>,
        now: Timestamp,
    ) -> Result<bool> {
        let network = network.unwrap_or_default().to_owned();
        let entry = Entry::of("sends.resumed", environment, shown(&network)).without_revision();
        let script = Script::default()
            .then(RESUME, params![environment: environment.0, network: network])
            .then(DUE, params![now: now, environment: environment.0]);
        self.change(scope, entry, script, now).await
    }

    /// Where nothing is sent for now.
    pub async fn send_pauses(&self, _: SystemScope) -> Result<Vec<SendPause>> {
        self.all(PAUSES, &[], |row| {
            Ok(SendPause {
                environment: EnvironmentId(row.id(0)?),
                network: Some(row.text(1)?).filter(|network| !network.is_empty()),
                reason: row.text(2)?,
                paused_at: row.time(3)?,
            })
        })
        .await
    }
}

/// What the audit log names.
fn shown(network: &str) -> &str {
    if network.is_empty() { "every network" } else { network }
}
