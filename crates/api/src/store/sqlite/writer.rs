//! The one thread that writes.

use core::iter;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::store::{Error, sql};

/// Something to be done in a transaction, or to be told that there is none. What it returns tells
/// the caller, once the commit has come to something.
pub(super) type Work = Box<dyn FnOnce(Result<&Connection, Error>) -> Told + Send>;

/// Tells a caller what came of the commit.
type Told = Box<dyn FnOnce(Result<(), Error>) + Send>;

/// `work` as the writer takes it. It is undone alone when it fails.
pub(super) fn work<T: Send + 'static>(
    work: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    reply: oneshot::Sender<Result<T, Error>>,
) -> Work {
    Box::new(move |connection| {
        let done = connection.and_then(|connection| by_itself(connection, work));
        Box::new(move |commit| {
            // Who no longer waits does not need to know.
            let _gone: Result<(), _> = reply.send(commit.and(done));
        })
    })
}

/// Does `work` within a savepoint.
fn by_itself<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, Error>,
) -> Result<T, Error> {
    let say = |text| connection.prepare_cached(text)?.execute([]).map(drop);
    say("SAVEPOINT work")?;
    let done = work(connection);
    if done.is_err() {
        say("ROLLBACK TO work")?;
    }
    say("RELEASE work")?;
    done
}

/// Writes until nobody can ask any more.
pub(super) fn run(connection: &Connection, mut waiting: mpsc::Receiver<Work>) {
    while let Some(first) = waiting.blocking_recv() {
        let more = iter::from_fn(|| waiting.try_recv().ok()).take(sql::MOST);
        commit(connection, iter::once(first).chain(more));
    }
}

/// Does all of `batch` in one transaction, then tells everybody.
fn commit(connection: &Connection, batch: impl Iterator<Item = Work>) {
    let begun = connection.execute_batch("BEGIN IMMEDIATE").map_err(Error::from);
    let of = || begun.as_ref().map(|()| connection).map_err(Error::clone);
    let told: Vec<Told> = batch.map(|work| work(of())).collect();
    let committed = begun.and_then(|()| connection.execute_batch("COMMIT").map_err(Error::from));
    if committed.is_err() && !connection.is_autocommit() {
        // Whether this works or not, the next transaction finds out.
        let _undone: rusqlite::Result<()> = connection.execute_batch("ROLLBACK");
    }
    told.into_iter().for_each(|tell| tell(committed.clone()));
}
