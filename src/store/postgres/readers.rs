//! Reads share a few connections, on which they pipeline. Each is supervised: a lost one is made anew.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use deadpool_postgres::ClientWrapper as Client;
use tokio::sync::{Notify, watch};
use tokio::time::timeout;
use tokio_postgres::{Error, Row};

use super::connect::{Connected, Connector};
use super::failure::{closed, failed, is_lost, refused, timed_out};
use super::sql::{Named, Text, Value};
use crate::store::{Result, StoreError};

const READERS: usize = 4;
/// A read that takes longer than the server's own time-out allows: nothing comes over this connection any more.
const LONGEST_READ: Duration = Duration::from_secs(12);
/// How long a read waits for a connection while there is none.
const PATIENCE: Duration = Duration::from_secs(2);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

pub struct Readers {
    slots: Vec<watch::Receiver<Option<Arc<Reader>>>>,
    next: AtomicUsize,
    closing: watch::Sender<bool>,
}

struct Reader {
    client: Client,
    /// Whether a call found that nothing comes over the connection any more; the supervisor is told.
    given_up: AtomicBool,
    told: Notify,
}

impl Readers {
    pub async fn open(connector: &Connector) -> Result<Self> {
        let closing = watch::Sender::new(false);
        let mut slots = Vec::with_capacity(READERS);
        for _ in 0..READERS {
            let connected = connector.connected().await.map_err(refused)?;
            let (slot, reader) = watch::channel(None);
            tokio::spawn(supervise(connector.clone(), connected, slot, closing.subscribe()));
            slots.push(reader);
        }
        Ok(Self {
            slots,
            next: AtomicUsize::new(0),
            closing,
        })
    }

    /// The rows of a query. It changes nothing, so it is tried again while connections turn out to be lost:
    /// after a restart of the server that may be all of them.
    pub async fn query(&self, sql: &'static str, named: &Named<'_>) -> Result<Vec<Row>> {
        let text = Text::of(sql);
        let values = text.bind(named)?;
        let mut lost = None;
        for _ in 0..=READERS {
            let reader = self.reader().await?;
            match timeout(LONGEST_READ, reader.query(&text, &values)).await {
                Ok(Ok(rows)) => return Ok(rows),
                Ok(Err(error)) if is_lost(&error) => {
                    reader.give_up();
                    lost = Some(failed(error));
                }
                Ok(Err(error)) => return Err(failed(error)),
                Err(_) => {
                    reader.give_up();
                    return Err(timed_out());
                }
            }
        }
        Err(lost.unwrap_or_else(timed_out))
    }

    /// The next connection in turn that is alive; waits a moment if there is none.
    async fn reader(&self) -> Result<Arc<Reader>> {
        if *self.closing.borrow() {
            return Err(closed());
        }
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let slot = |step: usize| &self.slots[(turn + step) % READERS];
        let alive = |reader: &Arc<Reader>| reader.is_alive();
        if let Some(reader) = (0..READERS).find_map(|step| slot(step).borrow().clone().filter(alive)) {
            return Ok(reader);
        }
        let mut slot = slot(0).clone();
        let made = timeout(PATIENCE, slot.wait_for(|reader| reader.as_ref().is_some_and(alive))).await;
        let reader = made.ok().and_then(|made| made.ok()?.clone());
        reader.ok_or_else(|| StoreError::Unavailable("there is no connection to PostgreSQL".to_owned()))
    }

    /// Ends the connections once their queries are answered.
    pub fn close(&self) {
        self.closing.send_replace(true);
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.close();
    }
}

impl Reader {
    fn new(client: Client) -> Arc<Self> {
        Arc::new(Self {
            client,
            given_up: AtomicBool::new(false),
            told: Notify::new(),
        })
    }

    fn is_alive(&self) -> bool {
        !self.client.is_closed() && !self.given_up.load(Ordering::Acquire)
    }

    fn give_up(&self) {
        self.given_up.store(true, Ordering::Release);
        self.told.notify_one();
    }

    async fn query(&self, text: &Text, values: &[Value<'_>]) -> std::result::Result<Vec<Row>, Error> {
        let statement = self.client.prepare_cached(&text.sql).await?;
        self.client.query(&statement, values).await
    }
}

/// Keeps one slot filled until the store closes.
async fn supervise(
    connector: Connector,
    mut connected: Connected,
    slot: watch::Sender<Option<Arc<Reader>>>,
    mut closing: watch::Receiver<bool>,
) {
    loop {
        let Connected { client, gone } = connected;
        let reader = Reader::new(client);
        slot.send_replace(Some(Arc::clone(&reader)));
        tokio::select! {
            _ = gone => {}
            () = reader.told.notified() => tracing::warn!("a connection to PostgreSQL is given up"),
            _ = closing.wait_for(|closing| *closing) => {
                slot.send_replace(None);
                return;
            }
        }
        slot.send_replace(None);
        drop(reader);
        connected = tokio::select! {
            connected = reconnect(&connector) => connected,
            _ = closing.wait_for(|closing| *closing) => return,
        };
    }
}

async fn reconnect(connector: &Connector) -> Connected {
    let mut pause = FIRST_PAUSE;
    loop {
        match connector.connected().await {
            Ok(connected) => return connected,
            Err(error) => tracing::warn!(error = %refused(error), ?pause, "cannot connect to PostgreSQL; trying again"),
        }
        tokio::time::sleep(pause).await;
        pause = LONGEST_PAUSE.min(pause * 2);
    }
}
