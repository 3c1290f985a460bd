//! A part of a line as a program is given it: with quotes and escapes undone, and where in the line each
//! byte of it stands. What stands in the line as it is passed is not copied.

use std::borrow::Cow;

use datafog_core::Span;

/// A part of a line, and where in the line each byte of it stands.
#[derive(Debug)]
pub(crate) struct Part<'l> {
    text: Cow<'l, [u8]>,
    places: Places,
}

#[derive(Debug)]
enum Places {
    /// One behind the other, from there on.
    From(usize),
    /// Each for itself, because something between them was taken out.
    Each(Vec<usize>),
}

impl<'l> Part<'l> {
    /// Nothing of any line.
    pub(crate) const EMPTY: Self = Self { text: Cow::Borrowed(b""), places: Places::From(0) };

    /// A whole line.
    pub(crate) const fn whole(line: &'l [u8]) -> Self {
        Self { text: Cow::Borrowed(line), places: Places::From(0) }
    }

    /// Its bytes.
    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    /// Where byte `at` of the part stands in the line.
    fn place(&self, at: usize) -> Option<usize> {
        match &self.places {
            Places::From(start) => start.checked_add(at),
            Places::Each(places) => places.get(at).copied(),
        }
    }

    /// Adds bytes `start..end` of the line that the part is of.
    pub(crate) fn extend(&mut self, line: &'l [u8], start: usize, end: usize) {
        let Some(more) = line.get(start..end).filter(|more| !more.is_empty()) else { return };
        let first = match self.places {
            _ if self.text.is_empty() => Some(start),
            Places::From(first) => Some(first),
            Places::Each(_) => None,
        };
        let along = first.filter(|first| first.checked_add(self.text.len()) == Some(start));
        if let Some(first) = along
            && let Some(text) = line.get(first..end)
        {
            *self = Self { text: Cow::Borrowed(text), places: Places::From(first) };
            return;
        }
        let length = self.text.len();
        let mut places = match std::mem::replace(&mut self.places, Places::From(0)) {
            Places::From(first) => (first..first.saturating_add(length)).collect(),
            Places::Each(places) => places,
        };
        places.extend(start..end);
        self.places = Places::Each(places);
        self.text.to_mut().extend_from_slice(more);
    }

    /// Bytes `start..end` of it, with escapes undone.
    pub(crate) fn part(&self, start: usize, end: usize) -> Option<Part<'_>> {
        let raw = self.text.get(start..end)?;
        if !raw.contains(&b'\\') {
            let places = match &self.places {
                Places::From(first) => Places::From(first.checked_add(start)?),
                Places::Each(places) => Places::Each(places.get(start..end)?.to_vec()),
            };
            return Some(Part { text: Cow::Borrowed(raw), places });
        }
        let (mut text, mut places) = (Vec::with_capacity(raw.len()), Vec::with_capacity(raw.len()));
        let mut at = start;
        while at < end {
            let byte = *self.text.get(at)?;
            let escaped = self.text.get(at.checked_add(1)?).filter(|_| byte == b'\\');
            let meant = match escaped {
                Some(b'n' | b'r' | b't') => Some(b' '),
                Some(sign @ (b'"' | b'\'' | b'`' | b'\\' | b'/')) => Some(*sign),
                Some(_) | None => None,
            };
            let from = if meant.is_some() { at.checked_add(1)? } else { at };
            text.push(meant.unwrap_or(byte));
            places.push(self.place(from)?);
            at = from.checked_add(1)?;
        }
        Some(Part { text: Cow::Owned(text), places: Places::Each(places) })
    }

    /// A span of the part as one of the line; `None` for an empty one.
    pub(crate) fn span(&self, span: Span) -> Option<Span> {
        let last = span.end().checked_sub(1).filter(|last| *last >= span.start())?;
        Span::new(self.place(span.start())?, self.place(last)?.checked_add(1)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_added_keeps_its_places() {
        let line = b"ab'cd'ef";
        let mut part = Part::EMPTY;
        part.extend(line, 0, 1);
        part.extend(line, 1, 2);
        assert!(matches!((part.text(), &part.places), (b"ab", Places::From(0))));
        part.extend(line, 2, 2);
        part.extend(line, 3, 5);
        part.extend(line, 6, 8);
        assert_eq!(part.text(), b"abcdef");
        assert_eq!(part.span(Span::at(1, 4)), Some(Span::at(1, 6)));
        assert_eq!(part.span(Span::at(2, 2)), Some(Span::at(3, 2)));
        assert_eq!(part.span(Span::at(2, 0)), None);
        assert_eq!(part.span(Span::at(2, 9)), None);
    }
}
