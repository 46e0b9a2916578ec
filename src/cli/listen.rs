//! `aboard listen`: the sandbox's events, forwarded to a program on this machine.

use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use reqwest::Response;
use serde_json::{Map, Value, json};
use url::Url;

use super::calls::{Caller, Server, good};
use super::print;
use crate::clock::{Clock, Ids, Stopwatch};
use crate::domain::webhook::WebhookSecret;

/// How long the receiver may take, as for a webhook.
const PATIENCE: Duration = Duration::from_secs(15);
/// The pause before the server is called again.
const PAUSE: Duration = Duration::from_secs(1);

/// Watch the events of the sandbox, and forward them to a program of yours.
///
/// Each is signed as a webhook is, with a secret of this run, printed first. `aboard trigger` makes some to watch.
#[derive(Args)]
pub struct Listen {
    /// Where to, like `http://127.0.0.1:3000/hook`; without it events are only shown
    #[arg(long, value_name = "URL", value_parser = receiver)]
    forward_to: Option<Url>,
    /// Only these types, with commas between them: user.created,login.*
    #[arg(long, value_name = "TYPES")]
    types: Option<String>,
    /// End after so many events
    #[arg(long, value_name = "N")]
    count: Option<u64>,
    #[command(flatten)]
    server: Server,
}

fn receiver(text: &str) -> Result<Url, String> {
    let url = Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"));
    url.ok_or_else(|| "write a whole address, like http://127.0.0.1:3000/hook".to_owned())
}

/// What is forwarded where.
struct Forwarder {
    caller: Caller,
    to: Option<Url>,
    secret: WebhookSecret,
    json: bool,
    left: Option<u64>,
    last: Option<String>,
}

/// Runs it until it is interrupted, or has seen as many events as it was told to.
pub async fn run(listen: Listen) -> anyhow::Result<()> {
    let caller = listen.server.caller().await?;
    let secret = WebhookSecret::new(Ids::new(Clock::System).secret::<32>().to_vec());
    let mut forwarder = Forwarder {
        to: listen.forward_to,
        json: listen.server.settings.json,
        left: listen.count,
        last: None,
        caller,
        secret,
    };
    let types = listen.types.map(|types| format!("types={types}")).unwrap_or_default();
    let mut heard = false;
    loop {
        match forwarder.connect(&types).await {
            Ok(stream) => {
                if !heard {
                    forwarder.greet()?;
                    heard = true;
                }
                if forwarder.follow(stream).await? {
                    return Ok(());
                }
            }
            // At the first call a person is waiting for the reason.
            Err(error) if !heard => return Err(error),
            Err(error) => print::note(&format!("{error:#}; trying again")),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

impl Forwarder {
    async fn connect(&self, query: &str) -> anyhow::Result<Response> {
        let mut request = self.caller.get(&format!("/v1/events/stream?{query}"));
        if let Some(last) = &self.last {
            request = request.header("last-event-id", last);
        }
        let answer = request.send().await;
        good(answer.with_context(|| self.caller.unreachable())?).await
    }

    fn greet(&self) -> anyhow::Result<()> {
        let secret = self.secret.expose();
        if self.json {
            return print::out(&json!({ "listening": self.caller.base(), "secret": &*secret }).to_string());
        }
        let to = self
            .to
            .as_ref()
            .map(|to| format!(" and forwarding them to {to}"))
            .unwrap_or_default();
        print::out(&format!(
            "Listening to the events of {}{to}.\nThe secret of this run: {}",
            self.caller.base(),
            &*secret
        ))
    }

    /// Reads one stream to its end; true if enough was seen.
    async fn follow(&mut self, mut stream: Response) -> anyhow::Result<bool> {
        let mut read = Vec::new();
        // A stream that breaks is opened again behind the last event.
        while let Ok(Some(chunk)) = stream.chunk().await {
            read.extend_from_slice(&chunk);
            while let Some(end) = read.windows(2).position(|pair| pair == b"\n\n") {
                let block: Vec<u8> = read.drain(..end + 2).collect();
                if let Some(event) = event(&String::from_utf8_lossy(&block)) {
                    self.tell(event).await?;
                    self.left = self.left.map(|left| left.saturating_sub(1));
                    if self.left == Some(0) {
                        return Ok(true);
                    }
                }
            }
        }
        Ok(false)
    }

    /// Forwards one event and prints its line.
    async fn tell(&mut self, mut event: Map<String, Value>) -> anyhow::Result<()> {
        let Some(Value::String(id)) = event.shift_remove("event_id") else {
            bail!("the server sent an event without an id")
        };
        let kind = event["type"].as_str().unwrap_or_default().to_owned();
        let watch = Stopwatch::start();
        let outcome = match &self.to {
            Some(to) => Some(self.forward(to, &id, Value::Object(event).to_string()).await),
            None => None,
        };
        let millis = u64::try_from(watch.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last = Some(id.clone());
        if self.json {
            let (status, error) = match &outcome {
                Some(Ok(status)) => (Some(*status), None),
                Some(Err(error)) => (None, Some(error.to_string())),
                None => (None, None),
            };
            let line = json!({ "event": id, "type": kind, "status": status, "error": error, "duration_ms": millis });
            return print::out(&line.to_string());
        }
        let outcome = match outcome {
            None => String::new(),
            Some(Ok(status)) => format!("  {status} in {millis} ms"),
            Some(Err(error)) => format!("  failed: {error}"),
        };
        print::out(&format!("{kind}  {id}{outcome}"))
    }

    async fn forward(&self, to: &Url, id: &str, body: String) -> anyhow::Result<u16> {
        let seconds = Clock::System.now().as_second();
        let (v1, v1a) = (
            self.secret.sign(id, seconds, body.as_bytes()),
            self.secret.sign_v1a(id, seconds, body.as_bytes()).unwrap_or_default(),
        );
        let request = self.caller.http().post(to.clone()).timeout(PATIENCE);
        let request = request
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", seconds)
            .header("webhook-signature", format!("{v1} {v1a}"))
            .header(
                "waffy-signature",
                format!("sha256={}", self.secret.sign_body(body.as_bytes())),
            );
        let answer = request.body(body).send().await;
        let answer = answer.map_err(|error| anyhow::Error::msg(innermost(&error)))?;
        Ok(answer.status().as_u16())
    }
}

/// What went wrong in the end: that a connection was refused, not that a request was not sent.
fn innermost(error: &reqwest::Error) -> String {
    let causes = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
    causes.last().map(ToString::to_string).unwrap_or_default()
}

/// The event of a block of the stream, if it is one.
fn event(block: &str) -> Option<Map<String, Value>> {
    let data = block.lines().find_map(|line| line.strip_prefix("data: "))?;
    serde_json::from_str(data).ok()
}
