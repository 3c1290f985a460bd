//! What happens, told to whoever listens.
//!
//! The chain is the stream: while anybody listens, one task of this process reads what was added to it,
//! whoever added it, another replica too. So each transition is told once and in order, and nothing is
//! told that is not stored. Who is too slow misses what was added and is dropped, alone.

pub(super) mod stream;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use datafog_core::{ApprovalNote, ApprovalState, ReceiptKind};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::watch;

use super::App;
use super::context::Stored;
use super::problem::{Kind, Problem};
use crate::identity::Caller;

/// What a listener may be behind by.
const BEHIND: usize = 1024;

/// Most listeners at once.
const MOST: usize = 2048;

/// How often the chain is looked at when nobody says that something changed.
const OFTEN: Duration = Duration::from_millis(250);

/// How often a listener is shown that the line is alive, and must still hold its credential.
pub(crate) const BEAT: Duration = Duration::from_secs(15);

/// A line that was added to the chain.
#[derive(Debug)]
pub(crate) struct Moved {
    pub(crate) tenant: String,
    pub(crate) seq: u64,
    pub(crate) line: Stored,
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
    pub(crate) fn transition(&self) -> Transition<'_> {
        let event = &self.line.event;
        match (event.kind, &event.approval) {
            _ if self.line.outcome.is_some() => Transition::Done,
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
    /// The last line that was handed out, while somebody reads the chain.
    last: Mutex<Option<u64>>,
}

impl Default for Live {
    fn default() -> Self {
        Self { sender: broadcast::Sender::new(BEHIND), last: Mutex::default() }
    }
}

impl Live {
    /// From where on the chain is read; `None` when nobody listens any more.
    fn position(&self) -> Option<u64> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if self.sender.receiver_count() == 0 {
            *last = None;
        }
        *last
    }

    /// The chain is read from here on; whether nobody read it before.
    fn begins(&self, head: u64) -> bool {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = last.is_none();
        last.get_or_insert(head);
        is_first
    }

    fn hand_out(&self, moved: Moved) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(moved.seq);
        // Nobody listens: then the next look ends the reading.
        let _nobody: Result<_, _> = self.sender.send(Arc::new(moved));
    }
}

/// Somebody who listens.
#[derive(Debug)]
pub(crate) struct Listener {
    receiver: broadcast::Receiver<Arc<Moved>>,
    changes: watch::Receiver<u64>,
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
        let (receiver, changes) = (app.live.sender.subscribe(), app.changes.subscribe());
        let head = app.store.head().await.map_err(|error| Problem::ours(&error))?;
        if app.live.begins(head) {
            tokio::spawn(read(Arc::clone(&app)));
        }
        Ok(Self { receiver, changes, app, caller, head })
    }

    /// What happened next in the caller's tenant; `None` when it was missed because the listener was too
    /// slow, or the server goes down.
    pub(crate) async fn next(&mut self) -> Option<Arc<Moved>> {
        loop {
            if self.app.is_ending() {
                return None;
            }
            tokio::select! {
                moved = self.receiver.recv() => match moved {
                    Ok(moved) if moved.seq > self.head && moved.tenant == self.caller.tenant => {
                        return Some(moved);
                    }
                    Ok(_) => {}
                    Err(RecvError::Closed | RecvError::Lagged(_)) => return None,
                },
                changed = self.changes.changed() => changed.ok()?,
            }
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

/// Reads the chain while anybody listens. A store that fails is asked again.
async fn read(app: Arc<App>) {
    let mut changes = app.changes.subscribe();
    while let Some(after) = app.live.position() {
        let added = app.store.tail(after).await.unwrap_or_default();
        if added.is_empty() {
            // Whether it was told or looks by itself, it looks.
            let _told_or_not: Result<_, _> = tokio::time::timeout(OFTEN, changes.changed()).await;
        }
        for (tenant, entry) in added {
            if let Ok(line) = Stored::of(&entry) {
                app.live.hand_out(Moved { tenant, seq: entry.seq, line });
            }
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
