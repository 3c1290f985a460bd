//! How often one credential may ask: a bucket each, filled by the second.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Most credentials that are counted; they were let in, so there are few.
const MOST: usize = 65_536;

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

    /// Whether one more request may come at the moment.
    pub(crate) fn takes(&self, credential: &str, now: Instant) -> bool {
        if self.rate <= 0.0 {
            return true;
        }
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MOST {
            buckets.retain(|_, (_, last)| now.saturating_duration_since(*last).as_secs() < 1);
        }
        let (left, last) = buckets.entry(credential.to_owned()).or_insert((self.rate, now));
        let passed = now.saturating_duration_since(*last).as_secs_f64();
        *left = passed.mul_add(self.rate, *left).min(self.rate);
        *last = now;
        let takes = *left >= 1.0;
        if takes {
            *left -= 1.0;
        }
        takes
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
        assert_eq!([takes("a", 0), takes("a", 1), takes("a", 2)], [true, true, false]);
        assert!(takes("b", 2), "each has a bucket of its own");
        assert!(takes("a", 600) && !takes("a", 601));
        assert!((0..100).all(|_| Rates::of(0).takes("a", now)));
    }
}
