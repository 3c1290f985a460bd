//! Something long that is done once at a time, beside the requests that ask for it and look at it.
//!
//! A request may take fifteen seconds; reading a whole chain, or starting every shell, may take longer. It
//! is begun by a form, goes on by itself, and its page tells how it stands: a script asks again each second,
//! and without one the page is loaded again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use maud::{Markup, html};

use super::{parts, rows};

/// A long piece of work and what came of it the last time.
#[derive(Debug)]
pub(crate) struct Job<T>(Mutex<Stand<T>>);

/// How it stands. Moments are microseconds since 1970.
#[derive(Debug)]
pub(crate) enum Stand<T> {
    /// Nobody asked for it since the server started.
    Never,
    /// Since then it is being done.
    Running(i64),
    /// That came of it, and when.
    Done(i64, Arc<T>),
}

impl<T> Clone for Stand<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Never => Self::Never,
            Self::Running(since) => Self::Running(*since),
            Self::Done(at, what) => Self::Done(*at, Arc::clone(what)),
        }
    }
}

impl<T> Default for Job<T> {
    fn default() -> Self {
        Self(Mutex::new(Stand::Never))
    }
}

impl<T: Send + Sync + 'static> Job<T> {
    /// How it stands.
    pub(crate) fn stand(&self) -> Stand<T> {
        self.inside().clone()
    }

    /// Does `work`, unless it is being done already. `of` finds the job in what it belongs to; work that
    /// fails leaves what came before.
    pub(crate) fn begin<O: Send + Sync + 'static>(
        owner: &Arc<O>,
        of: fn(&O) -> &Self,
        work: impl Future<Output = T> + Send + 'static,
    ) {
        let before = {
            let mut inside = of(owner).inside();
            if matches!(*inside, Stand::Running(_)) {
                return;
            }
            core::mem::replace(&mut *inside, Stand::Running(rows::now()))
        };
        let owner = Arc::clone(owner);
        tokio::spawn(async move {
            let done = tokio::spawn(work).await;
            let stand = done.map_or(before, |what| Stand::Done(rows::now(), Arc::new(what)));
            *of(&owner).inside() = stand;
        });
    }

    fn inside(&self) -> MutexGuard<'_, Stand<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Stand<T> {
    /// Whether it is being done.
    pub(crate) const fn is_running(&self) -> bool {
        matches!(self, Self::Running(_))
    }

    /// What a page says of work that goes on; `address` is that of a part that says it anew.
    pub(crate) fn told(
        &self,
        (what, address): (&str, &str),
        shown: impl Fn(&T) -> Markup,
    ) -> Markup {
        match self {
            Self::Never => html! {},
            Self::Running(since) => html! {
                div.notice role="status" data-poll=(address) {
                    p { b { (what) } " since " (rows::at(*since)) ". It goes on by itself; what comes of it stands here then." }
                    p.unscripted { "Load the page again to see." }
                }
            },
            Self::Done(at, done) => html! {
                p.quiet { "Done " (parts::moment(u64::try_from(at / 1000).unwrap_or(0))) "." }
                (shown(done))
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default)]
    struct Owner(Job<u32>);

    #[tokio::test]
    async fn work_is_done_once_at_a_time_and_what_came_of_it_stays() {
        let owner = Arc::new(Owner::default());
        let (say, wait) = tokio::sync::oneshot::channel::<u32>();
        Job::begin(&owner, |it| &it.0, async move { wait.await.unwrap() });
        Job::begin(&owner, |it| &it.0, async { 8 });
        assert!(owner.0.stand().is_running());
        say.send(7).unwrap();
        while owner.0.stand().is_running() {
            tokio::task::yield_now().await;
        }
        assert!(matches!(owner.0.stand(), Stand::Done(_, what) if *what == 7));
        // What fails leaves what came before.
        Job::begin(&owner, |it| &it.0, async { panic!("it fails") });
        while owner.0.stand().is_running() {
            tokio::task::yield_now().await;
        }
        assert!(matches!(owner.0.stand(), Stand::Done(_, what) if *what == 7));
    }
}
