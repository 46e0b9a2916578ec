//! A whole instance moves to another database.
//!
//! The source is locked against writing for as long as the copy lasts, in the very transaction that fences it at the
//! end: a copy that is cut off leaves it as it was. What the tables are is read from the schema itself, so that a new
//! one is copied without anybody thinking of it. Every row travels, and is compared, in one form ([`page`]).
//!
//! The target says that it is unfinished until everything was compared, and nobody starts on it before. The source is
//! fenced first and the target let go then: at no moment may both be written to. The fence stands in the database,
//! as triggers, so that even a server that nobody noticed cannot acknowledge what would be lost.

mod page;
mod rows;
mod schema;
mod side;

use std::ops::ControlFlow;

use jiff::Timestamp;

pub(super) use self::page::{Cell, Key, Page, cells};
use self::rows::{bring, sum};
pub(super) use self::schema::{Column, Kind, Table, page_of, quoted};
use self::schema::{Pair, in_order, paired};
use self::side::Side;
use super::audit::Entry;
use super::scope::AdminScope;
use super::sql::{Script, params};
use super::{Result, Store, StoreError};

/// Tables that say something of their own database, not of the instance.
pub const NOT_COPIED: &[&str] = &["copies", "copy_indexes", "migrations"];

/// Where from, where to.
pub struct CopyStore {
    /// The store that is left: `sqlite:PATH` or `postgres://…`.
    pub source: String,
    /// The store that is made; its schema is up to date.
    pub target: String,
    /// The source without its password, for messages.
    pub source_shown: String,
    /// The target likewise.
    pub target_shown: String,
    /// Rows that are written in one transaction, at most.
    pub batch: u64,
    /// Now.
    pub now: Timestamp,
}

/// What happened last, for whoever waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CopyStep {
    /// So many rows of a table are there.
    Copied {
        /// The table.
        table: String,
        /// Its rows so far.
        rows: u64,
    },
    /// A table is the same on both sides.
    Compared(CopiedTable),
}

/// A table that is the same on both sides.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct CopiedTable {
    /// Its name.
    pub table: String,
    /// How many rows it has.
    pub rows: u64,
    /// SHA-256 of its rows in the order of their key, in hexadecimal.
    pub checksum: String,
}

/// A finished copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// Every table.
    pub tables: Vec<CopiedTable>,
    /// Rows that an earlier attempt had brought.
    pub found: u64,
}

/// What a copy made of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It is a store like any other.
    Own,
    /// The instance lives elsewhere now.
    MovedTo(String),
    /// It is a copy of another store that is not finished.
    UnfinishedCopyOf(String),
}

const STANDING: &str = "select role, place from copies where one = 1";

impl Store {
    /// Whether this store is fenced, or the unfinished end of a copy.
    pub async fn standing(&self) -> Result<Standing> {
        let found = self
            .one(STANDING, &params![], |row| Ok((row.text(0)?, row.text(1)?)))
            .await?;
        Ok(match found {
            None => Standing::Own,
            Some((role, place)) if role == "source" => Standing::MovedTo(place),
            Some((_, place)) => Standing::UnfinishedCopyOf(place),
        })
    }

    /// Copies a whole instance, compares every table, fences the source. Both schemas have to be up to date. `step`
    /// hears how far it is, and may break it off: then, as after a crash, the source is as it was, and the same call
    /// goes on where this one ended.
    ///
    /// # Errors
    /// A `Setting` says what stands in the way: a server on the source, a target that holds something else.
    pub async fn copy(call: CopyStore, mut step: impl FnMut(CopyStep) -> ControlFlow<()> + Send) -> Result<Copied> {
        let source = Side::open(&call.source).await?;
        source.must_be_alone(&call.source_shown).await?;
        let target = Side::open(&call.target).await?;
        let tables = in_order(source.tables().await?)?;
        let pairs = paired(tables.clone(), target.tables().await?)?;
        let fingerprint = source.fingerprint().await?;
        let fenced = match source.mark().await? {
            None => false,
            Some((role, ..)) if role == "source" => true,
            Some((_, place, _)) => return Err(StoreError::Setting(unfinished(&call.source_shown, &place))),
        };
        if !fenced {
            source.lock(&tables).await?;
        }
        prepare(&call, &target, &pairs, &fingerprint, fenced).await?;
        let mut brought = bring(&call, &source, &target, &pairs, true, &mut step).await?;
        if brought.is_none() {
            // What is there is not how the source begins: the source went on in the meantime.
            target.empty(&pairs).await?;
            brought = bring(&call, &source, &target, &pairs, false, &mut step).await?;
        }
        let (sums, found) = brought.ok_or_else(|| StoreError::Fault("an empty table held rows".to_owned()))?;
        let mut copied = Vec::new();
        for ((table, there), ours) in pairs.iter().zip(sums) {
            let theirs = sum(&target, there, call.batch).await?;
            if (ours.rows, ours.checksum()) != (theirs.rows, theirs.checksum()) {
                return Err(StoreError::Fault(format!(
                    "{} has {} rows with checksum {} here and {} with {} there. The source is as it was; nothing was \
                     fenced. Empty the target and begin again, and look at the disks.",
                    table.name,
                    ours.rows,
                    ours.checksum(),
                    theirs.rows,
                    theirs.checksum()
                )));
            }
            let table = CopiedTable {
                table: table.name.clone(),
                rows: ours.rows,
                checksum: ours.checksum(),
            };
            copied.push(table.clone());
            tell(&mut step, CopyStep::Compared(table))?;
        }
        for (table, there) in pairs.iter().filter(|(table, _)| table.counts) {
            target.set_counter(there, source.counter(table).await?).await?;
        }
        if !fenced {
            source
                .fence(&tables, &call.target_shown, &fingerprint, call.now)
                .await?;
        }
        target.finish().await?;
        Ok(Copied { tables: copied, found })
    }
}

impl Store {
    /// Lifts the fence of a store that was copied, so that it may be written to again; answers where the copy is.
    /// `shown` is its URL without its password.
    ///
    /// # Errors
    /// A `Setting` says why not: it was never copied, it is itself an unfinished copy, a server is running.
    pub async fn unfence(url: &str, shown: &str) -> Result<String> {
        let side = Side::open(url).await?;
        side.must_be_alone(shown).await?;
        match side.mark().await? {
            Some((role, place, _)) if role == "source" => {
                side.unfence(&side.tables().await?).await?;
                Ok(place)
            }
            Some((_, place, _)) => Err(StoreError::Setting(unfinished(shown, &place))),
            None => Err(StoreError::Setting(format!(
                "store.url: {shown} has no fence: it takes writes as it is."
            ))),
        }
    }

    /// Writes into the audit log that the fence of this store was lifted, and where its copy is.
    pub async fn note_unfenced(&self, scope: &AdminScope, place: &str, now: Timestamp) -> Result<()> {
        let entry = Entry::of_instance("store.unfenced", place);
        self.change(scope, entry, Script::default(), now).await.map(drop)
    }
}

/// What to say of a store whose instance lives elsewhere.
#[must_use]
pub fn moved(place: &str) -> String {
    format!("this store was copied to {place} and takes no more writes; use that one")
}

/// What to say of a copy that is not finished.
#[must_use]
pub fn unfinished(shown: &str, source: &str) -> String {
    format!(
        "{shown} is an unfinished copy of {source}. Run `aboard store copy` from there again, which goes on where it \
         ended, or drop this database."
    )
}

fn tell(step: &mut (impl FnMut(CopyStep) -> ControlFlow<()> + Send), what: CopyStep) -> Result<()> {
    match step(what) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(StoreError::Setting(
            "the copy was broken off; the same command goes on where it ended".to_owned(),
        )),
    }
}

/// Makes sure that the target is empty, or holds the beginning of this very copy, and marks it.
async fn prepare(call: &CopyStore, target: &Side, pairs: &[Pair], fingerprint: &[u8], fenced: bool) -> Result<()> {
    let shown = &call.target_shown;
    match target.mark().await? {
        Some((role, _, known)) if role == "target" && known == fingerprint => return target.set_indexes_aside().await,
        Some((role, place, _)) if role == "target" => {
            return Err(StoreError::Setting(format!(
                "--to: {shown} is an unfinished copy of another store, {place}. Finish that one, or name an empty database."
            )));
        }
        Some((_, place, _)) => return Err(StoreError::Setting(format!("--to: {shown}: {}", moved(&place)))),
        None if fenced => {
            return Err(StoreError::Setting(format!(
                "store.url: {} was copied before, and the copy is finished or another one than {shown}. Set store.url to the new place.",
                call.source_shown
            )));
        }
        None => {}
    }
    for (_, table) in pairs {
        if target.page(table, &Key::default(), 1).await?.rows > 0 {
            return Err(StoreError::Setting(format!(
                "--to: {shown} is not empty: there are rows in {}. Name an empty database; nothing was changed.",
                table.name
            )));
        }
    }
    target
        .set_mark("target", &call.source_shown, fingerprint, call.now)
        .await?;
    // Only behind the mark, so that nobody ever starts on a store without them.
    target.set_indexes_aside().await
}
