//! The one thread that writes.

use core::cell::Cell;
use core::iter;
use std::time::Instant;

use rusqlite::{Connection, params};
use tokio::sync::{mpsc, oneshot, watch};

use super::read;
use crate::store::chain::Head;
use crate::store::{Error, sql};

/// Something to be done in a transaction, or to be told that there is none. What it returns tells
/// the caller, once the commit has come to something.
pub(super) type Work = Box<dyn FnOnce(Result<&Batch<'_>, Error>) -> Told + Send>;

/// Tells a caller what came of the commit.
type Told = Box<dyn FnOnce(Result<(), Error>) + Send>;

/// A transaction that many share.
///
/// INVARIANT: while it is open, `head` is what the rows say; the row of the head itself is written
/// once, at the end.
#[derive(Debug)]
pub(super) struct Batch<'c> {
    pub(super) connection: &'c Connection,
    named: Head,
    head: Cell<Head>,
}

impl<'c> Batch<'c> {
    fn begin(connection: &'c Connection) -> Result<Self, Error> {
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        match read::head(connection) {
            Ok(named) => Ok(Self { connection, named, head: Cell::new(named) }),
            Err(error) => {
                undo(connection);
                Err(error)
            }
        }
    }

    /// The last line, of this transaction's too.
    pub(super) const fn head(&self) -> Head {
        self.head.get()
    }

    /// A line was added.
    pub(super) fn grows(&self, head: Head) {
        self.head.set(head);
    }

    /// Fails once the database ended the transaction by itself, as it does when its disk is full:
    /// what came then would stand alone.
    fn stands(&self) -> Result<(), Error> {
        match self.connection.is_autocommit() {
            true => Err(Error::Unavailable(String::from("the transaction was ended"))),
            false => Ok(()),
        }
    }

    /// Ends it; whether the chain grew.
    fn commit(&self) -> Result<bool, Error> {
        self.stands()?;
        let (head, grew) = (self.head.get(), self.head.get() != self.named);
        if grew {
            let values = params![head.seq as i64, head.hash.as_bytes()];
            self.connection.prepare_cached(sql::SET_HEAD)?.execute(values)?;
        }
        self.connection.prepare_cached("COMMIT")?.execute([])?;
        Ok(grew)
    }
}

/// `work` as the writer takes it.
pub(super) fn work<T: Send + 'static>(
    work: impl FnOnce(&Batch<'_>) -> Result<T, Error> + Send + 'static,
    reply: oneshot::Sender<Result<T, Error>>,
) -> Work {
    Box::new(move |batch| {
        let done = batch.and_then(|batch| batch.stands().and_then(|()| work(batch)));
        Box::new(move |commit| {
            // Who no longer waits does not need to know.
            let _gone: Result<(), _> = reply.send(commit.and(done));
        })
    })
}

/// The same work, undone alone when it fails.
pub(super) fn undone_alone<T>(
    work: impl FnOnce(&Batch<'_>) -> Result<T, Error>,
) -> impl FnOnce(&Batch<'_>) -> Result<T, Error> {
    move |batch| {
        let say = |text| batch.connection.prepare_cached(text)?.execute([]).map(drop);
        let before = batch.head();
        say("SAVEPOINT work")?;
        let done = work(batch);
        if done.is_err() {
            say("ROLLBACK TO work")?;
            batch.grows(before);
        }
        say("RELEASE work")?;
        done
    }
}

/// Writes until nobody can ask any more, and says when the chain grew.
pub(super) fn run(
    connection: &Connection,
    mut waiting: mpsc::Receiver<Work>,
    grown: &watch::Sender<()>,
) {
    while let Some(first) = waiting.blocking_recv() {
        let more = iter::from_fn(|| waiting.try_recv().ok()).take(sql::MOST);
        commit(connection, iter::once(first).chain(more), grown);
    }
}

/// Does all of `works` in one transaction, then tells everybody.
fn commit(connection: &Connection, works: impl Iterator<Item = Work>, grown: &watch::Sender<()>) {
    let start = Instant::now();
    let batch = Batch::begin(connection);
    let of = || batch.as_ref().map_err(Error::clone);
    let told: Vec<Told> = works.map(|work| work(of())).collect();
    let committed = batch.and_then(|batch| batch.commit());
    let micros = start.elapsed().as_micros();
    if committed.is_err() {
        tracing::warn!(writes = told.len(), micros, "the store took back what was written");
        undo(connection);
    } else {
        tracing::trace!(writes = told.len(), micros, "the store wrote");
    }
    let came = committed.as_ref().map(|_| ()).map_err(Error::clone);
    told.into_iter().for_each(|tell| tell(came.clone()));
    if committed.unwrap_or_default() {
        grown.send_replace(());
    }
}

/// Takes back what was begun, if anything. Whether this works or not, the next transaction finds out.
fn undo(connection: &Connection) {
    if !connection.is_autocommit() {
        let _undone: rusqlite::Result<()> = connection.execute_batch("ROLLBACK");
    }
}
