//! What people said of a value that was found, as it is stored: by its fingerprint, never by itself.

use core::str::FromStr;

/// What somebody said of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MarkState {
    /// It is dealt with; seen again, it is open again.
    Fixed,
    /// It needs nothing.
    Ignored,
    /// It is to be dealt with, whatever was said before.
    Open,
}

/// The last word about a value. Moments are microseconds since 1970, UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The value's keyed digest, in hex.
    pub fingerprint: String,
    /// What was said.
    pub state: MarkState,
    /// Why.
    pub reason: String,
    /// By whom.
    pub author: String,
    /// When.
    pub at: i64,
    /// Until when it counts; for ever where nothing stands.
    pub until: Option<i64>,
}

impl MarkState {
    /// All, in order of their names.
    pub const ALL: [Self; 3] = [Self::Fixed, Self::Ignored, Self::Open];

    /// The name in stores and addresses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Ignored => "ignored",
            Self::Open => "open",
        }
    }
}

impl FromStr for MarkState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|state| state.name() == text);
        found.ok_or_else(|| String::from("expected fixed, ignored or open"))
    }
}
