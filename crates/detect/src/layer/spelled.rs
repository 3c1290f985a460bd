//! Text some of whose bytes are spelled otherwise: `%5F`, `\u005f`, `\x5f`, `\137`, `&#95;`,
//! characters that take no room, literals that code puts together, quoted-printable.
//!
//! Escapes are those of RFC 3986 §2.1, RFC 8259 §7, C and its kin, HTML; quoted-printable is
//! RFC 2045 §6.7. Only what stands for ASCII is undone: no secret that is looked for holds more.

use core::hint::select_unpredictable;

use super::dense::{self, Spelling};
use super::hex::{byte as hex_byte, nibble};
use super::{Decoded, Stop, WINDOW, is_text};
use crate::bytes::{before, is_word, run, run_back, table};

/// How far before the first escape the part begins.
const BEFORE: usize = 200;

/// How far after the last escape the part ends, with the first blank or quote.
const AFTER: usize = 100;

/// How far after the last escape it ends at the latest: a web token goes on and on.
const AFTER_AT_MOST: usize = 1200;

/// Most blanks and line ends on one side of an operator between two literals.
const MOST_BLANKS: usize = 80;

/// Longest literal that is put together with the one beside it without an operator or a line's end.
const MOST_BARE: usize = 200;

/// Digits of the longest `\u{…}` and `&#…;`.
const MOST_DIGITS: usize = 6;

/// Shortest and longest line before a soft line break (RFC 2045 §6.7, rule 5).
const LINE: core::ops::RangeInclusive<usize> = 40..=80;

/// What an escape stands for, and how long it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Escape {
    pub(super) width: u32,
    /// Nothing when it takes no room.
    pub(super) byte: Option<u8>,
}

/// The kinds of spelling that are undone together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Escapes,
    QuotedPrintable,
}

/// The escape at the start of the bytes after `at`, if one stands there.
#[inline(always)]
pub(crate) fn escape(text: &[u8], at: usize, kind: Kind) -> Option<Escape> {
    let rest = text.get(at..)?;
    match rest {
        [b'%', a, b, ..] => pair([*a, *b], 3),
        [b'\\', ..] => backslash(rest),
        [b'=', ..] if kind == Kind::QuotedPrintable => quoted(rest),
        _ => other(text, at, rest),
    }
}

/// The same of one that begins with none of the bytes that spell bytes; `rest` begins at `at`.
fn other(text: &[u8], at: usize, rest: &[u8]) -> Option<Escape> {
    match rest {
        [b'&', b'#', b'x' | b'X', digits @ ..] => number(digits, 16, b';', 3),
        [b'&', b'#', digits @ ..] => number(digits, 10, b';', 2),
        [b'&', b'q', b'u', b'o', b't', b';', ..] => Some(Escape { width: 6, byte: Some(b'"') }),
        [0xE2, 0x80, 0x8B..=0x8D, ..] | [0xE2, 0x81, 0xA0, ..] | [0xEF, 0xBB, 0xBF, ..] => {
            Some(Escape { width: 3, byte: None })
        }
        [0xC2, 0xAD, ..] => Some(Escape { width: 2, byte: None }),
        [b'"' | b'\'' | b'`', after @ ..] => {
            let plain = before(text, at) != Some(b'\\');
            let joint =
                joint(after).filter(|joint| plain && (!joint.bare || bare(text, at, joint.width)));
            Some(Escape { width: u32::try_from(joint?.width).ok()?, byte: None })
        }
        _ => None,
    }
}

fn backslash(rest: &[u8]) -> Option<Escape> {
    match rest {
        [b'\\', b'x' | b'X', a, b, ..] => pair([*a, *b], 4),
        [b'\\', b'u', b'{', digits @ ..] => number(digits, 16, b'}', 3),
        [b'\\', b'u' | b'U', a, b, c, d, ..] => {
            let code = u32::from(hex_byte(&[*a, *b])?) << 8 | u32::from(hex_byte(&[*c, *d])?);
            character(code, 6)
        }
        [b'\\', b'0' | b'1', b @ b'0'..=b'7', c @ b'0'..=b'7', ..] => {
            let digit = |byte: &u8| u32::from(byte.wrapping_sub(b'0'));
            let high = rest.get(1).map_or(0, digit);
            character((high << 6) | (digit(b) << 3) | digit(c), 4)
        }
        [b'\\', b'\n', ..] => Some(Escape { width: 2, byte: None }),
        // JSON within JSON writes each backslash twice.
        [b'\\', inner @ ..] if matches!(inner, [b'\\', b'u' | b'x', ..]) => {
            let inner = backslash(inner)?;
            Some(Escape { width: inner.width.checked_add(1)?, ..inner })
        }
        _ => None,
    }
}

/// Whether two bytes behind a `%` are digits of a byte of text.
pub(crate) fn is_escape(digits: [u8; 2]) -> bool {
    hex_byte(&digits).is_some_and(is_text)
}

#[inline]
fn pair(digits: [u8; 2], width: u32) -> Option<Escape> {
    hex_byte(&digits).filter(|byte| is_text(*byte)).map(|byte| Escape { width, byte: Some(byte) })
}

/// Digits up to `close`, after `head` bytes.
fn number(digits: &[u8], base: u8, close: u8, head: u32) -> Option<Escape> {
    let mut code = 0_u32;
    let mut width = head;
    for digit in digits.iter().take(MOST_DIGITS) {
        let value = nibble(*digit);
        if value >= base {
            break;
        }
        code = code.wrapping_mul(u32::from(base)).wrapping_add(u32::from(value));
        width = width.saturating_add(1);
    }
    let length = width.saturating_sub(head) as usize;
    if length == 0 || digits.get(length) != Some(&close) {
        return None;
    }
    character(code, width.saturating_add(1))
}

/// An escape of this character: ASCII text, or one that takes no room.
fn character(code: u32, width: u32) -> Option<Escape> {
    match u8::try_from(code) {
        _ if is_of_no_width(code) => Some(Escape { width, byte: None }),
        Ok(byte) if is_text(byte) => Some(Escape { width, byte: Some(byte) }),
        _ => None,
    }
}

/// Whether a character takes no room.
#[inline(always)]
pub(super) const fn is_of_no_width(code: u32) -> bool {
    matches!(code, 0x00AD | 0x200B..=0x200D | 0x2060 | 0xFEFF)
}

/// Quoted-printable: `=5F` with upper-case digits, or a soft line break.
fn quoted(rest: &[u8]) -> Option<Escape> {
    match rest {
        [_, b'\n', ..] => Some(Escape { width: 2, byte: None }),
        [_, b'\r', b'\n', ..] => Some(Escape { width: 3, byte: None }),
        [_, a, b, ..] if !a.is_ascii_lowercase() && !b.is_ascii_lowercase() => pair([*a, *b], 3),
        _ => None,
    }
}

/// What stands between two literals that are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Joint {
    /// From the closing quote to behind the opening one.
    width: usize,
    /// Only blanks of one line stand there.
    bare: bool,
}

/// What stands from a closing quote to the opening one of the next literal, when an operator that
/// puts texts together, or nothing, stands between: `" + "`; `after` begins after the closing quote.
fn joint(after: &[u8]) -> Option<Joint> {
    // Most quotes are followed by something else.
    if !matches!(
        after.first(),
        Some(b' ' | b'\t' | b'\n' | b'\r' | b'+' | b'.' | b'&' | b'~' | b'\\' | b'|' | b'<')
    ) {
        return None;
    }
    let seen = after.get(..MOST_BLANKS.saturating_mul(2).min(after.len()))?;
    let first = run(seen, is_blank);
    let rest = seen.get(first..)?;
    let operator = match rest {
        [b'.', b'.', ..] | [b'+', b'+', ..] | [b'|', b'|', ..] | [b'<', b'>', ..] => 2,
        [b'+' | b'.' | b'&' | b'~' | b'\\', ..] => 1,
        _ => 0,
    };
    let second = run(rest.get(operator..)?, is_blank);
    let quote = first.checked_add(operator)?.checked_add(second)?;
    let apart = quote > 0 && first <= MOST_BLANKS && second <= MOST_BLANKS;
    // A quote that closes another word right after it is no literal that goes on.
    let goes_on = seen.get(quote.checked_add(1)?).is_some_and(|byte| byte.is_ascii_graphic());
    let bare = operator == 0 && !seen.get(..quote)?.contains(&b'\n');
    (apart && goes_on && matches!(seen.get(quote), Some(b'"' | b'\'' | b'`')))
        .then(|| Joint { width: quote.saturating_add(2), bare })
}

/// Whether two literals beside each other in one line, without an operator, may be one text: each is
/// a word, and the first no address. Fields of a log (`"-" "Mozilla/5.0 (X11)"`) stand like that, too.
fn bare(text: &[u8], at: usize, width: usize) -> bool {
    let head = text.get(at.saturating_sub(MOST_BARE)..at).unwrap_or_default();
    let rest = text.get(at.saturating_add(width)..).unwrap_or_default();
    let rest = rest.get(..MOST_BARE.min(rest.len())).unwrap_or_default();
    let left = run_back(head, is_bare);
    let right = run(rest, is_bare);
    let quoted = |byte: Option<&u8>| matches!(byte, Some(b'"' | b'\'' | b'`'));
    let (before, left) = head.split_at(head.len().saturating_sub(left));
    let address = left.windows(3).any(|some| some == b"://");
    left.len() > 1 && quoted(before.last()) && quoted(rest.get(right)) && !address
}

const fn is_bare(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'`')
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Where the part of `text` begins whose first escape is at `at`, and whether that is in the middle
/// of a word.
pub(crate) fn begin(text: &[u8], at: usize) -> (usize, bool) {
    let earliest = at.saturating_sub(BEFORE);
    if earliest == 0 {
        return (0, false);
    }
    let head = text.get(earliest..at).unwrap_or_default();
    let word = run(head, is_word);
    (earliest.saturating_add(word), word == head.len())
}

/// Undoes the escapes of `text` from `start` to some way after the last one, or as far as a window
/// goes. Where the bytes come from is remembered only with `PLACES`.
pub(crate) fn undo<const PLACES: bool>(
    text: &[u8],
    (start, first): (usize, usize),
    kind: Kind,
    out: &mut Decoded,
) -> Stop {
    let limit = start.saturating_add(WINDOW).min(text.len());
    // The last are bytes that are known to stand for themselves.
    let (mut at, mut last, mut plain) = (start, first, 0_usize);
    let open = loop {
        // What may end the part counts from some way after the last escape on.
        let near = last.saturating_add(AFTER);
        let far = last.saturating_add(AFTER_AT_MOST).min(limit);
        if at >= far {
            break at < text.len();
        }
        if let Some(found) = dense(text.get(at..far).filter(|_| plain == 0), kind) {
            out.spelled::<PLACES>(text, at, found);
            at = at.saturating_add(found.width);
            last = select_unpredictable(found.is_escape(), at, last);
            continue;
        }
        let (stop, looked) = if at < near { (near.min(far), MARK) } else { (far, MARK | PART) };
        let region = text.get(at..stop).unwrap_or_default();
        let passed = passed(region, plain, looked);
        out.copy::<PLACES>(text, at, passed);
        at = at.saturating_add(passed);
        let byte = region.get(passed);
        if byte.is_some_and(|byte| class(*byte) & looked & PART != 0) {
            break true;
        }
        let found = byte.and_then(|_| escape(text, at, kind));
        plain = usize::from(byte.is_some() && found.is_none());
        if let Some(Escape { width, byte }) = found {
            at = out.escape::<PLACES>(byte, at, width as usize);
            last = at;
        }
    };
    Stop { length: at.saturating_sub(start), open }
}

/// What the first bytes of a text are when that is told by them alone.
#[inline(always)]
fn dense(text: Option<&[u8]>, kind: Kind) -> Option<Spelling> {
    dense::spelling(*text?.first_chunk()?, kind)
}

/// How many bytes stand before the first one behind the first `plain` that is of one of these classes.
fn passed(region: &[u8], plain: usize, looked: u8) -> usize {
    let rest = region.get(plain..).unwrap_or_default();
    run(rest, |byte| class(byte) & looked == 0).saturating_add(plain).min(region.len())
}

/// A byte that may begin an escape.
const MARK: u8 = 1;

/// A byte that parts what is spelled from what is not.
const PART: u8 = 2;

fn class(byte: u8) -> u8 {
    CLASSES.get(usize::from(byte)).copied().unwrap_or(0)
}

/// The classes of all bytes.
static CLASSES: [u8; 256] = table!(byte => match byte {
    b'"' | b'\'' | b'`' => MARK | PART,
    b'%' | b'\\' | b'&' | b'=' | 0xC2.. => MARK,
    b'\0'..=b' ' => PART,
    _ => 0,
});

/// Whether the `=` at `at` ends a line that quoted-printable has cut.
pub(crate) fn is_soft_break(text: &[u8], at: usize) -> bool {
    let line = text.get(..at).unwrap_or_default();
    let recent = line.get(line.len().saturating_sub(LINE.end().saturating_add(1))..);
    let length = recent.map_or(0, |it| it.iter().rev().take_while(|byte| **byte != b'\n').count());
    LINE.contains(&length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn undone(text: &str, kind: Kind) -> String {
        let bytes = text.as_bytes();
        let first = (0..bytes.len()).find(|at| escape(bytes, *at, kind).is_some()).unwrap_or(0);
        let mut out = Decoded::new();
        undo::<true>(bytes, (0, first), kind, &mut out);
        String::from_utf8(out.bytes().to_vec()).unwrap()
    }

    /// The same by nothing but what stands at each byte.
    fn one_by_one(text: &[u8], kind: Kind) -> Vec<u8> {
        let (mut out, mut at) = (Vec::new(), 0);
        while at < text.len() {
            match escape(text, at, kind) {
                Some(found) => {
                    out.extend(found.byte);
                    at = at.saturating_add(found.width as usize);
                }
                None => {
                    out.extend(text.get(at));
                    at = at.saturating_add(1);
                }
            }
        }
        out
    }

    #[test]
    fn a_part_is_undone_as_its_bytes_say_with_places_and_without() {
        let pieces = [
            "%41", "\\x42", "\\u0043", "\\104", "&#69;", "=46", "%zz", "\\", "%", "&#", "a",
            "\u{200b}",
        ];
        let mut state = 11_u64;
        let mut next = |below: usize| {
            state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(13);
            (state >> 33) as usize % below
        };
        let mut widest = 0;
        for round in 0..4_000 {
            let mut text = String::from("%41");
            while text.len() < 3_000 && next(40) > 0 {
                text += pieces[next(pieces.len())];
                // Some way behind the last escape a part may end, and further away it does.
                text += &"word ".repeat([0, 0, 0, 1, 19, 20, 21, 239, 240][next(9)]);
            }
            let kind = if round % 2 == 0 { Kind::Escapes } else { Kind::QuotedPrintable };
            let (mut with, mut without) = (Decoded::new(), Decoded::new());
            let stop = undo::<true>(text.as_bytes(), (0, 0), kind, &mut with);
            let same = undo::<false>(text.as_bytes(), (0, 0), kind, &mut without);
            assert_eq!((stop.length, stop.open), (same.length, same.open), "{text}");
            assert_eq!(with.bytes(), without.bytes(), "{text}");
            let part = &text.as_bytes()[..stop.length];
            assert_eq!(with.bytes(), one_by_one(part, kind), "{text}");
            widest = widest.max(part.len() - with.bytes().len());
        }
        assert!(widest > 30, "{widest}");
    }

    #[test]
    fn every_spelling_is_undone() {
        let same = [
            "ghp%5Fabc",
            "ghp%5fabc",
            "ghp\\u005fabc",
            "ghp\\\\u005Fabc",
            "ghp\\x5fabc",
            "ghp\\u{5f}abc",
            "ghp\\137abc",
            "ghp&#95;abc",
            "ghp&#x5f;abc",
            "gh\u{200b}p_abc",
            "gh\\u200bp_abc",
            "gh\u{ad}p_abc",
        ];
        for text in same {
            assert_eq!(undone(text, Kind::Escapes), "ghp_abc", "{text}");
        }
        assert_eq!(undone("{&quot;a&quot;}", Kind::Escapes), "{\"a\"}");
    }

    #[test]
    fn literals_are_put_together() {
        let same = [
            "\"ghp_\" + \"abc\"",
            "\"ghp_\"+\"abc\"",
            "\"ghp_\" \"abc\"",
            "\"ghp_\" .. \"abc\"",
            "\"ghp_\".\"abc\"",
            "\"ghp_\" & \"abc\"",
            "\"ghp_\" +\n    \"abc\"",
            "\"ghp_\" \\\n \"abc\"",
            "\"ghp_\" + 'abc\"",
        ];
        for text in same {
            assert_eq!(undone(text, Kind::Escapes), "\"ghp_abc\"", "{text}");
        }
        let apart = [
            "\"a\", \"b\"",
            "\"a\": \"b\"",
            "\"a\" = \"b\"",
            "\"a\".len()",
            "200 5 \"-\" \"curl/8.5.0\"",
            "\"https://example.com/\" \"Mozilla/5.0 (X11)\"",
            "\"https://example.com/\" \"curl/8.5.0\"",
            "\"two words\" \"more\"",
        ];
        for text in apart {
            assert_eq!(undone(text, Kind::Escapes), text);
        }
    }

    #[test]
    fn quoted_printable_is_undone() {
        assert_eq!(undone("key=3Dghp=5Fab=\r\nc=\nd", Kind::QuotedPrintable), "key=ghp_abcd");
        assert_eq!(undone("a=b&c=ff", Kind::QuotedPrintable), "a=b&c=ff");
    }
}
