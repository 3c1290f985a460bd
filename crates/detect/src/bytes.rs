//! Small questions about bytes.

/// Whether a byte can be part of a word: a letter, a digit or `_`, all of ASCII. What is beyond
/// ASCII parts words: `é`, a no-break space, letters of other scripts.
pub(crate) const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Whether a byte can stand in a host name (RFC 1123 §2.1).
pub(crate) const fn is_host(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-')
}

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

/// FNV-1a of 64 bits (draft-eastlake-fnv): names published examples without holding them.
pub(crate) fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
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
    fn fnv_is_the_published_one() {
        // Test vectors of the FNV draft for the empty string and "a".
        assert_eq!(fnv(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv(b"a"), 0xaf63_dc4c_8601_ec8c);
    }
}
