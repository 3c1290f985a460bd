//! Time that the thread itself spent.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// Time of this thread on a processor so far; other work on the machine counts little.
fn spent() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map(Duration::from).unwrap_or_default()
}

/// How long the work takes this thread.
pub(crate) fn time<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = spent();
    let result = work();
    (spent().saturating_sub(start), result)
}

/// The shortest of some rounds, and what the last one came to.
pub(crate) fn best<T>(rounds: usize, mut work: impl FnMut() -> T) -> (Duration, T) {
    let (mut best, mut last) = time(&mut work);
    for _ in 1..rounds {
        let (next, result) = time(&mut work);
        best = best.min(next);
        last = result;
    }
    (best, last)
}
