//! Who waits for an answer to a request: they look at it again when the chain says that something
//! became of it.
//!
//! Only who waits for that very request is woken, so that ten thousand of them cost nothing while
//! others are answered.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use datafog_core::Id;
use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

/// Requests that somebody waits for.
#[derive(Debug, Default)]
pub(super) struct Waiters {
    all: Mutex<HashMap<Id, (usize, Arc<Notify>)>>,
}

impl Waiters {
    /// Whether nobody waits.
    pub(super) fn is_empty(&self) -> bool {
        self.all().is_empty()
    }

    /// Something became of a request.
    pub(super) fn wake(&self, id: Id) {
        if let Some((_, notify)) = self.all().get(&id) {
            notify.notify_waiters();
        }
    }

    fn all(&self) -> std::sync::MutexGuard<'_, HashMap<Id, (usize, Arc<Notify>)>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who waits.
#[derive(Debug)]
pub(crate) struct Waiter<'a> {
    waiters: &'a Waiters,
    id: Id,
    notify: Arc<Notify>,
}

impl<'a> Waiter<'a> {
    pub(super) fn new(waiters: &'a Waiters, id: Id) -> Self {
        let mut all = waiters.all();
        let (count, notify) = all.entry(id).or_default();
        *count = count.saturating_add(1);
        let notify = Arc::clone(notify);
        drop(all);
        Self { waiters, id, notify }
    }

    /// Comes to its end once something became of the request after this call.
    pub(crate) fn woken(&self) -> OwnedNotified {
        Arc::clone(&self.notify).notified_owned()
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        let mut all = self.waiters.all();
        if let Some((count, _)) = all.get_mut(&self.id) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                all.remove(&self.id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn who_waits_for_a_request_is_woken_by_it_alone() {
        let (waiters, one, other) = (Waiters::default(), Id::new(1, [1; 10]), Id::new(1, [2; 10]));
        let (first, second) = (Waiter::new(&waiters, one), Waiter::new(&waiters, one));
        let (woken, early) = (first.woken(), second.woken());
        waiters.wake(other);
        assert!(second.woken().now_or_never().is_none());
        waiters.wake(one);
        assert!(woken.now_or_never().is_some() && early.now_or_never().is_some());
        assert!(first.woken().now_or_never().is_none(), "each look is one of its own");
        drop(first);
        assert!(!waiters.is_empty());
        drop(second);
        assert!(waiters.is_empty());
    }
}
