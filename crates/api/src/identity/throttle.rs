//! How often somebody may try to log in by one name.
//!
//! Names are spread over a fixed number of buckets by a digest that nobody outside can work out, so
//! that trying many names costs no memory and nobody can be made to share a bucket with somebody else.
//! It is counted for each server by itself.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use datafog_core::Key;

/// Tries that may come at once.
const TRIES: f64 = 5.0;

/// Seconds until one more may come.
const AGAIN: f64 = 12.0;

/// How many buckets there are.
const BUCKETS: usize = 4096;

/// Tries by name.
#[derive(Debug)]
pub(crate) struct Throttle {
    key: Key,
    buckets: Mutex<Vec<Option<(f64, Instant)>>>,
}

impl Throttle {
    /// Names are spread by this key.
    pub(crate) fn new(key: Key) -> Self {
        Self { key, buckets: Mutex::new(vec![None; BUCKETS]) }
    }

    /// Takes one try; `Err` with the seconds to wait when there is none left.
    pub(crate) fn take(&self, name: &str, now: Instant) -> Result<(), u64> {
        self.change(name, now, |left| {
            if *left >= 1.0 {
                *left -= 1.0;
                return Ok(());
            }
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a second to a few"
            )]
            Err(((1.0 - *left) * AGAIN).ceil().max(1.0) as u64)
        })
    }

    /// Whoever tried was right: it does not count.
    pub(crate) fn give_back(&self, name: &str, now: Instant) {
        self.change(name, now, |left| *left = (*left + 1.0).min(TRIES));
    }

    fn change<T>(&self, name: &str, now: Instant, change: impl FnOnce(&mut f64) -> T) -> T {
        let digest = self.key.digest("login", [name.as_bytes()]);
        let place = digest.as_bytes().iter().take(2);
        let place = place.fold(0_usize, |place, byte| place << 8 | usize::from(*byte));
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let mut none = None;
        let slot = buckets.get_mut(place.rem_euclid(BUCKETS)).unwrap_or(&mut none);
        let (left, last) = slot.get_or_insert((TRIES, now));
        let passed = now.saturating_duration_since(*last).as_secs_f64();
        *left = (*left + passed / AGAIN).min(TRIES);
        *last = now;
        change(left)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn s1_the_sixth_wrong_try_waits_and_others_do_not() {
        let (throttle, now) = (Throttle::new(Key::new(&[7; 32])), Instant::now());
        let take = |name, seconds| throttle.take(name, now + Duration::from_secs(seconds));
        assert!((0..5).all(|_| take("ann", 0).is_ok()));
        assert_eq!((take("ann", 0), take("ann", 4)), (Err(12), Err(8)));
        assert_eq!(take("bob", 4), Ok(()));
        assert_eq!((take("ann", 12), take("ann", 12)), (Ok(()), Err(12)));
        throttle.give_back("ann", now + Duration::from_secs(12));
        assert_eq!(take("ann", 12), Ok(()));
    }
}
