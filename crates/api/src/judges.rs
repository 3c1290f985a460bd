//! Threads that judge: each has a judge, with key and policy open.

use core::fmt;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::io;
use std::time::Instant;

use datafog_gate::Judge;
use tokio::sync::{mpsc, oneshot};

/// Questions that may wait for one thread; who comes then waits for room.
const WAITING: usize = 1024;

/// Something that is asked of a judge.
type Work = Box<dyn FnOnce(&Judge<'static>) + Send>;

/// The judges of a server.
pub struct Judges {
    judges: Vec<mpsc::Sender<Work>>,
    next: AtomicUsize,
}

impl fmt::Debug for Judges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Judges").field("count", &self.judges.len()).finish_non_exhaustive()
    }
}

/// Why there is no judge, or no answer of one.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Key, settings or policy could not be read.
    #[error(transparent)]
    Gate(#[from] datafog_gate::Error),
    /// The system gives no thread.
    #[error("cannot start a thread: {0}")]
    Thread(#[from] io::Error),
    /// The thread ended: judging came to a fault of ours.
    #[error("nobody judges")]
    Gone,
}

impl Judges {
    /// So many judges, at least one, each opened by `open` on its own thread.
    ///
    /// # Errors
    /// When the first judge that cannot be opened cannot, or there is no thread.
    pub async fn open(
        count: usize,
        open: impl Fn() -> Result<Judge<'static>, datafog_gate::Error> + Clone + Send + 'static,
    ) -> Result<Self, Error> {
        let mut judges = Vec::new();
        for number in 0..count.max(1) {
            let (judge, work) = mpsc::channel(WAITING);
            let (opened, answer) = oneshot::channel();
            let open = open.clone();
            std::thread::Builder::new()
                .name(format!("judge-{number}"))
                .spawn(move || run(&open, opened, work))?;
            answer.await.map_err(|_| Error::Gone)??;
            judges.push(judge);
        }
        Ok(Self { judges, next: AtomicUsize::new(0) })
    }

    /// Has the next judge do `work`, by what is in force now.
    ///
    /// # Errors
    /// [`Error::Gone`] when the judge's thread ended.
    pub async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Judge<'static>) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        let work: Work = Box::new(move |judge| {
            // Who no longer waits does not need to know.
            let _gone: Result<(), T> = reply.send(work(judge));
        });
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let number = number.checked_rem(self.judges.len()).ok_or(Error::Gone)?;
        let judge = self.judges.get(number).ok_or(Error::Gone)?;
        judge.send(work).await.map_err(|_| Error::Gone)?;
        answer.await.map_err(|_| Error::Gone)
    }
}

/// Opens a judge, says how that went, and has it work until nobody can ask any more.
fn run(
    open: &impl Fn() -> Result<Judge<'static>, datafog_gate::Error>,
    opened: oneshot::Sender<Result<(), datafog_gate::Error>>,
    mut waiting: mpsc::Receiver<Work>,
) {
    let mut judge = match open() {
        Ok(judge) => judge,
        Err(error) => {
            let _gone: Result<(), _> = opened.send(Err(error));
            return;
        }
    };
    let _gone: Result<(), _> = opened.send(Ok(()));
    while let Some(work) = waiting.blocking_recv() {
        let start = Instant::now();
        judge.refresh();
        work(&judge);
        tracing::trace!(waiting = waiting.len(), micros = start.elapsed().as_micros(), "judged");
    }
}
