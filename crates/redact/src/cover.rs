//! What lies over the text: findings that are to be replaced, joined where they overlap.

use core::ops::Range;
use std::borrow::Cow;
use std::collections::VecDeque;

use datafog_core::{Finding, KeyedDigest, Transform};

/// Bytes that are replaced as one.
#[derive(Clone, Debug)]
pub(crate) struct Cover {
    /// Offsets from the start of the whole text.
    pub(crate) range: Range<usize>,
    pub(crate) entity: Cow<'static, str>,
    pub(crate) fingerprint: KeyedDigest,
    pub(crate) transform: Transform,
}

impl Cover {
    pub(crate) fn of(finding: &Finding, transform: Transform) -> Self {
        Self {
            range: finding.span.start()..finding.span.end(),
            entity: finding.entity.clone(),
            fingerprint: finding.fingerprint,
            transform,
        }
    }

    /// The cover of both, which overlap: of two replacements the stricter; and since neither value
    /// stands for the whole, nothing of it is shown unless one covers the other.
    fn joined(self, other: Self) -> Self {
        let range = self.range.start.min(other.range.start)..self.range.end.max(other.range.end);
        let transform = self.transform.stricter(other.transform);
        if range == self.range {
            Self { transform, ..self }
        } else if range == other.range {
            Self { transform, ..other }
        } else {
            Self { range, transform: transform.stricter(Transform::Redact), ..self }
        }
    }
}

/// Covers in order, disjoint.
#[derive(Clone, Debug, Default)]
pub(crate) struct Covers(VecDeque<Cover>);

impl Covers {
    /// Adds a cover. They come nearly in order, so the search begins at the end.
    pub(crate) fn add(&mut self, mut cover: Cover) {
        let mut at = self.0.len();
        while let Some(left) = at.checked_sub(1).and_then(|left| self.0.get(left)) {
            if left.range.end <= cover.range.start {
                break;
            }
            at = at.saturating_sub(1);
            if left.range.start < cover.range.end
                && let Some(left) = self.0.remove(at)
            {
                cover = left.joined(cover);
            }
        }
        self.0.insert(at, cover);
    }

    /// Adds one, where there is one.
    pub(crate) fn extend(&mut self, cover: Option<Cover>) {
        cover.into_iter().for_each(|cover| self.add(cover));
    }

    pub(crate) fn first(&self) -> Option<&Cover> {
        self.0.front()
    }

    pub(crate) fn take_first(&mut self) -> Option<Cover> {
        self.0.pop_front()
    }

    /// The greatest offset up to `limit` that no cover crosses.
    pub(crate) fn border(&self, limit: usize) -> usize {
        let crossing = self.0.iter().find(|it| it.range.start < limit && limit < it.range.end);
        crossing.map_or(limit, |cover| cover.range.start)
    }

    /// Whether a cover ends at `end`; where it begins.
    pub(crate) fn ending_at(&self, end: usize) -> Option<usize> {
        self.0.back().filter(|last| last.range.end == end).map(|last| last.range.start)
    }
}

#[cfg(test)]
mod tests {
    use datafog_core::Key;

    use super::*;

    fn cover(range: Range<usize>, transform: Transform) -> Cover {
        let fingerprint = Key::new(&[7; 32]).digest("finding", [b"x".as_slice()]);
        Cover { range, entity: "x".into(), fingerprint, transform }
    }

    fn joined(parts: &[(Range<usize>, Transform)]) -> Vec<(Range<usize>, Transform)> {
        let mut covers = Covers::default();
        parts.iter().for_each(|(range, with)| covers.add(cover(range.clone(), *with)));
        covers.0.iter().map(|it| (it.range.clone(), it.transform)).collect()
    }

    #[test]
    fn what_overlaps_becomes_one() {
        use Transform::{Hash, Mask, Redact};
        assert_eq!(joined(&[(0..4, Mask), (4..8, Mask)]), [(0..4, Mask), (4..8, Mask)]);
        assert_eq!(joined(&[(0..8, Mask), (2..4, Hash)]), [(0..8, Hash)]);
        assert_eq!(joined(&[(2..4, Mask), (0..8, Mask)]), [(0..8, Mask)]);
        assert_eq!(joined(&[(0..5, Mask), (4..8, Mask)]), [(0..8, Redact)]);
        let many = [(0..2, Mask), (4..6, Mask), (8..9, Mask), (1..5, Mask)];
        assert_eq!(joined(&many), [(0..6, Redact), (8..9, Mask)]);
        assert_eq!(joined(&[(8..9, Mask), (0..2, Hash)]), [(0..2, Hash), (8..9, Mask)]);
    }
}
