//! Whether decisions are carried out or only recorded.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

/// How far datafog goes. Ordered: a later one is stricter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Judge and record; never change what the command does, byte for byte.
    Observe,
    /// Judge, record and carry the decision out.
    Enforced,
}

impl Mode {
    /// The name used in files, on the command line and in receipts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Enforced => "enforced",
        }
    }

    /// The stricter of the two: layers may tighten a mode, never loosen it.
    #[must_use]
    pub fn tightened_by(self, other: Self) -> Self {
        self.max(other)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Mode {
    type Err = ParseModeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim().to_ascii_lowercase().as_str() {
            "observe" => Ok(Self::Observe),
            "enforced" | "enforce" => Ok(Self::Enforced),
            _ => Err(ParseModeError),
        }
    }
}

/// The text names no mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseModeError;

impl fmt::Display for ParseModeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected `observe` or `enforced`")
    }
}

impl core::error::Error for ParseModeError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_only_tightens() {
        assert_eq!(Mode::Enforced.tightened_by(Mode::Observe), Mode::Enforced);
        assert_eq!(Mode::Observe.tightened_by(Mode::Enforced), Mode::Enforced);
        assert_eq!(" Observe ".parse(), Ok(Mode::Observe));
        assert_eq!("off".parse::<Mode>(), Err(ParseModeError));
    }
}
