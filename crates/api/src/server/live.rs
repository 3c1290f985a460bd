//! What happens, told to whoever listens.
//!
//! The chain is the stream: while anybody listens, or waits for an answer, one task of this process reads
//! what was added to it, whoever added it, another replica too. So each transition is told once and in
//! order, and nothing is told that is not stored. Who is too slow misses what was added and is dropped,
//! alone.

pub(crate) mod socket;
pub(super) mod stream;
mod waiters;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use datafog_core::{ApprovalNote, ApprovalState, Id, ReceiptKind};
use serde::Deserialize;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::watch;

use super::App;
use super::context::Stored;
use super::problem::{Kind, Problem};
use crate::identity::Caller;
use crate::store::Entry;
pub(crate) use waiters::Waiter;
use waiters::Waiters;

/// What a listener may be behind by.
const BEHIND: usize = 1024;

/// Most listeners at once.
const MOST: usize = 2048;

/// How often the chain is looked at when nobody says that it grew.
const OFTEN: Duration = Duration::from_secs(1);

/// How often a listener is shown that the line is alive, and must still hold its credential.
pub(crate) const BEAT: Duration = Duration::from_secs(15);

/// A line that was added to the chain.
#[derive(Debug)]
pub(crate) struct Moved {
    pub(crate) tenant: String,
    pub(crate) seq: u64,
    pub(crate) line: Stored,
    /// The same as a server-sent event, once somebody was told it.
    event: OnceLock<Bytes>,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transition<'a> {
    /// A person is asked.
    Held(&'a ApprovalNote),
    /// A person answered, or nobody did in time.
    Answered(&'a ApprovalNote),
    /// Something was decided without a new question.
    Decided,
    /// It is known what was done.
    Done,
}

impl Moved {
    pub(crate) const fn new(tenant: String, seq: u64, line: Stored) -> Self {
        Self { tenant, seq, line, event: OnceLock::new() }
    }

    pub(crate) fn transition(&self) -> Transition<'_> {
        let event = &self.line.event;
        match (event.kind, &event.approval) {
            _ if self.line.outcome.is_some() => Transition::Done,
            // What was done to the server itself.
            (ReceiptKind::Outcome, None) => Transition::Done,
            (ReceiptKind::Outcome, Some(note)) => Transition::Answered(note),
            // Who asks again for the same is no new question.
            (_, Some(note))
                if note.state == ApprovalState::Pending && note.id == event.receipt_id =>
            {
                Transition::Held(note)
            }
            _ => Transition::Decided,
        }
    }
}

/// Where what was added is handed out.
#[derive(Debug)]
pub(crate) struct Live {
    sender: broadcast::Sender<Arc<Moved>>,
    waiters: Waiters,
    /// The last line that was handed out, while somebody reads the chain.
    last: Mutex<Option<u64>>,
}

impl Default for Live {
    fn default() -> Self {
        let (sender, last) = (broadcast::Sender::new(BEHIND), Mutex::default());
        Self { sender, waiters: Waiters::default(), last }
    }
}

/// The one member of a line that those who wait are woken by.
#[derive(Deserialize)]
struct Noted {
    approval: Option<ApprovalNote>,
}

impl Live {
    /// From where on the chain is read; `None` when nobody listens or waits any more.
    fn position(&self) -> Option<u64> {
        let mut last = self.last();
        if self.sender.receiver_count() == 0 && self.waiters.is_empty() {
            *last = None;
        }
        *last
    }

    /// The chain is read from here on; whether nobody read it before.
    fn begins(&self, head: u64) -> bool {
        let mut last = self.last();
        let is_first = last.is_none();
        last.get_or_insert(head);
        is_first
    }

    fn hand_out(&self, tenant: String, entry: &Entry) {
        *self.last() = Some(entry.seq);
        if entry.line.contains(r#""approval":{"#)
            && let Ok(Noted { approval: Some(note) }) = serde_json::from_str(&entry.line)
        {
            self.waiters.wake(note.id);
        }
        if self.sender.receiver_count() > 0
            && let Ok(line) = Stored::of(entry)
        {
            // Nobody listens any more: then the next look ends the reading.
            let _nobody: Result<_, _> =
                self.sender.send(Arc::new(Moved::new(tenant, entry.seq, line)));
        }
    }

    fn last(&self) -> std::sync::MutexGuard<'_, Option<u64>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody waits for what becomes of a request: what is read from the store after this, and what wakes
/// them, leave nothing out between them.
pub(crate) async fn waiter(app: &Arc<App>, id: Id) -> Result<Waiter<'_>, Problem> {
    let waiter = Waiter::new(&app.live.waiters, id);
    if app.live.last().is_none() {
        followed(app).await?;
    }
    Ok(waiter)
}

/// Has the chain read from now on; the number of its last line.
async fn followed(app: &Arc<App>) -> Result<u64, Problem> {
    let head = app.store.head().await.map_err(|error| Problem::unread(&error))?;
    if app.live.begins(head) {
        tokio::spawn(read(Arc::clone(app)));
    }
    Ok(head)
}

/// Somebody who listens.
#[derive(Debug)]
pub(crate) struct Listener {
    receiver: broadcast::Receiver<Arc<Moved>>,
    ending: watch::Receiver<bool>,
    desk: Option<watch::Receiver<()>>,
    app: Arc<App>,
    caller: Caller,
    /// What the snapshot has already.
    pub(crate) head: u64,
}

impl Listener {
    /// Begins to listen. What is read from the store after this and what comes from [`Self::next`] leave
    /// nothing out between them.
    pub(crate) async fn new(app: Arc<App>, caller: Caller) -> Result<Self, Problem> {
        if app.live.sender.receiver_count() >= MOST {
            return Err(Problem::new(Kind::Rate, "too many listen already"));
        }
        let (receiver, ending) = (app.live.sender.subscribe(), app.ending.subscribe());
        let head = followed(&app).await?;
        Ok(Self { receiver, ending, desk: None, app, caller, head })
    }

    /// What happened next in the caller's tenant; `None` when it was missed because the listener was too
    /// slow, or the server goes down.
    pub(crate) async fn next(&mut self) -> Option<Arc<Moved>> {
        loop {
            tokio::select! {
                moved = self.receiver.recv() => match moved {
                    Ok(moved) if moved.seq > self.head && moved.tenant == self.caller.tenant => {
                        return Some(moved);
                    }
                    Ok(_) => {}
                    Err(RecvError::Closed | RecvError::Lagged(_)) => return None,
                },
                _ending = self.ending.wait_for(|is_ending| *is_ending) => return None,
            }
        }
    }

    /// The same for somebody who has a say at this machine's desk, too.
    pub(crate) fn with_desk(self) -> Self {
        Self { desk: Some(self.app.moved.subscribe()), ..self }
    }

    /// Returns when something changed at this machine's desk; never for who has no say there.
    pub(crate) async fn desk_moved(desk: &mut Option<watch::Receiver<()>>) {
        let moved = match desk {
            Some(desk) => desk.changed().await.is_ok(),
            None => false,
        };
        if !moved {
            core::future::pending::<()>().await;
        }
    }

    /// Whether the credential that was shown at the beginning still holds.
    pub(crate) async fn holds(&self) -> bool {
        self.app.keyring.holds(&self.caller).await.unwrap_or(false)
    }

    pub(crate) const fn caller(&self) -> (&Arc<App>, &Caller) {
        (&self.app, &self.caller)
    }
}

/// Reads the chain while anybody listens or waits. A store that fails is asked again.
async fn read(app: Arc<App>) {
    let mut grown = app.store.grown();
    while let Some(after) = app.live.position() {
        let added = app.store.tail(after).await.unwrap_or_default();
        if added.is_empty() {
            // Whether it was told or looks by itself, it looks.
            let _told_or_not: Result<_, _> = tokio::time::timeout(OFTEN, grown.changed()).await;
        }
        for (tenant, entry) in added {
            app.live.hand_out(tenant, &entry);
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    impl Live {
        /// Hands out the same so often.
        pub(in crate::server) fn repeat(&self, moved: &Arc<Moved>, times: usize) {
            for _ in 0..times {
                self.sender.send(Arc::clone(moved)).unwrap();
            }
        }
    }

    /// More than a listener may be behind by.
    pub(in crate::server) const TOO_MANY: usize = BEHIND + 1;
}
