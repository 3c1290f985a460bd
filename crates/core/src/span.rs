//! A half-open byte range in one channel.

use serde::{Deserialize, Serialize};

/// Bytes `start..end` of one channel; `end` is exclusive.
///
/// INVARIANT: `start <= end`, kept by [`Span::new`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "(usize, usize)", into = "(usize, usize)")]
pub struct Span {
    start: usize,
    end: usize,
}

impl Span {
    /// The span `start..end`, or `None` when `end` lies before `start`.
    #[must_use]
    pub const fn new(start: usize, end: usize) -> Option<Self> {
        if start <= end { Some(Self { start, end }) } else { None }
    }

    /// The span of `length` bytes at `start`; saturates at the largest offset.
    #[must_use]
    pub const fn at(start: usize, length: usize) -> Self {
        Self { start, end: start.saturating_add(length) }
    }

    /// First byte.
    #[must_use]
    pub const fn start(self) -> usize {
        self.start
    }

    /// One past the last byte.
    #[must_use]
    pub const fn end(self) -> usize {
        self.end
    }

    /// Number of bytes.
    #[must_use]
    #[expect(clippy::arithmetic_side_effects, reason = "start <= end by construction")]
    pub const fn len(self) -> usize {
        self.end - self.start
    }

    /// Whether the span covers no byte.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Whether the two spans share at least one byte.
    #[must_use]
    pub const fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// Whether every byte of `other` is also one of ours.
    #[must_use]
    pub const fn covers(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// The same length, `by` bytes further on; saturates at the largest offset.
    #[must_use]
    pub const fn shifted(self, by: usize) -> Self {
        Self { start: self.start.saturating_add(by), end: self.end.saturating_add(by) }
    }

    /// The bytes of `text` that the span names, or `None` when it reaches past the end.
    #[must_use]
    pub fn of(self, text: &[u8]) -> Option<&[u8]> {
        text.get(self.start..self.end)
    }
}

impl From<Span> for (usize, usize) {
    fn from(span: Span) -> Self {
        (span.start, span.end)
    }
}

impl TryFrom<(usize, usize)> for Span {
    type Error = &'static str;

    fn try_from((start, end): (usize, usize)) -> Result<Self, Self::Error> {
        Self::new(start, end).ok_or("span ends before it starts")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_never_ends_before_it_starts() {
        assert_eq!(Span::new(3, 2), None);
        assert!(serde_json::from_str::<Span>("[3,2]").is_err());
        assert_eq!(Span::at(usize::MAX, 5).len(), 0);
    }

    #[test]
    fn touching_spans_do_not_overlap() {
        let left = Span::at(0, 4);
        assert!(!left.overlaps(Span::at(4, 2)));
        assert!(left.overlaps(Span::at(3, 2)));
        assert!(left.covers(Span::at(1, 3)));
    }
}
