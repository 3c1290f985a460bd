//! A piece of text that knows where in argv it stands.

use std::borrow::Cow;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

use datafog_core::{Carrier, Place, Span};

/// Bytes, and their place in argv unless they came from a configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text<'a> {
    pub(crate) bytes: Cow<'a, [u8]>,
    pub(crate) place: Option<Place>,
}

impl<'a> Text<'a> {
    /// The bytes of argument `index` from `start` on.
    ///
    /// INVARIANT: the place lies inside the argument, because the bytes were cut from it.
    pub(crate) fn of_argument(argument: &'a OsString, index: usize, start: usize) -> Self {
        let bytes = argument.as_encoded_bytes().get(start..).unwrap_or_default();
        let place = Place { argument: index, span: Span::at(start, bytes.len()) };
        Self { bytes: Cow::Borrowed(bytes), place: Some(place) }
    }

    /// Bytes that stand in a configuration file.
    pub(crate) fn of_file(bytes: Vec<u8>) -> Self {
        Self { bytes: Cow::Owned(bytes), place: None }
    }

    /// Bytes `start..end`, cut to what is there.
    pub(crate) fn part(&self, start: usize, end: usize) -> Self {
        let end = end.min(self.bytes.len());
        let start = start.min(end);
        let bytes = match &self.bytes {
            Cow::Borrowed(bytes) => Cow::Borrowed(bytes.get(start..end).unwrap_or_default()),
            Cow::Owned(bytes) => Cow::Owned(bytes.get(start..end).unwrap_or_default().to_vec()),
        };
        let place = self.place.map(|place| Place {
            argument: place.argument,
            span: Span::at(place.span.start().saturating_add(start), end.saturating_sub(start)),
        });
        Self { bytes, place }
    }

    /// Everything from `start` on.
    pub(crate) fn from(&self, start: usize) -> Self {
        self.part(start, usize::MAX)
    }

    /// The texts before and after the first `byte`.
    pub(crate) fn split_at_byte(&self, byte: u8) -> Option<(Self, Self)> {
        let at = self.bytes.iter().position(|other| *other == byte)?;
        Some((self.part(0, at), self.from(at.saturating_add(1))))
    }

    pub(crate) fn starts_with(&self, prefix: &[u8]) -> bool {
        self.bytes.starts_with(prefix)
    }

    /// The text, when it is UTF-8.
    pub(crate) fn utf8(&self) -> Option<&str> {
        str::from_utf8(&self.bytes).ok()
    }

    pub(crate) fn to_os_string(&self) -> OsString {
        OsString::from_vec(self.bytes.to_vec())
    }

    pub(crate) fn to_path(&self) -> PathBuf {
        PathBuf::from(self.to_os_string())
    }

    /// Where the bytes are, as a content's carrier.
    pub(crate) fn carrier(&self) -> Carrier {
        match self.place {
            Some(place) => Carrier::Argument(place),
            None => Carrier::Inline(self.bytes.to_vec()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_keeps_its_place() {
        let argument = OsString::from("--x=key=value");
        let text = Text::of_argument(&argument, 3, 4);
        let (key, value) = text.split_at_byte(b'=').unwrap();
        assert_eq!((key.utf8(), value.utf8()), (Some("key"), Some("value")));
        assert_eq!(value.place, Some(Place { argument: 3, span: Span::at(8, 5) }));
        assert_eq!(text.part(5, 2).bytes.len(), 0);
        assert_eq!(text.from(99).place.unwrap().span, Span::at(13, 0));
    }
}
