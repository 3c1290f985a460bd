//! A moment as it stands in an address: fixed, or so long ago.

use core::fmt;
use core::str::FromStr;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// Longest that can be looked back: a hundred years, in seconds.
const LONGEST: i64 = 100 * 365 * 24 * 3600;

/// Units of what was so long ago, the largest first, with their seconds.
const UNITS: [(char, i64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// A moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// So many seconds before now.
    Ago(i64),
    /// Microseconds since 1970.
    At(i64),
}

impl When {
    /// In microseconds since 1970, for somebody to whom it is `now`.
    #[must_use]
    pub const fn micros(self, now: i64) -> i64 {
        match self {
            Self::Ago(seconds) => now.saturating_sub(seconds.saturating_mul(1_000_000)),
            Self::At(micros) => micros,
        }
    }
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let at = |moment: Timestamp| Self::At(moment.as_microsecond());
        if let Ok(moment) = text.parse::<Timestamp>() {
            return Ok(at(moment));
        }
        let ago = UNITS.into_iter().find_map(|(unit, seconds)| {
            let number: i64 = text.strip_suffix(unit)?.parse().ok()?;
            number.checked_mul(seconds).filter(|span| (0..=LONGEST).contains(span))
        });
        if let Some(seconds) = ago {
            return Ok(Self::Ago(seconds));
        }
        // What a field for date and time sends has no zone: it is UTC.
        let civil = text.parse::<DateTime>().or_else(|_| {
            let day: Result<Date, _> = text.parse();
            day.map(|day| day.at(0, 0, 0, 0))
        });
        let moment = civil.ok().and_then(|civil| civil.to_zoned(TimeZone::UTC).ok());
        moment.map(|zoned| at(zoned.timestamp())).ok_or_else(|| {
            String::from("a time is `2026-11-21T09:30:00Z`, `2026-11-21`, or a span like `24h`")
        })
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ago(seconds) => {
                let fits = |(_, unit): &(char, i64)| seconds.checked_rem(*unit) == Some(0);
                let (letter, unit) = UNITS.into_iter().find(fits).unwrap_or(('s', 1));
                write!(f, "{}{letter}", seconds.checked_div(unit).unwrap_or(0))
            }
            Self::At(micros) => match Timestamp::from_microsecond(*micros) {
                Ok(moment) => write!(f, "{moment}"),
                Err(_) => Err(fmt::Error),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_and_written() {
        for (text, told) in [
            ("24h", "1d"),
            ("90m", "90m"),
            ("0s", "0d"),
            ("2026-11-21", "2026-11-21T00:00:00Z"),
            ("2026-11-21T09:30", "2026-11-21T09:30:00Z"),
            ("2026-11-21T09:30:00.5+02:00", "2026-11-21T07:30:00.5Z"),
        ] {
            assert_eq!(text.parse::<When>().unwrap().to_string(), told, "{text}");
        }
        for text in ["", "soon", "-1h", "h", "9999999999999d", "2026-13-01", "é"] {
            assert!(text.parse::<When>().is_err(), "{text}");
        }
        assert_eq!(When::Ago(60).micros(100_000_000), 40_000_000);
    }
}
