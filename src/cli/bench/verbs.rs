//! The verbs of the store, from callers inside the process.

use std::future::Future;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::super::print;
use crate::admin;
use crate::clock::{Clock, Stopwatch};
use crate::config::Config;
use crate::domain::{
    ApiKey, Email, EventId, IdentityId, LoginLinkId, OrganizationId, PartnerUserId, Phone, SessionId, Token, UserId,
    WrappUserId,
};
use crate::instance::Instance;
use crate::resource;
use crate::store::{ExternalLogin, InFlight, NewLoginLink, NewSession, PartnerScope, Redemption, ServerScope};

/// Calls each verb from so many callers for so long and prints calls per second.
pub async fn verbs(config: &Config, callers: &[usize], time: Duration) -> anyhow::Result<()> {
    let in_flight = InFlight::default();
    let instance = Instance::open(config, Clock::System, in_flight.clone()).await?;
    let (organization, scope, server) = fresh_partner(&instance).await?;
    let bench = Arc::new(Bench {
        instance,
        scope,
        in_flight,
    });
    let mut measured = Map::new();
    for &callers in callers {
        let mut row = Map::new();
        let new = AtomicU64::new(0);
        let salt = bench.instance.ids.id().simple().to_string();
        let counter = Arc::new(new);
        let name = {
            let salt = salt.clone();
            move |number: u64| format!("{salt}-{number}")
        };
        let (before, commits) = bench.instance.store.group_counts();
        let rate = {
            let (bench, counter, name) = (Arc::clone(&bench), Arc::clone(&counter), name.clone());
            drive(callers, time, move || {
                let (bench, name) = (Arc::clone(&bench), name(counter.fetch_add(1, Ordering::Relaxed)));
                async move { bench.external_login(&name).await.map(|_| true) }
            })
            .await?
        };
        let (after, commits_after) = bench.instance.store.group_counts();
        row.insert("external_login_new".into(), json!(rate));
        #[expect(clippy::cast_precision_loss, reason = "a mean for people")]
        row.insert(
            "mean_group".into(),
            json!((after - before) as f64 / (commits_after - commits).max(1) as f64),
        );
        let known = counter.load(Ordering::Relaxed);
        let again = Arc::new(AtomicU64::new(0));
        let rate = {
            let (bench, name) = (Arc::clone(&bench), name.clone());
            drive(callers, time, move || {
                let (bench, name) = (Arc::clone(&bench), name(again.fetch_add(1, Ordering::Relaxed) % known));
                async move { bench.external_login(&name).await.map(|_| true) }
            })
            .await?
        };
        row.insert("external_login_known".into(), json!(rate));
        let rate = {
            let bench = Arc::clone(&bench);
            let number = Arc::new(AtomicU64::new(0));
            drive(callers, time, move || {
                let (bench, name) = (Arc::clone(&bench), name(number.fetch_add(1, Ordering::Relaxed) % known));
                async move { bench.check(&name).await.map(|()| true) }
            })
            .await?
        };
        row.insert("check_user".into(), json!(rate));
        let links = Arc::new(std::sync::Mutex::new(
            bench.make_links(40_000.min(callers * 20_000)).await?,
        ));
        let rate = {
            let bench = Arc::clone(&bench);
            drive(callers, time, move || {
                let bench = Arc::clone(&bench);
                let link = links.lock().unwrap_or_else(std::sync::PoisonError::into_inner).pop();
                async move {
                    // Out of links: the time until then counts.
                    let Some(link) = link else { return Ok(false) };
                    bench.redeem(link).await.map(|()| true)
                }
            })
            .await?
        };
        row.insert("redeem_login_link".into(), json!(rate));
        super::users::measure(&bench.instance, server, &bench.in_flight, callers, time, &mut row).await?;
        super::codes::measure(
            config,
            &bench.instance,
            organization,
            &bench.in_flight,
            callers,
            time,
            &mut row,
        )
        .await?;
        super::wallets::measure(&bench.instance, organization, &bench.in_flight, callers, time, &mut row).await?;
        measured.insert(callers.to_string(), Value::Object(row));
    }
    print::out(&Value::Object(measured).to_string())?;
    bench.instance.store.close().await;
    Ok(())
}

/// Makes links and writes their paths.
pub async fn links(config: &Config, count: usize, partner_key: &str, out: &Path) -> anyhow::Result<()> {
    let bench = Arc::new(Bench::of_key(config, partner_key).await?);
    let mut file = std::io::BufWriter::new(std::fs::File::create(out)?);
    for link in bench.make_links(count).await? {
        writeln!(file, "/{}", link.expose())?;
    }
    file.flush()?;
    bench.instance.store.close().await;
    Ok(())
}

/// Makes users named `seed-1`, `seed-2`, …
pub async fn seed(config: &Config, count: usize, partner_key: &str) -> anyhow::Result<()> {
    let bench = Arc::new(Bench::of_key(config, partner_key).await?);
    let next = Arc::new(AtomicU64::new(0));
    let workers: Vec<_> = (0..512)
        .map(|_| {
            let (bench, next) = (Arc::clone(&bench), Arc::clone(&next));
            tokio::spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count as u64 {
                        return anyhow::Ok(());
                    }
                    bench.external_login(&format!("seed-{number}")).await?;
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await??;
    }
    bench.instance.store.close().await;
    Ok(())
}

struct Bench {
    instance: Instance,
    scope: PartnerScope,
    in_flight: InFlight,
}

/// A partner and a back end of an organization of their own.
pub(super) async fn fresh_partner(instance: &Instance) -> anyhow::Result<(OrganizationId, PartnerScope, ServerScope)> {
    let organization = admin::create_organization(instance, "Bench").await?;
    let environments = instance.store.environments(instance.store.system()).await?;
    let environment = environments
        .iter()
        .find(|known| known.organization == organization)
        .context("no environment")?;
    let partner = admin::create_partner(instance, environment, "Bench").await?;
    let server = admin::create_server_key(instance, environment, "Bench").await?;
    let presented = instance
        .store
        .authenticate(&ApiKey::parse(&server.secret)?, instance.clock.now())
        .await?
        .context("unknown server key")?;
    let server = presented.credential.server_scope().context("no server key")?;
    Ok((organization, scope_of(instance, &partner.partner_key).await?, server))
}

async fn scope_of(instance: &Instance, key: &str) -> anyhow::Result<PartnerScope> {
    let key = ApiKey::parse(key)?;
    let presented = instance
        .store
        .authenticate(&key, instance.clock.now())
        .await?
        .context("unknown partner key")?;
    presented.credential.partner_scope().context("no partner key")
}

impl Bench {
    async fn of_key(config: &Config, partner_key: &str) -> anyhow::Result<Self> {
        let in_flight = InFlight::default();
        let instance = Instance::open(config, Clock::System, in_flight.clone()).await?;
        let scope = scope_of(&instance, partner_key).await?;
        Ok(Self {
            instance,
            scope,
            in_flight,
        })
    }

    async fn external_login(&self, name: &str) -> anyhow::Result<Token> {
        let _running = self.in_flight.enter();
        let ids = &self.instance.ids;
        let now = self.instance.clock.now();
        let link = LoginLinkId(ids.id());
        let token = Token::new(link.0, ids.secret());
        let user = UserId(ids.id());
        let call = ExternalLogin {
            now,
            partner_user_id: PartnerUserId::parse(name.to_owned())?,
            email: Email::parse(&format!("{name}@example.com"))?,
            phone: Phone::parse("1234567890", None)?,
            link: NewLoginLink {
                id: link,
                hash: token.hash(),
                expires_at: now + jiff::SignedDuration::from_mins(60),
                state: None,
                code_challenge: None,
                return_url: None,
            },
            user,
            wrapp_user: WrappUserId(ids.id()),
            email_identity: IdentityId(ids.id()),
            phone_identity: IdentityId(ids.id()),
            event: EventId(ids.id()),
            event_body: json!({ "type": "user.created", "data": { "user_id": user } })
                .to_string()
                .into_bytes(),
            webhook: None,
            idempotency: None,
        };
        self.instance.store.external_login(&self.scope, call).await?;
        Ok(token)
    }

    async fn check(&self, name: &str) -> anyhow::Result<()> {
        let name = PartnerUserId::parse(name.to_owned())?;
        self.instance
            .store
            .check_user(&self.scope, &name, self.instance.clock.now())
            .await?;
        Ok(())
    }

    async fn redeem(&self, link: Token) -> anyhow::Result<()> {
        let _running = self.in_flight.enter();
        let now = self.instance.clock.now();
        // A click first reads what the link says, then consumes it.
        let preview = self.instance.store.preview_login_link(&link, now).await?;
        let preview = preview.context("a link of the bench cannot be used")?;
        let cookie = Token::new(self.instance.ids.id(), self.instance.ids.secret());
        let session = NewSession {
            id: SessionId(cookie.id()),
            hash: cookie.hash(),
            expires_at: now + jiff::SignedDuration::from_hours(24),
        };
        let redemption = Redemption {
            now,
            link: LoginLinkId(link.id()),
            hash: link.hash(),
            session,
            code: None,
            replaces: None,
            event: EventId(self.instance.ids.id()),
            event_body: resource::login_by_link(&preview, now),
        };
        self.instance.store.redeem_login_link(redemption).await?;
        Ok(())
    }

    /// Links of a hundred users.
    async fn make_links(self: &Arc<Self>, count: usize) -> anyhow::Result<Vec<Token>> {
        let mut made = Vec::with_capacity(count);
        let makers: Vec<_> = (0..128_usize)
            .map(|maker| {
                let bench = Arc::clone(self);
                tokio::spawn(async move {
                    let mut made = Vec::new();
                    for number in (maker..count).step_by(128) {
                        made.push(bench.external_login(&format!("links-{}", number % 100)).await?);
                    }
                    anyhow::Ok(made)
                })
            })
            .collect();
        for maker in makers {
            made.extend(maker.await??);
        }
        Ok(made)
    }
}

/// How fast a verb is.
#[derive(Serialize)]
pub(super) struct Driven {
    /// Calls a second.
    rate: f64,
    /// What a call took of this process's processors, in microseconds; `None` where the system does not say.
    cpu: Option<f64>,
}

/// Runs so many callers for so long, or until a call says that there is nothing left, each one call after the other.
pub(super) async fn drive<F>(
    callers: usize,
    time: Duration,
    call: impl Fn() -> F + Clone + Send + 'static,
) -> anyhow::Result<Driven>
where
    F: Future<Output = anyhow::Result<bool>> + Send,
{
    let (watch, before) = (Stopwatch::start(), cpu_seconds());
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let call = call.clone();
            tokio::spawn(async move {
                let mut calls = 0_u32;
                while watch.elapsed() < time && call().await? {
                    calls += 1;
                }
                anyhow::Ok(calls)
            })
        })
        .collect();
    let mut calls = 0.0;
    for task in tasks {
        calls += f64::from(task.await??);
    }
    let used = cpu_seconds().zip(before).map(|(after, before)| after - before);
    Ok(Driven {
        rate: calls / watch.elapsed().as_secs_f64(),
        cpu: used.map(|used| used * 1e6 / calls.max(1.0)),
    })
}

/// What this process has used of the processors so far.
fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // User and system time, in hundredths of a second: fields 14 and 15 of proc(5), the 12th and 13th after the name.
    let times = stat.rsplit_once(") ")?.1.split(' ').skip(11).take(2);
    let ticks: f64 = times.filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    Some(ticks / 100.0)
}
