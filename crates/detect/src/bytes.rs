//! Small questions about bytes.

use memchr::{memmem, memrchr};

/// A table that holds what an expression makes of every byte. A lookup is quicker than branches that
/// cannot be foretold.
macro_rules! table {
    ($byte:ident => $value:expr) => {{
        let mut table = [0; 256];
        let mut $byte = 0_u8;
        let mut rest = table.as_mut_slice();
        while let [slot, tail @ ..] = rest {
            *slot = $value;
            $byte = $byte.wrapping_add(1);
            rest = tail;
        }
        table
    }};
}
pub(crate) use table;

/// Sorts of bytes, a bit each: what a byte may be part of.
static SORTS: [u8; 256] = table!(byte => {
    let plain = byte.is_ascii_alphanumeric();
    let host = plain || matches!(byte, b'.' | b'-');
    let name = host || byte == b'_';
    let call = plain || matches!(byte, b'_' | b':' | b'.' | b'[' | b']');
    let kind = call || matches!(byte, b' ' | b'&' | b'<' | b'>' | b'|' | b'?' | b'*');
    (if plain || byte == b'_' { WORD } else { 0 })
        | (if host { HOST } else { 0 })
        | (if name { NAME } else { 0 })
        | (if name || byte >= 0x80 { CELL } else { 0 })
        | (if call { CALL } else { 0 })
        | (if kind { TYPE } else { 0 })
        | (if matches!(byte, b'(' | b'[' | b'&' | b'@' | b'b' | b'B' | b'N' | b'f' | b'r' | b'u' | b'L' | b'$') { PREFIX } else { 0 })
});
const WORD: u8 = 1;
const HOST: u8 = 2;
const NAME: u8 = 4;
const CELL: u8 = 8;
const CALL: u8 = 16;
const TYPE: u8 = 32;
const PREFIX: u8 = 64;

#[inline]
fn is(byte: u8, sort: u8) -> bool {
    SORTS.get(usize::from(byte)).is_some_and(|sorts| sorts & sort != 0)
}

/// Whether a byte can be part of a word: a letter, a digit or `_`, all of ASCII. What is beyond
/// ASCII parts words: `é`, a no-break space, letters of other scripts.
#[inline]
pub(crate) fn is_word(byte: u8) -> bool {
    is(byte, WORD)
}

/// Whether a byte can stand in a host name (RFC 1123 §2.1).
#[inline]
pub(crate) fn is_host(byte: u8) -> bool {
    is(byte, HOST)
}

/// Whether a byte can stand in the name of a setting: those of words, `.` and `-`.
#[inline]
pub(crate) fn is_name(byte: u8) -> bool {
    is(byte, NAME)
}

/// The same of the name of a column, which may have letters of every script.
#[inline]
pub(crate) fn is_cell(byte: u8) -> bool {
    is(byte, CELL)
}

/// Whether a byte can stand in the name of what is called around a value: `String::from`, `[]byte`.
#[inline]
pub(crate) fn is_call(byte: u8) -> bool {
    is(byte, CALL)
}

/// Whether a byte can stand in a type: `Option<&str>`, `str | None`.
#[inline]
pub(crate) fn is_type(byte: u8) -> bool {
    is(byte, TYPE)
}

/// Whether a byte can stand between an operator and the quote of a literal: `&"…"`, `b'…'`.
#[inline]
pub(crate) fn is_prefix(byte: u8) -> bool {
    is(byte, PREFIX)
}

/// What [`base64_digit`] gives for what is no digit.
pub(crate) const NO_DIGIT: u8 = 0xFF;

/// The value of a digit of base64 in either alphabet (RFC 4648 §4 and §5), or [`NO_DIGIT`]; by a table, since a
/// branch for each could not be foretold.
#[inline]
pub(crate) fn base64_digit(byte: u8) -> u8 {
    BASE64.get(usize::from(byte)).copied().unwrap_or(NO_DIGIT)
}

static BASE64: [u8; 256] = table!(byte => match byte {
    b'A'..=b'Z' => byte.wrapping_sub(b'A'),
    b'a'..=b'z' => byte.wrapping_sub(b'a').wrapping_add(26),
    b'0'..=b'9' => byte.wrapping_sub(b'0').wrapping_add(52),
    b'+' | b'-' => 62,
    b'/' | b'_' => 63,
    _ => NO_DIGIT,
});

/// The byte before `at`, if there is one.
pub(crate) fn before(text: &[u8], at: usize) -> Option<u8> {
    text.get(at.checked_sub(1)?).copied()
}

/// How many bytes at the start of `text` satisfy `test`.
pub(crate) fn run(text: &[u8], test: impl Fn(u8) -> bool) -> usize {
    text.iter().position(|byte| !test(*byte)).unwrap_or(text.len())
}

/// How many bytes at the end of `text` satisfy `test`.
pub(crate) fn run_back(text: &[u8], test: impl Fn(u8) -> bool) -> usize {
    text.iter().rev().position(|byte| !test(*byte)).unwrap_or(text.len())
}

/// Bytes that are looked at one by one for the end of a line; the quick search takes time to begin.
const NEAR: usize = 12;

/// What of `text` stands behind its last line's end.
pub(crate) fn last_line(text: &[u8]) -> &[u8] {
    let near = text.len().saturating_sub(NEAR);
    let tail = text.get(near..).unwrap_or_default();
    let end = tail.iter().rposition(|byte| *byte == b'\n').and_then(|at| near.checked_add(at));
    let end = end.or_else(|| memrchr(b'\n', text.get(..near).unwrap_or_default()));
    end.and_then(|end| text.get(end.saturating_add(1)..)).unwrap_or(text)
}

/// Bytes in which the next keyword is looked for one by one, for the same reason.
const ONE_BY_ONE: usize = 32;

/// What of `text`, which begins with a keyword of `length` bytes, stands before the next one of the
/// same kind, when that begins among the first `stop` bytes.
pub(crate) fn before_next(text: &[u8], stop: usize, length: usize) -> Option<&[u8]> {
    let keyword = text.get(..length).filter(|keyword| !keyword.is_empty())?;
    let rest = text.get(length..stop.saturating_add(length).min(text.len()))?;
    let near = rest.get(..ONE_BY_ONE.min(rest.len()))?;
    let next = near.windows(length).position(|window| window == keyword);
    let next = next.or_else(|| memmem::find(rest, keyword))?;
    text.get(..length.checked_add(next)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_count_from_either_end() {
        assert_eq!(run(b"123ab", |byte| byte.is_ascii_digit()), 3);
        assert_eq!(run_back(b"123ab", |byte| byte.is_ascii_alphabetic()), 2);
        assert_eq!(run(b"", |_| true), 0);
    }

    #[test]
    fn a_last_line_begins_behind_the_last_end() {
        for (text, line) in [
            ("a", "a"),
            ("a\nb", "b"),
            ("a\nb\n", ""),
            ("", ""),
            ("a\nnear the end", "near the end"),
            ("a\nb\nfarther from the end", "farther from the end"),
        ] {
            assert_eq!(last_line(text.as_bytes()), line.as_bytes(), "{text:?}");
        }
    }

    #[test]
    fn a_table_holds_every_byte() {
        static NEXT: [u8; 256] = table!(byte => byte.wrapping_add(1));
        assert_eq!((NEXT[0], NEXT[b'a' as usize], NEXT[255]), (1, b'b', 0));
    }
}
