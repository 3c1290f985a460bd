//! The user part of a URL (RFC 3986 §3.2.1), read backwards from its `@`.

use crate::bytes::{before, run_back, table};

/// Longest user part in bytes.
pub(crate) const LONGEST: usize = 256;

/// Where the user part that ends before the `@` at `at` begins, when `://` stands before it.
///
/// Another `@` ends the search: it was the first one of the same user part, or of none.
pub(crate) fn user_part(text: &[u8], at: usize) -> Option<usize> {
    let floor = at.saturating_sub(LONGEST);
    let recent = text.get(floor..at)?;
    let start = at.checked_sub(run_back(recent, |byte| is_user_part(byte) && byte != b'@'))?;
    // Most often another kind of byte stands there, and one comparison tells.
    let slash = before(text, start) == Some(b'/');
    (slash && text.get(..start)?.ends_with(b"://")).then_some(start)
}

/// Whether a byte may stand in the user part of a URL as people write it.
#[inline]
pub(crate) fn is_user_part(byte: u8) -> bool {
    USER_PARTS.get(usize::from(byte)) == Some(&1)
}

/// The same of every byte.
static USER_PARTS: [u8; 256] = table!(byte => match byte {
    b'/' | b'"' | b'\'' | b'<' | b'>' | b'`' | b'\\' => 0,
    _ if byte.is_ascii_graphic() || byte >= 0x80 => 1,
    _ => 0,
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_part_begins_after_the_scheme() {
        assert_eq!(user_part(b"x://ab:c@d", 8), Some(4));
        assert_eq!(user_part(b"x:/ab:c@d", 7), None);
        assert_eq!(user_part(b"x://a@b@c", 7), None);
    }
}
