//! How often one credential may ask: a bucket each, filled by the second.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

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
    rate: f64,
    buckets: Mutex<HashMap<String, (f64, Instant)>>,
}

impl Rates {
    pub(crate) fn of(rate: u32) -> Self {
        Self { rate: f64::from(rate), buckets: Mutex::default() }
    }

    /// Most requests of one second.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it was made of a u32"
    )]
    pub(crate) const fn most(&self) -> u32 {
        self.rate as u32
    }

    /// Whether one more request may come at the moment.
    pub(crate) fn takes(&self, credential: &str, now: Instant) -> Taken {
        if self.rate <= 0.0 {
            return Taken::Uncounted;
        }
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MOST {
            buckets.retain(|_, (_, last)| now.saturating_duration_since(*last).as_secs() < 1);
        }
        let (left, last) = buckets.entry(credential.to_owned()).or_insert((self.rate, now));
        let passed = now.saturating_duration_since(*last).as_secs_f64();
        *left = passed.mul_add(self.rate, *left).min(self.rate);
        *last = now;
        if *left < 1.0 {
            return Taken::TooMany;
        }
        *left -= 1.0;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to a u32")]
        Taken::Left(*left as u32)
    }
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
        assert!((0..100).all(|_| Rates::of(0).takes("a", now) == Taken::Uncounted));
    }
}
