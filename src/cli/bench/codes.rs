//! The verbs of logging in with a code, from callers inside the process.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Map, Value, json};

use super::verbs::drive;
use crate::admin;
use crate::app::message_worker;
use crate::codes::{Codes, Letter};
use crate::config::Config;
use crate::domain::{
    ApiKey, ChallengeId, Destination, EventId, IdentityId, MessageId, OrganizationId, Phone, Purpose, SendLimits,
    UserId,
};
use crate::instance::Instance;
use crate::outbound::Guard;
use crate::resource;
use crate::store::{
    AppScope, InFlight, NewChallenge, NewMessage, Once, PreparedCode, ProofAttempt, ProofOutcome, Proven,
};

/// The limits that numbers and networks of their own never meet.
const LIMITS: SendLimits = SendLimits {
    per_minute: 1,
    per_hour: 5,
    per_day: 10,
    per_network_hour: 60,
};
/// Challenges that are made before their proofs are measured.
const MOST: usize = 60_000;

/// Measures `start_challenge` with its message while a worker takes the messages, as beside a server, then `prove` of
/// challenges without one; calls per second go into `row`.
pub async fn measure(
    config: &Config,
    instance: &Instance,
    organization: OrganizationId,
    in_flight: &InFlight,
    callers: usize,
    time: Duration,
    row: &mut Map<String, Value>,
) -> anyhow::Result<()> {
    let bench = LogIns::new(instance, app(instance, organization).await?, in_flight);
    let guard = Guard::new(instance.outside.guard.clone());
    let worker = Arc::new(message_worker(config, instance, guard, "http://127.0.0.1")?);
    let serving = tokio::spawn({
        let worker = Arc::clone(&worker);
        async move { worker.serve().await }
    });
    let rate = {
        let (bench, worker) = (bench.clone(), Arc::clone(&worker));
        drive(callers, time, move || {
            let (bench, worker) = (bench.clone(), Arc::clone(&worker));
            async move {
                bench.start(true).await?;
                worker.wake();
                Ok(true)
            }
        })
        .await?
    };
    row.insert("login_whatsapp".into(), json!(rate));
    worker.run_due().await;
    worker.stop();
    serving.await?;
    let made = Arc::new(Mutex::new(Vec::new()));
    let count = MOST.min(callers * 20_000);
    let makers: Vec<_> = (0..128_usize)
        .map(|maker| {
            let (bench, made) = (bench.clone(), Arc::clone(&made));
            tokio::spawn(async move {
                for _ in (maker..count).step_by(128) {
                    let challenge = bench.start(false).await?;
                    made.lock().unwrap_or_else(PoisonError::into_inner).push(challenge);
                }
                anyhow::Ok(())
            })
        })
        .collect();
    for maker in makers {
        maker.await??;
    }
    let rate = drive(callers, time, move || {
        let (bench, next) = (bench.clone(), made.lock().unwrap_or_else(PoisonError::into_inner).pop());
        async move {
            let Some(challenge) = next else { return Ok(false) };
            bench.prove(challenge).await.map(|_| true)
        }
    })
    .await?;
    row.insert("verify_whatsapp".into(), json!(rate));
    Ok(())
}

/// An app of the organization's sandbox.
pub(super) async fn app(instance: &Instance, organization: OrganizationId) -> anyhow::Result<AppScope> {
    let environments = instance.store.environments(instance.store.system()).await?;
    let sandbox = environments.iter().find(|known| known.organization == organization);
    let made = admin::create_app(instance, sandbox.context("no environment")?, "Bench", Vec::new()).await?;
    scope_of(instance, &made.client_secret).await
}

/// The app of a client secret.
pub(super) async fn scope_of(instance: &Instance, client_secret: &str) -> anyhow::Result<AppScope> {
    let key = ApiKey::parse(client_secret)?;
    let presented = instance.store.authenticate(&key, instance.clock.now()).await?;
    let scope = presented.and_then(|presented| presented.credential.app_scope());
    scope.context("no client secret")
}

/// Log-ins with codes, each of a number of its own.
#[derive(Clone)]
pub(super) struct LogIns {
    instance: Instance,
    scope: AppScope,
    in_flight: InFlight,
    number: Arc<AtomicU64>,
}

impl LogIns {
    /// Log-ins to one app.
    pub fn new(instance: &Instance, scope: AppScope, in_flight: &InFlight) -> Self {
        // Nobody's yet, whoever has logged in to this store before.
        let first = u64::from(u32::from_be_bytes(instance.ids.secret()));
        Self {
            instance: instance.clone(),
            scope,
            in_flight: in_flight.clone(),
            number: Arc::new(AtomicU64::new(first)),
        }
    }

    /// Begins one, whose code is sent or not.
    pub async fn start(&self, sends: bool) -> anyhow::Result<ChallengeId> {
        let _running = self.in_flight.enter();
        let (ids, now) = (&self.instance.ids, self.instance.clock.now());
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let id = ChallengeId(ids.id());
        let (to, message) = (
            Destination::Phone(Phone::parse_e164(&format!("+30{number:010}"))?),
            MessageId(ids.id()),
        );
        let codes = Codes {
            vault: &self.instance.vault,
            environment: self.scope.environment(),
            challenge: id,
            purpose: Purpose::LogIn,
            session: None,
        };
        let letter = Letter {
            to: &to,
            purpose: Purpose::LogIn,
            asked_by: "Bench",
            language: "en",
        };
        let code = codes.usual();
        let code = PreparedCode {
            mac: codes.mac(&code),
            sealed: letter.seal(codes.vault, ids.entropy(), codes.environment, message, &code),
        };
        let call = NewChallenge {
            id,
            user: None,
            purpose: Purpose::LogIn,
            to,
            network: Some(format!(
                "11.{}.{}.{}",
                number >> 16 & 255,
                number >> 8 & 255,
                number & 255
            )),
            known_device: false,
            limits: sends.then_some(LIMITS),
            wrong_per_hour: 10,
            caps: None,
            asked_by: "Bench".to_owned(),
            language: "en",
            long_code: code.clone(),
            code,
            message: sends.then_some(NewMessage {
                id: message,
                channel: "whatsapp",
            }),
            expires_at: now + jiff::SignedDuration::from_mins(10),
            now,
        };
        self.instance.store.start_challenge(&self.scope, call, None).await?;
        Ok(id)
    }

    /// Comes to its end with the right code.
    pub async fn prove(&self, challenge: ChallengeId) -> anyhow::Result<Proven> {
        let _running = self.in_flight.enter();
        let ids = &self.instance.ids;
        let attempt = ProofAttempt {
            challenge,
            purpose: Purpose::LogIn,
            user: None,
            kind: Some("phone"),
            matches: Box::new(|_| true),
            network: Some("127.0.0.1".to_owned()),
            new_user: UserId(ids.id()),
            identity: IdentityId(ids.id()),
            events: std::array::from_fn(|_| EventId(ids.id())),
            device: None,
            event_data: resource::user,
            now: self.instance.clock.now(),
        };
        match self.instance.store.prove(&self.scope, attempt, None).await? {
            Once::Done(ProofOutcome::Proven(proven)) => Ok(proven),
            _ => anyhow::bail!("a code of the bench was refused"),
        }
    }
}
