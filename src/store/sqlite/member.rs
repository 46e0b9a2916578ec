//! One operation of a group: what it runs, whom it answers, and how a fault of one spares the others.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{fault, unavailable};
use crate::store::{Result, StoreError};

/// An operation and the caller that waits for it.
pub trait Work: Send {
    /// Runs it, and may be told to run it again after all that it did was rolled back; false if it failed.
    fn run(&mut self, connection: &mut Connection) -> bool;
    /// Whether it cannot be run again.
    fn is_once(&self) -> bool {
        false
    }
    /// Tells the caller: what the operation answered if the group stands, the error otherwise.
    fn answer(self: Box<Self>, lost: Option<&StoreError>);
}

/// A closure and the channel of its answer.
pub struct Operation<F, T> {
    pub work: F,
    pub result: Option<Result<T>>,
    pub reply: oneshot::Sender<Result<T>>,
}

impl<F, T> Work for Operation<F, T>
where
    F: Fn(&Connection) -> Result<T> + Send,
    T: Send,
{
    fn run(&mut self, connection: &mut Connection) -> bool {
        self.result = Some((self.work)(connection));
        matches!(self.result, Some(Ok(_)))
    }

    fn answer(self: Box<Self>, lost: Option<&StoreError>) {
        answer(self.result, self.reply, lost);
    }
}

/// A closure that can be run only once, and the channel of its answer.
pub struct OnceOperation<F, T> {
    pub work: Option<F>,
    pub result: Option<Result<T>>,
    pub reply: oneshot::Sender<Result<T>>,
}

impl<F, T> Work for OnceOperation<F, T>
where
    F: FnOnce(&mut Connection) -> Result<T> + Send,
    T: Send,
{
    fn run(&mut self, connection: &mut Connection) -> bool {
        self.result = self.work.take().map(|work| work(connection));
        matches!(self.result, Some(Ok(_)))
    }

    fn is_once(&self) -> bool {
        true
    }

    fn answer(self: Box<Self>, lost: Option<&StoreError>) {
        answer(self.result, self.reply, lost);
    }
}

fn answer<T>(result: Option<Result<T>>, reply: oneshot::Sender<Result<T>>, lost: Option<&StoreError>) {
    let never = || Err(StoreError::Unavailable("the operation did not run".to_owned()));
    let result = match lost {
        Some(error) => Err(error.clone()),
        None => result.unwrap_or_else(never),
    };
    // A caller that went away needs no answer.
    let _ = reply.send(result);
}

/// The operations of one transaction.
#[derive(Default)]
pub struct Members {
    pub list: Vec<Box<dyn Work>>,
    /// Whether each runs in a savepoint. Faults are rare and a savepoint copies every page that its operation touches,
    /// so a group begins without, until one comes that could not be run again.
    guarded: bool,
}

impl Members {
    /// Runs one more. If it is the first that fails, everything so far is rolled back and run again, each in its
    /// savepoint: nobody was answered yet. An error means that the whole group is lost.
    pub fn run(&mut self, connection: &mut Connection, member: Box<dyn Work>) -> Result<()> {
        self.guarded |= member.is_once();
        self.list.push(member);
        let Some(member) = self.list.last_mut() else {
            return Ok(());
        };
        if self.guarded {
            return run_guarded(connection, member.as_mut());
        }
        if run_bare(connection, member.as_mut())? {
            return Ok(());
        }
        self.guarded = true;
        batch(connection, "rollback")?;
        batch(connection, "begin immediate")?;
        self.list
            .iter_mut()
            .try_for_each(|member| run_guarded(connection, member.as_mut()))
    }
}

/// Whether the operation did not fail.
fn run_bare(connection: &mut Connection, member: &mut dyn Work) -> Result<bool> {
    let stands = catch_unwind(AssertUnwindSafe(|| member.run(connection)))
        .map_err(|_| StoreError::Unavailable("an operation of this group panicked".to_owned()))?;
    // SQLite ends the transaction by itself on a full disk or an I/O error; a commit would then keep nothing.
    if connection.is_autocommit() {
        return Err(StoreError::Unavailable(
            "the engine ended the transaction (disk full or I/O error)".to_owned(),
        ));
    }
    Ok(stands)
}

fn run_guarded(connection: &mut Connection, member: &mut dyn Work) -> Result<()> {
    batch(connection, "savepoint member")?;
    if !run_bare(connection, member)? {
        batch(connection, "rollback to member")?;
    }
    batch(connection, "release member")
}

/// Runs a statement that only steers the transaction.
pub fn batch(connection: &Connection, sql: &str) -> Result<()> {
    let mut statement = connection.prepare_cached(sql).map_err(fault)?;
    statement.raw_execute().map(|_| ()).map_err(unavailable)
}
