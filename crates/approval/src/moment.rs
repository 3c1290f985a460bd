//! Moments and deadlines that setting the clock back does not move.
//!
//! A moment is told by two clocks: the time of day, which a person reads and anybody with rights may
//! set, and the time since the machine started, which nobody can. While the machine runs the second
//! one decides; after a restart only the first is left, and a clock that stands before the moment
//! when something was asked has been set back, so that counts as late.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use nix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// Where Linux names the start of the machine (random(4)).
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// A moment by two clocks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// Milliseconds since 1970, UTC, by the machine's clock.
    pub wall: u64,
    /// The other clock; `None` where the system does not tell which start it counts from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot: Option<Boot>,
}

/// A moment counted from a start of the machine, time asleep included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Boot {
    /// Names that start.
    pub id: String,
    /// Milliseconds since then.
    pub milliseconds: u64,
}

impl Moment {
    /// This moment.
    #[must_use]
    pub fn now() -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { wall: u64::try_from(wall.as_millis()).unwrap_or(u64::MAX), boot: Boot::now() }
    }
}

impl Boot {
    fn now() -> Option<Self> {
        let id = fs::read_to_string(BOOT_ID).ok()?;
        let now = clock_gettime(SINCE_BOOT).ok()?;
        let seconds = u64::try_from(now.tv_sec()).ok()?;
        let milliseconds = u64::try_from(now.tv_nsec()).ok()?.checked_div(1_000_000)?;
        let milliseconds = seconds.checked_mul(1000)?.checked_add(milliseconds)?;
        Some(Self { id: id.trim().to_owned(), milliseconds })
    }
}

/// Counts time asleep, too.
#[cfg(target_os = "linux")]
const SINCE_BOOT: ClockId = ClockId::CLOCK_BOOTTIME;

/// Never used: other systems have no name for a start of the machine where Linux has it.
#[cfg(not(target_os = "linux"))]
const SINCE_BOOT: ClockId = ClockId::CLOCK_MONOTONIC;

/// So many seconds from a moment on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    /// From when it counts.
    pub from: Moment,
    /// How long, in seconds.
    pub seconds: u32,
}

impl Deadline {
    /// The deadline `seconds` after `from`.
    #[must_use]
    pub const fn after(from: Moment, seconds: u32) -> Self {
        Self { from, seconds }
    }

    /// Whether it is over at `now`. Where the two clocks disagree, the one that says so is believed.
    #[must_use]
    pub fn is_over(&self, now: &Moment) -> bool {
        let length = u64::from(self.seconds).saturating_mul(1000);
        let late = |from: u64, now: u64| now >= from.saturating_add(length);
        let by_wall = late(self.from.wall, now.wall);
        match (&self.from.boot, &now.boot) {
            (Some(from), Some(now)) if from.id == now.id => {
                by_wall
                    || now.milliseconds < from.milliseconds
                    || late(from.milliseconds, now.milliseconds)
            }
            (Some(_) | None, Some(_) | None) => by_wall || now.wall < self.from.wall,
        }
    }

    /// How many whole seconds are left at `now`, by the time of day; none when it is over.
    #[must_use]
    pub fn seconds_left(&self, now: &Moment) -> u64 {
        if self.is_over(now) {
            return 0;
        }
        let passed = match (&self.from.boot, &now.boot) {
            (Some(from), Some(now)) if from.id == now.id => {
                now.milliseconds.saturating_sub(from.milliseconds)
            }
            (Some(_) | None, Some(_) | None) => now.wall.saturating_sub(self.from.wall),
        };
        u64::from(self.seconds).saturating_sub(passed.checked_div(1000).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(wall: u64, boot: Option<(&str, u64)>) -> Moment {
        let boot = boot.map(|(id, milliseconds)| Boot { id: id.to_owned(), milliseconds });
        Moment { wall, boot }
    }

    #[test]
    fn the_last_second_counts_and_the_next_does_not() {
        let deadline = Deadline::after(at(1_000_000, Some(("a", 500))), 60);
        assert!(!deadline.is_over(&at(1_059_999, Some(("a", 60_499)))));
        assert!(deadline.is_over(&at(1_060_000, Some(("a", 60_499)))));
        assert!(deadline.is_over(&at(1_059_999, Some(("a", 60_500)))));
        assert_eq!(deadline.seconds_left(&at(1_030_000, Some(("a", 30_500)))), 30);
    }

    #[test]
    fn setting_the_clock_back_extends_nothing() {
        let deadline = Deadline::after(at(1_000_000, Some(("a", 500))), 60);
        // The clock stands still or goes back; the time since the start does not.
        assert!(deadline.is_over(&at(1_000_001, Some(("a", 70_000)))));
        assert!(deadline.is_over(&at(0, Some(("a", 70_000)))));
        assert!(!deadline.is_over(&at(0, Some(("a", 10_000)))), "it is not late by that either");
        // After a restart, and where there is only one clock.
        for boot in [Some(("b", 10)), None] {
            assert!(deadline.is_over(&at(999_999, boot)), "{boot:?}");
            assert!(!deadline.is_over(&at(1_000_001, boot)), "{boot:?}");
            assert!(deadline.is_over(&at(1_060_000, boot)), "{boot:?}");
        }
    }

    #[test]
    fn this_machine_tells_both_clocks() {
        let (one, two) = (Moment::now(), Moment::now());
        assert!(one.wall > 1_600_000_000_000 && two.wall >= one.wall);
        if cfg!(target_os = "linux") {
            assert_eq!(one.boot.unwrap().id, two.boot.unwrap().id);
        }
    }
}
