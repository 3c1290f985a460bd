//! How often one credential may ask: a bucket each, filled by the second.
//!
//! A server alone counts in its memory. Where several share a store, the store counts for all of them,
//! and each draws as many at a time as it needs for a moment: one that asks much costs few questions.

mod block;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::store::{Error, Store};
use block::Blocks;

/// Most credentials that are counted; they were let in, so there are few.
const MOST: usize = 65_536;

/// Whether one more request may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It may, and so many more may follow at once.
    Left(u32),
    /// It may not: too many came within the second.
    TooMany,
    /// It may: nothing is counted.
    Uncounted,
}

/// Buckets by credential.
#[derive(Debug)]
pub(crate) struct Rates {
    /// Requests per second, and the most that may come at once; 0 for any number.
    rate: u32,
    buckets: Mutex<HashMap<String, (f64, Instant)>>,
    /// What was drawn from those of the store.
    blocks: Blocks,
}

impl Rates {
    pub(crate) fn of(rate: u32) -> Self {
        Self { rate, buckets: Mutex::default(), blocks: Blocks::default() }
    }

    /// Most requests of one second.
    pub(crate) const fn most(&self) -> u32 {
        self.rate
    }

    /// Whether one more request may come now.
    ///
    /// # Errors
    /// When the store counts and does not answer: then nobody knows.
    pub(crate) async fn count(&self, store: &dyn Store, credential: &str) -> Result<Taken, Error> {
        if self.rate == 0 {
            return Ok(Taken::Uncounted);
        }
        match store.counter() {
            Some(counter) => self.blocks.take(counter, (credential, self.rate)).await,
            None => Ok(self.takes(credential, Instant::now())),
        }
    }

    /// Whether one more request may come at the moment, as far as this process counts.
    fn takes(&self, credential: &str, now: Instant) -> Taken {
        let rate = f64::from(self.rate);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MOST {
            buckets.retain(|_, (_, last)| now.saturating_duration_since(*last).as_secs() < 1);
        }
        let (left, last) = buckets.entry(credential.to_owned()).or_insert((rate, now));
        let passed = now.saturating_duration_since(*last).as_secs_f64();
        *left = passed.mul_add(rate, *left).min(rate);
        *last = now;
        if *left < 1.0 {
            return Taken::TooMany;
        }
        *left -= 1.0;
        Taken::Left(whole(*left))
    }
}

/// So many whole requests.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to a u32")]
fn whole(left: f64) -> u32 {
    left as u32
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_third_of_two_a_second_waits() {
        let (rates, now) = (Rates::of(2), Instant::now());
        let takes = |credential, milliseconds| {
            rates.takes(credential, now + Duration::from_millis(milliseconds))
        };
        let expected = [Taken::Left(1), Taken::Left(0), Taken::TooMany];
        assert_eq!([takes("a", 0), takes("a", 1), takes("a", 2)], expected);
        assert_eq!(takes("b", 2), Taken::Left(1), "each has a bucket of its own");
        assert_eq!([takes("a", 600), takes("a", 601)], [Taken::Left(0), Taken::TooMany]);
    }

    #[tokio::test]
    async fn without_a_rate_nothing_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let store = crate::store::Sqlite::open(&folder.path().join("store.db")).unwrap();
        for _ in 0..100 {
            assert_eq!(Rates::of(0).count(&store, "a").await.unwrap(), Taken::Uncounted);
        }
    }
}
