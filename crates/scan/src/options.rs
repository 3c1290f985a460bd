//! What a scan is told.

use datafog_core::{Confidence, Key};
use datafog_detect::{Custom, Scanner};

use crate::Baseline;

/// How texts are looked at. One value serves all threads of a scan.
#[derive(Debug)]
pub struct Options<'o> {
    /// The key that fingerprints are made with.
    pub key: &'o Key,
    /// The least confidence that is reported.
    pub floor: Confidence,
    /// The most findings that are reported of one text, the most severe ones; the rest is counted.
    pub most: usize,
    /// Whether files that are no text are looked at too.
    pub binary: bool,
    /// Whether zip, tar and gzip files are looked into, one level deep.
    pub archives: bool,
    /// Whether files that `.gitignore` and `.ignore` name are left out of a walk.
    pub ignore: bool,
    /// Whether findings keep their value, for a person who asked to see it.
    pub values: bool,
    /// Detectors and exceptions of the user's own.
    pub custom: Option<&'o Custom>,
    /// Values that are known and not reported again.
    pub baseline: Option<Baseline>,
}

impl<'o> Options<'o> {
    /// What a scan does unless it is told otherwise.
    #[must_use]
    pub const fn new(key: &'o Key) -> Self {
        Self {
            key,
            floor: Scanner::FLOOR,
            most: Scanner::MOST_FINDINGS,
            binary: false,
            archives: true,
            ignore: true,
            values: false,
            custom: None,
            baseline: None,
        }
    }

    pub(crate) const fn scanner(&self) -> Scanner<'o> {
        Scanner::new(self.key).with_floor(self.floor).at_most(self.most).allowing(self.custom)
    }
}
