//! Calls to a key service: on a thread of their own, so that whoever needs a key may wait for it wherever they are.

use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

use aboard_vault::Secret;
use aboard_vault::remote::{Exchange, Request, Response};
use anyhow::Context as _;
use reqwest::header::HeaderValue;
use reqwest::{Certificate, Client};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::clock::Clock;
use crate::outbound::trusting;

/// The longest that a call takes.
const TIME_OUT: Duration = Duration::from_secs(10);
const CONNECT_TIME_OUT: Duration = Duration::from_secs(3);
/// More of an answer is never read.
const MOST_BYTES: usize = 64 * 1024;

/// A call on its way to the thread.
struct Call {
    request: reqwest::Request,
    answer: SyncSender<Result<Response, String>>,
}

/// Sends requests to key services. The address is the operator's own, so it may be one of an inner network.
pub struct Http {
    client: Client,
    calls: UnboundedSender<Call>,
    clock: Clock,
}

impl Http {
    /// A client that trusts what the machine trusts, or who is in this file.
    ///
    /// # Errors
    /// The file holds no certificate, or the thread does not start.
    pub fn new(ca_file: &str, clock: &Clock) -> anyhow::Result<Self> {
        let builder = Client::builder()
            .user_agent(concat!("Aboard/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .http1_only()
            .connect_timeout(CONNECT_TIME_OUT)
            .timeout(TIME_OUT);
        let client = if ca_file.is_empty() {
            trusting(builder).build()
        } else {
            let unread = || format!("keys.ca_file: cannot read {ca_file}");
            let pem = std::fs::read(ca_file).with_context(unread)?;
            let wrong = || format!("keys.ca_file: {ca_file} holds no certificate in PEM");
            let certificate = Certificate::from_pem(&pem).with_context(wrong)?;
            builder.tls_certs_only([certificate]).build()
        };
        let client = client.context("keys: TLS cannot be set up")?;
        let (calls, received) = unbounded_channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new().name("kms".to_owned()).spawn({
            let client = client.clone();
            move || runtime.block_on(serve(client, received))
        })?;
        Ok(Self {
            client,
            calls,
            clock: clock.clone(),
        })
    }
}

/// Makes calls until nobody is left who could ask for one.
async fn serve(client: Client, mut received: UnboundedReceiver<Call>) {
    while let Some(Call { request, answer }) = received.recv().await {
        let client = client.clone();
        tokio::spawn(async move {
            // Whoever asked may have gone.
            let _ = answer.send(call(&client, request).await);
        });
    }
}

async fn call(client: &Client, request: reqwest::Request) -> Result<Response, String> {
    let in_few_words = |error: reqwest::Error| {
        let what = if error.is_timeout() {
            "time-out"
        } else if error.is_connect() {
            "no connection"
        } else {
            "the connection was lost"
        };
        what.to_owned()
    };
    let mut answer = client.execute(request).await.map_err(in_few_words)?;
    let status = answer.status().as_u16();
    let mut body = zeroize::Zeroizing::new(Vec::with_capacity(MOST_BYTES));
    while let Some(chunk) = answer.chunk().await.map_err(in_few_words)? {
        if body.len() + chunk.len() > MOST_BYTES {
            return Err("its answer is too long".to_owned());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Response {
        status,
        body: Secret::new(std::mem::take(&mut *body)),
    })
}

impl Exchange for Http {
    fn send(&self, request: &Request) -> Result<Response, String> {
        let mut builder = self.client.post(&request.url).body(request.body.to_string());
        for (name, value) in &request.headers {
            let mut value = HeaderValue::from_str(value).map_err(|_| format!("{name} is no header"))?;
            value.set_sensitive(true);
            builder = builder.header(*name, value);
        }
        let request = builder.build().map_err(|_| "the address is none".to_owned())?;
        let (answer, answered) = sync_channel(1);
        let gone = || "the thread of key services has ended".to_owned();
        self.calls.send(Call { request, answer }).map_err(|_| gone())?;
        answered.recv().map_err(|_| gone())?
    }

    fn now(&self) -> u64 {
        u64::try_from(self.clock.now().as_second()).unwrap_or_default()
    }
}
