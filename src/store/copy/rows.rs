//! The rows of a copy: read ahead, written, counted.

use std::ops::ControlFlow;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::page::Sum;
use super::schema::Pair;
use super::side::Side;
use super::{CopyStep, CopyStore, Key, Page, Table, tell};
use crate::store::Result;

/// Pages that are read ahead of the writing.
const AHEAD: usize = 3;

/// What is there on the target, table by table, and how many rows of it an earlier attempt had brought.
pub(super) type Sums = (Vec<Sum>, u64);

/// Brings what the target lacks. `None` if what it has is not how the source's rows begin.
pub(super) async fn bring(
    call: &CopyStore,
    source: &Side,
    target: &Side,
    pairs: &[Pair],
    may_resume: bool,
    step: &mut (impl FnMut(CopyStep) -> ControlFlow<()> + Send),
) -> Result<Option<Sums>> {
    let (mut sums, mut found) = (Vec::new(), 0);
    for (table, there) in pairs {
        let known = if may_resume {
            sum(target, there, call.batch).await?
        } else {
            Sum::new()
        };
        found += known.rows;
        let mut ours = Sum::new();
        let mut pages = read(source, table, call.batch, known.rows);
        while let Some(page) = pages.recv().await {
            let page = page?;
            ours.add(&page);
            if ours.rows > known.rows {
                target.put(there, page).await?;
            } else if ours.rows == known.rows && ours.checksum() != known.checksum() {
                return Ok(None);
            }
            let copied = CopyStep::Copied {
                table: table.name.clone(),
                rows: ours.rows,
            };
            tell(step, copied)?;
        }
        if ours.rows < known.rows {
            return Ok(None);
        }
        sums.push(ours);
    }
    Ok(Some((sums, found)))
}

/// Count and checksum of a table.
pub(super) async fn sum(side: &Side, table: &Arc<Table>, batch: u64) -> Result<Sum> {
    let mut sum = Sum::new();
    let mut pages = read(side, table, batch, 0);
    while let Some(page) = pages.recv().await {
        sum.add(&page?);
    }
    Ok(sum)
}

/// Reads a table ahead of whoever takes the pages. One page ends exactly after `border` rows.
fn read(side: &Side, table: &Arc<Table>, batch: u64, border: u64) -> mpsc::Receiver<Result<Page>> {
    let (sender, pages) = mpsc::channel(AHEAD);
    let (side, table) = (side.clone(), Arc::clone(table));
    tokio::spawn(async move {
        let (mut after, mut rows) = (Key::default(), 0);
        loop {
            let limit = if rows < border { batch.min(border - rows) } else { batch };
            let page = side.page(&table, &after, limit).await;
            let next = page.as_ref().ok().filter(|page| page.rows > 0);
            let Some(next) = next.map(|page| (page.last_key(&table), page.rows)) else {
                // An empty page is the end; an error has to be told.
                if page.is_err() {
                    let _ = sender.send(page).await;
                }
                return;
            };
            let (key, count) = next;
            rows += count;
            let page = match key {
                Ok(key) => {
                    after = key;
                    page
                }
                Err(error) => Err(error),
            };
            let failed = page.is_err();
            if sender.send(page).await.is_err() || failed {
                return;
            }
        }
    });
    pages
}
