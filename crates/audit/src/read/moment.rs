//! A moment as a person names it.

use core::fmt;
use std::time::SystemTime;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// A moment, to the microsecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(Timestamp);

impl Moment {
    /// Reads what a person typed: a time (`2026-11-21T09:30:00Z`, any offset), a day
    /// (`2026-11-21`, its beginning in UTC), or how long before `now` (`90s`, `15m`, `2h`, `3d`,
    /// `1h 30m`).
    ///
    /// # Errors
    /// When the text is none of these, or names a time that no calendar has.
    pub fn parse(text: &str, now: SystemTime) -> Result<Self, ParseMomentError> {
        let text = text.trim();
        Self::of_receipt(text)
            .or_else(|| Self::of_day(text))
            .or_else(|| Self::before(text, now))
            .ok_or(ParseMomentError)
    }

    /// Reads the time of a receipt.
    pub(crate) fn of_receipt(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    fn of_day(text: &str) -> Option<Self> {
        let day: Date = text.parse().ok()?;
        day.to_zoned(TimeZone::UTC).ok().map(|zoned| Self(zoned.timestamp()))
    }

    fn before(text: &str, now: SystemTime) -> Option<Self> {
        let days = text.strip_suffix('d').and_then(|days| days.trim().parse::<i64>().ok());
        let span = match days {
            Some(days) => SignedDuration::try_from_hours(days.checked_mul(24)?)?,
            None => text.parse::<SignedDuration>().ok()?,
        };
        let now = Timestamp::try_from(now).ok()?;
        if span.is_negative() { None } else { now.checked_sub(span).ok().map(Self) }
    }

    /// The moment that lies a day earlier, or the earliest that there is.
    pub(crate) fn day_before(self) -> Self {
        Self(self.0.checked_sub(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MIN))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.6}", self.0)
    }
}

/// The text names no moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a time like `2026-11-21T09:30:00Z`, a day like `2026-11-21`, or a span like `2h`"
)]
pub struct ParseMomentError;

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "a test may panic")]
mod tests {
    use std::time::Duration;

    use super::*;

    fn parse(text: &str) -> Option<String> {
        // 2023-11-14T22:13:20Z.
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        Moment::parse(text, now).ok().map(|moment| moment.to_string())
    }

    #[test]
    fn times_days_and_spans() {
        let moments = [
            ("2026-11-21T09:30:00Z", "2026-11-21T09:30:00.000000Z"),
            ("2026-11-21T09:30:00.5+02:00", "2026-11-21T07:30:00.500000Z"),
            (" 2026-11-21 ", "2026-11-21T00:00:00.000000Z"),
            ("2h", "2023-11-14T20:13:20.000000Z"),
            ("1h 30m", "2023-11-14T20:43:20.000000Z"),
            ("1d", "2023-11-13T22:13:20.000000Z"),
        ];
        for (text, expected) in moments {
            assert_eq!(parse(text).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "yesterday", "2026-13-01", "-2h", "99999999999999999d", "5"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
