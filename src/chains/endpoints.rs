//! The nodes of one network: asked one after the other, each within bounds, until one gives an answer that can be read.
//!
//! A node that fails rests, so that it costs its time-out once and not at every call; nodes that rest are asked last.
//! Before its first answer counts, and again after each failure, a node shows that it is of this network ([`Identity`]).
//! The addresses are the operator's own, so calls do not pass the guard of [`crate::outbound`]; they may hold keys, so logs
//! name hosts alone.

mod ask;
mod size;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use tokio::sync::mpsc;
use tokio::time::timeout;
use url::Url;

use super::ChainFailure;
use crate::clock::Clock;
use crate::config::{Network, shown_endpoint};
use crate::outbound::client::in_few_words;
use crate::outbound::trusting;

pub(super) use ask::is_direction;
pub use ask::{Ask, Identity, LONGEST_ANSWER, Missed, Problem, Reply, words};

/// How long a node that failed is asked last.
const REST: Duration = Duration::from_secs(30);
const CONNECT: Duration = Duration::from_secs(3);
/// What one question may take, whoever is asked. It stays below the time that a whole request has, so that whoever called
/// learns what it was; a request that asks more than one is to end with the first that nobody answers.
const ALL_TOGETHER: Duration = Duration::from_secs(20);

struct Endpoint {
    url: Url,
    /// For logs.
    shown: String,
    verified: AtomicBool,
    /// Until when it is asked last, in microseconds since 1970.
    rests_until: AtomicI64,
}

/// The nodes of one network. Cheap to clone.
#[derive(Clone)]
pub struct Endpoints(Arc<Inner>);

struct Inner {
    network: String,
    nodes: Vec<Endpoint>,
    patience: Duration,
    http: Client,
    clock: Clock,
    calls: AtomicU64,
}

/// The client of all nodes: no redirects, no proxy.
pub(super) fn http() -> Result<Client, reqwest::Error> {
    trusting(Client::builder())
        .user_agent(concat!("Aboard/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy()
        .connect_timeout(CONNECT)
        .pool_idle_timeout(Duration::from_secs(20))
        .build()
}

impl Endpoints {
    pub(super) fn new(network: &str, settings: &Network, http: Client, clock: Clock) -> Self {
        let node = |url: Url| Endpoint {
            shown: shown_endpoint(&url),
            url,
            verified: AtomicBool::new(false),
            rests_until: AtomicI64::new(i64::MIN),
        };
        Self(Arc::new(Inner {
            network: network.to_owned(),
            nodes: settings.endpoints.urls().into_iter().map(node).collect(),
            patience: settings.timeout(),
            http,
            clock,
            calls: AtomicU64::new(0),
        }))
    }

    /// The network's code.
    #[must_use]
    pub fn network(&self) -> &str {
        &self.0.network
    }

    /// How many nodes there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.nodes.len()
    }

    /// The address of a node as it may be shown: without what may be a key.
    #[must_use]
    pub fn shown(&self, place: usize) -> &str {
        self.0.nodes.get(place).map_or("", |node| &node.shown)
    }

    /// A number that no other call of this process to this network has.
    pub(super) fn next_call(&self) -> u64 {
        self.0.calls.fetch_add(1, Ordering::Relaxed)
    }

    /// The time by the clock of this server.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// Asks the nodes in turn until one gives an answer that `read` takes, or a refusal.
    ///
    /// # Errors
    /// The refusal; or of the last node [`Problem::Lied`] if any of them lied, else [`Problem::Down`].
    pub async fn ask<T>(
        &self,
        identity: &Identity,
        ask: &Ask,
        read: impl Fn(&Reply) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let mut worst = Problem::Down("there is no time left".to_owned());
        let all = async {
            for node in self.in_turn() {
                match self.ask_one(node, identity, ask, &read).await.map_err(Problem::from) {
                    Err(problem @ Problem::Down(_)) => {
                        if !matches!(worst, Problem::Lied(_)) {
                            worst = problem;
                        }
                    }
                    Err(problem @ Problem::Lied(_)) => worst = problem,
                    settled => return Some(settled),
                }
            }
            None
        };
        let ended = timeout(ALL_TOGETHER, all).await;
        ended.ok().flatten().unwrap_or(Err(worst))
    }

    /// Asks one node, by its place in the list.
    pub(super) async fn ask_at<T>(
        &self,
        place: usize,
        identity: &Identity,
        ask: &Ask,
        read: impl Fn(&Reply) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        match self.0.nodes.get(place) {
            Some(node) => Ok(self.ask_one(node, identity, ask, &read).await?),
            None => Err(Problem::Down("there is no such node".to_owned())),
        }
    }

    /// Tells all nodes the same at once; what they say comes as it is said. Each is told in a task of its own, so that a slow
    /// one hears it as well although another one was quicker, and whoever told it has gone.
    pub(super) fn tell_all<T: Send + 'static>(
        &self,
        identity: &Arc<Identity>,
        ask: &Ask,
        read: impl Fn(&Reply) -> Result<T, Problem> + Send + Sync + 'static,
    ) -> mpsc::Receiver<Result<T, Missed>> {
        let (answers, heard) = mpsc::channel(self.count().max(1));
        let told = Arc::new((ask.clone(), read));
        for place in 0..self.count() {
            let (all, identity, told, answers) =
                (self.clone(), Arc::clone(identity), Arc::clone(&told), answers.clone());
            tokio::spawn(async move {
                let (ask, read) = &*told;
                if let Some(node) = all.0.nodes.get(place) {
                    // Nobody may be listening any more.
                    let _ = answers.send(all.ask_one(node, &identity, ask, read).await).await;
                }
            });
        }
        heard
    }

    /// Those that rest come last.
    fn in_turn(&self) -> Vec<&Endpoint> {
        let now = self.now().as_microsecond();
        let rests = |node: &&Endpoint| node.rests_until.load(Ordering::Relaxed) > now;
        let mut nodes: Vec<&Endpoint> = self.0.nodes.iter().collect();
        nodes.sort_by_key(rests);
        nodes
    }

    async fn ask_one<T>(
        &self,
        node: &Endpoint,
        identity: &Identity,
        ask: &Ask,
        read: &impl Fn(&Reply) -> Result<T, Problem>,
    ) -> Result<T, Missed> {
        let answered = async {
            if !node.verified.load(Ordering::Acquire) {
                let shown = self.exchange(node, &identity.ask).await.map_err(Problem::from);
                shown.and_then(|reply| (identity.is)(&reply)).map_err(Missed::before)?;
                node.verified.store(true, Ordering::Release);
            }
            read(&self.exchange(node, ask).await?).map_err(Missed::after)
        }
        .await;
        match answered.as_ref().map_err(|missed| &missed.problem) {
            Ok(_) => node.rests_until.store(i64::MIN, Ordering::Relaxed),
            Err(Problem::Down(why) | Problem::Lied(why)) => {
                let until = self.now() + REST;
                node.rests_until.store(until.as_microsecond(), Ordering::Relaxed);
                // Whatever is at this address when it comes back has to show what it is.
                node.verified.store(false, Ordering::Release);
                tracing::warn!(network = %self.0.network, node = node.shown, why, "a node failed");
            }
            Err(Problem::Refused { .. }) => {}
        }
        answered
    }

    async fn exchange(&self, node: &Endpoint, ask: &Ask) -> Result<Reply, Missed> {
        let inner = &self.0;
        let mut url = node.url.clone();
        if !ask.path.is_empty() {
            let path = format!("{}{}", url.path().trim_end_matches('/'), ask.path);
            url.set_path(&path);
        }
        let mut request = inner.http.request(ask.method.clone(), url);
        if !ask.content_type.is_empty() {
            request = request.header(CONTENT_TYPE, ask.content_type).body(ask.body.clone());
        }
        let exchange = async {
            let failed = |error: reqwest::Error| {
                let problem = Problem::Down(in_few_words(&error).to_string());
                if error.is_connect() {
                    Missed::before(problem)
                } else {
                    Missed::after(problem)
                }
            };
            let mut response = request.send().await.map_err(failed)?;
            let mut reply = Reply {
                status: response.status().as_u16(),
                body: Vec::new(),
            };
            while let Some(chunk) = response.chunk().await.map_err(failed)? {
                if reply.body.len() + chunk.len() > LONGEST_ANSWER {
                    return Err(Missed::after(Problem::Lied("an answer of more than 1 MiB".to_owned())));
                }
                reply.body.extend_from_slice(&chunk);
            }
            Ok(reply)
        };
        let ended = timeout(inner.patience, exchange).await;
        ended.unwrap_or_else(|_| Err(Missed::after(Problem::Down("time-out".to_owned()))))
    }
}

impl From<Missed> for Problem {
    fn from(missed: Missed) -> Self {
        missed.problem
    }
}

impl From<Problem> for ChainFailure {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::Down(why) => Self::Down(why),
            Problem::Lied(what) => Self::Lied(what),
            Problem::Refused { reason, .. } => Self::Refused(reason),
        }
    }
}
