//! Whether a value begins or ends where it seems to.
//!
//! A token inside a longer word is another word; only bytes of ASCII make words here. But `\n`,
//! `%3D`, `\u0022` and colour codes end in letters or digits too and stand between values: after
//! them a value may begin. So may a token after the letters of short options: `-sSd`.

use fearless_simd::Simd;

use crate::bytes::{before, is_word, run_back};
use crate::class::{self, BLOCK, Escape};
use crate::walks::in_set;

/// Longest escape sequence that is recognised, in bytes.
const LONGEST_ESCAPE: usize = 24;

/// Most letters of short options that are written together, the last of which takes a value.
const MOST_OPTIONS: usize = 8;

/// Whether a value may begin at `at`.
pub(crate) fn begins(text: &[u8], at: usize) -> bool {
    before(text, at).is_none_or(|byte| !is_word(byte))
        || text.get(at).is_some_and(|byte| !is_word(*byte))
        || after_escape(text, at)
}

/// Whether a token may begin at `at`: where any value may, and directly after short options.
pub(crate) fn begins_token(text: &[u8], at: usize) -> bool {
    begins(text, at) || after_options(text, at)
}

/// Whether a token that is unmistakable may begin at `at`: also after the `_` of a name.
pub(crate) fn begins_distinct(text: &[u8], at: usize) -> bool {
    before(text, at) == Some(b'_') || begins_token(text, at)
}

/// Whether a token that begins at `at` lies in the middle of bytes in base64, where any head comes up:
/// letters of both cases, digits and marks go on before it, as no path does.
pub(crate) fn in_base64(text: &[u8], at: usize) -> bool {
    if !matches!(before(text, at), Some(b'/' | b'+')) {
        return false;
    }
    let head = text.get(..at).unwrap_or_default();
    let recent = head.get(head.len().saturating_sub(DATA)..).unwrap_or_default();
    let kinds: [fn(&u8) -> bool; 2] = [u8::is_ascii_uppercase, u8::is_ascii_lowercase];
    recent.len() == DATA
        && recent.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'+'))
        && kinds.iter().all(|kind| recent.iter().filter(|byte| kind(byte)).count() > DATA / 8)
}

/// How many bytes of base64 before a token make it a part of them.
const DATA: usize = 56;

/// Whether a value may end before `at`; `last` is the set of its last run, which must not go on.
pub(crate) fn ends(text: &[u8], at: usize, last: Option<u16>) -> bool {
    let word = before(text, at).is_some_and(is_word);
    text.get(at).is_none_or(|byte| {
        let glued = word && is_word(*byte);
        let goes_on = last.is_some_and(|set| in_set(set, *byte) && *byte != b'.');
        !glued && !goes_on
    })
}

/// Whether bytes may be the end of an escape sequence, of which only the fifth, third, second and first
/// from the end are told: a cheap look before [`after_escape`], without a branch for each.
pub(crate) fn may_end_escape([fifth, third, second, last]: [u8; 4]) -> bool {
    (second == b'\\') | (third == b'%') | (third == b'x') | (fifth == b'u') | (last == b'm')
}

/// Whether an escape sequence may end in the block at `from` of `text`.
#[inline(always)]
pub(crate) fn may_hold_escape<S: Simd>(
    simd: S,
    text: &[u8],
    from: usize,
    block: &[u8; BLOCK],
) -> bool {
    let head = text.get(from.saturating_sub(BLOCK)..from).unwrap_or_default();
    let begun = match head.first_chunk::<BLOCK>() {
        Some(head) => class::bits_with(simd, head, Escape) >> (BLOCK - LONGEST_ESCAPE) != 0,
        None => head.iter().any(|byte| matches!(byte, b'\\' | b'%' | b'\x1b')),
    };
    begun | (class::bits_with(simd, block, Escape) != 0)
}

/// Whether the bytes before `at` are an escape sequence rather than a word. [`may_end_escape`] knows
/// all of them.
fn after_escape(text: &[u8], at: usize) -> bool {
    let head = text.get(at.saturating_sub(LONGEST_ESCAPE)..at).unwrap_or_default();
    match head {
        [.., b'\\', b'n' | b'r' | b't' | b'0' | b'f' | b'v' | b'b'] => true,
        [.., b'%', a, b] | [.., b'\\', b'x', a, b] | [.., b'\\', b'u', _, _, a, b] => {
            a.is_ascii_hexdigit() && b.is_ascii_hexdigit()
        }
        [.., b'm'] => after_colour(head),
        _ => false,
    }
}

/// Whether the bytes before `at` are an argument that begins with letters of short options: `-sSd`.
fn after_options(text: &[u8], at: usize) -> bool {
    let head = text.get(..at).unwrap_or_default();
    let recent = head.get(head.len().saturating_sub(MOST_OPTIONS)..).unwrap_or_default();
    let dash = at.saturating_sub(run_back(recent, |byte| byte.is_ascii_alphabetic()));
    let argument = dash.saturating_sub(1);
    before(text, dash) == Some(b'-')
        && before(text, argument)
            .is_none_or(|byte| !byte.is_ascii_graphic() || matches!(byte, b'"' | b'\'' | b','))
}

/// Whether `head` ends in a colour code, ECMA-48 SGR: `ESC [ 0 ; 3 2 m`.
fn after_colour(head: &[u8]) -> bool {
    let Some((_, parameters)) = head.split_last() else { return false };
    let length = run_back(parameters, |byte| byte.is_ascii_digit() || byte == b';');
    let cut = parameters.len().saturating_sub(length);
    parameters.get(..cut).is_some_and(|rest| rest.ends_with(b"\x1b["))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_does_not_begin_inside_a_word() {
        assert!(begins(b"ghp", 0) && begins(b"=ghp", 1) && begins(b"-ghp", 1));
        assert!(!begins(b"xghp", 1) && !begins(b"_ghp", 1) && begins("éghp".as_bytes(), 2));
    }

    #[test]
    fn a_token_begins_after_short_options_and_a_distinct_one_after_a_name() {
        for text in ["-d", "curl -sSd", "'-p", "[\"-U", "-abcdefgh"] {
            let whole = format!("{text}ghp");
            assert!(begins_token(whole.as_bytes(), text.len()), "{text}");
            assert!(!begins(whole.as_bytes(), text.len()), "{text}");
        }
        for text in ["x-d", "--d", "-1d", "-abcdefghi", "d", "_"] {
            assert!(!begins_token(format!("{text}ghp").as_bytes(), text.len()), "{text}");
        }
        assert!(begins_distinct(b"token_ghp", 6) && !begins_distinct(b"tokenghp", 5));
    }

    #[test]
    fn a_value_begins_after_an_escape() {
        for text in ["\\n", "%3D", "\\x22", "\\u0022", "\x1b[0;32m"] {
            assert!(begins(format!("{text}ghp").as_bytes(), text.len()), "{text}");
        }
        assert!(!begins(b"%zza", 3) && !begins(b"farms", 4));
    }
}
