//! A webhook receiver on this machine: it writes down every request and answers as it was told.
//!
//! It speaks HTTP/1.1 over a bare socket, so that it can misbehave below HTTP as well: drip, reset, never end.

mod wire;

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::BufReader;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};

/// No wait of [`Receiver`] takes longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Request {
    /// Such as `POST`.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// In order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The raw body.
    pub body: Bytes,
}

impl Request {
    /// The first header of a name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// A complete answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Beside `content-length`.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
    /// How long the answer takes.
    pub delay: Duration,
}

impl Answer {
    /// An empty answer.
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Bytes::new(),
            delay: Duration::ZERO,
        }
    }

    /// An answer with a JSON body.
    #[must_use]
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        let answer = Self {
            body: body.to_string().into(),
            ..Self::new(status)
        };
        answer.header("content-type", "application/json")
    }

    /// With one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// What the receiver does with a request.
#[derive(Debug, Clone)]
pub enum Reply {
    /// It answers.
    Answer(Answer),
    /// It answers once [`Receiver::release`] is called, and never otherwise.
    Hold(Answer),
    /// It sends a 200 and then one byte of the body at a time, for ever.
    DripBody(Duration),
    /// It sends one byte of the head at a time, for ever.
    DripHead(Duration),
    /// It sends a 200 and a body of this many bytes.
    Flood(u64),
    /// It sends what is not HTTP.
    Garbage,
    /// It resets the connection.
    Reset,
}

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Self {
        Self::Answer(answer)
    }
}

type Script = Box<dyn Fn(&Request) -> Reply + Send + Sync>;

#[derive(Default)]
struct State {
    queue: Mutex<VecDeque<Reply>>,
    script: Mutex<Option<Script>>,
    requests: Mutex<Vec<Request>>,
    arrived: watch::Sender<usize>,
    releases: watch::Sender<usize>,
    open: AtomicUsize,
    most_at_once: AtomicUsize,
    connections: AtomicUsize,
}

/// A webhook receiver on 127.0.0.1; it stops when it is dropped.
pub struct Receiver {
    address: SocketAddr,
    state: Arc<State>,
    listening: JoinHandle<()>,
}

impl Receiver {
    /// Listens on a free port and answers every request with an empty 200.
    ///
    /// # Errors
    /// There is no free port.
    pub async fn start() -> io::Result<Self> {
        Self::start_on(([127, 0, 0, 1], 0).into()).await
    }

    /// As [`Receiver::start`], on an address of one's choice.
    ///
    /// # Errors
    /// The address is taken.
    pub async fn start_on(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let state = Arc::<State>::default();
        let listening = tokio::spawn(listen(listener, Arc::clone(&state)));
        Ok(Self {
            address,
            state,
            listening,
        })
    }

    /// Its address with a path, which starts with `/`.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Tells what to do with the next request that nothing was told for yet.
    pub fn push(&self, reply: impl Into<Reply>) {
        lock(&self.state.queue).push_back(reply.into());
    }

    /// Answers the next requests with an error.
    pub fn fail_next(&self, requests: usize, status: u16) {
        for _ in 0..requests {
            self.push(Answer::new(status));
        }
    }

    /// Decides by the request, once nothing that was pushed is left.
    pub fn reply_with(&self, script: impl Fn(&Request) -> Reply + Send + Sync + 'static) {
        *lock(&self.state.script) = Some(Box::new(script));
    }

    /// Answers what is held now.
    pub fn release(&self) {
        self.state.releases.send_modify(|releases| *releases += 1);
    }

    /// Every request so far, in the order of arrival.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.state.requests).clone()
    }

    /// Waits until this many requests have arrived in all, and answers them; after 30 seconds those that have.
    pub async fn wait_for(&self, requests: usize) -> Vec<Request> {
        let mut arrived = self.state.arrived.subscribe();
        // The sender lives in the state: only the time-out ends this without the requests.
        let _ = timeout(PATIENCE, arrived.wait_for(|count| *count >= requests)).await;
        self.requests()
    }

    /// The largest number of requests that were being answered at the same time.
    #[must_use]
    pub fn most_at_once(&self) -> usize {
        self.state.most_at_once.load(Ordering::SeqCst)
    }

    /// How many connections were made.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn listen(listener: TcpListener, state: Arc<State>) {
    // Dropped with this task, which ends every connection.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        state.connections.fetch_add(1, Ordering::SeqCst);
        let state = Arc::clone(&state);
        connections.spawn(async move {
            // The other end may go away at any time.
            let _ = serve(stream, &state).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

/// Answers the requests of one connection, one after the other.
async fn serve(stream: TcpStream, state: &State) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    loop {
        let request = match wire::read(&mut stream).await {
            Ok(Some(request)) => request,
            Ok(None) => return Ok(()),
            // Not HTTP.
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                return wire::write(stream.get_mut(), &Answer::new(400)).await;
            }
            Err(error) => return Err(error),
        };
        let _open = state.enter();
        let mut releases = state.releases.subscribe();
        releases.mark_unchanged();
        let reply = state.note(request);
        let stream = stream.get_mut();
        match reply {
            Reply::Answer(answer) => {
                sleep(answer.delay).await;
                wire::write(stream, &answer).await?;
            }
            Reply::Hold(answer) => {
                // Fails only when the state is gone, and this task with it.
                let _ = releases.changed().await;
                wire::write(stream, &answer).await?;
            }
            Reply::DripBody(pause) => return wire::drip_body(stream, pause).await,
            Reply::DripHead(pause) => return wire::drip_head(stream, pause).await,
            Reply::Flood(bytes) => wire::flood(stream, bytes).await?,
            Reply::Garbage => return wire::garbage(stream).await,
            Reply::Reset => return stream.set_zero_linger(),
        }
    }
}

/// A request that is being answered.
struct Open<'a>(&'a State);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}

impl State {
    fn enter(&self) -> Open<'_> {
        let open = self.open.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_at_once.fetch_max(open, Ordering::SeqCst);
        Open(self)
    }

    /// Writes a request down and looks up what to do with it.
    fn note(&self, request: Request) -> Reply {
        let pushed = lock(&self.queue).pop_front();
        let scripted = || lock(&self.script).as_ref().map(|script| script(&request));
        let reply = pushed.or_else(scripted).unwrap_or_else(|| Answer::new(200).into());
        lock(&self.requests).push(request);
        self.arrived.send_modify(|count| *count += 1);
        reply
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
