//! How long each step took, for receipts and `explain`.

use std::time::{Duration, Instant};

/// Times of the steps of one run.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
    interpreted: Option<Instant>,
    inspected: Option<Instant>,
    decided: Option<Instant>,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self { start: Instant::now(), interpreted: None, inspected: None, decided: None }
    }

    pub(crate) fn interpreted(&mut self) {
        self.interpreted = Some(Instant::now());
    }

    pub(crate) fn inspected(&mut self) {
        self.inspected = Some(Instant::now());
    }

    pub(crate) fn decided(&mut self) {
        self.decided = Some(Instant::now());
    }

    /// Microseconds from the start to the decision, or to now when there is none yet.
    #[must_use]
    pub fn microseconds(&self) -> u64 {
        let end = self.decided.unwrap_or_else(Instant::now);
        u64::try_from(end.saturating_duration_since(self.start).as_micros()).unwrap_or(u64::MAX)
    }

    /// The steps by name, in order, with the time each took.
    #[must_use]
    pub fn steps(&self) -> [(&'static str, Duration); 3] {
        let between = |from: Option<Instant>, to: Option<Instant>| match (from, to) {
            (Some(from), Some(to)) => to.saturating_duration_since(from),
            _ => Duration::ZERO,
        };
        [
            ("interpret", between(Some(self.start), self.interpreted)),
            ("inspect", between(self.interpreted, self.inspected)),
            ("decide", between(self.inspected, self.decided)),
        ]
    }
}
