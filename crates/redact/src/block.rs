//! The rest of a private key that is too long for a finding.
//!
//! A finding of a key block ends where the scanner's look-ahead does. What follows of the same block
//! is swallowed here, byte by byte, to its last line or to what no block holds.

/// The shortest value that may have been cut off by the look-ahead.
const LEAST: usize = datafog_detect::Scanner::AHEAD / 2;

/// How a block begins.
pub(crate) const HEAD: &[u8] = b"-----BEGIN ";

/// Longest last line.
const LONGEST_LINE: usize = 80;

/// A block that goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Block {
    /// Among its rows of digits.
    Body,
    /// In its last line, so many bytes of which were seen.
    LastLine(usize),
}

impl Block {
    /// The block that `value` began and did not end.
    pub(crate) fn begun_by(value: &[u8]) -> Option<Self> {
        let begins = value.starts_with(HEAD) && value.len() >= LEAST;
        begins.then(|| Self::going_on(value)).flatten()
    }

    /// The block whose last part is `value`, unless that ends it.
    pub(crate) fn going_on(value: &[u8]) -> Option<Self> {
        let tail = value.get(value.len().saturating_sub(LONGEST_LINE)..).unwrap_or_default();
        let ended = tail.windows(9).any(|window| window == b"-----END ");
        (!ended).then_some(Self::Body)
    }

    /// How many of the next bytes belong to it, and what is left of it behind them; `None` when it
    /// is over.
    pub(crate) fn swallow(self, text: &[u8]) -> (usize, Option<Self>) {
        let mut state = self;
        for (at, byte) in text.iter().enumerate() {
            state = match (state, byte) {
                (Self::Body, b'-') => Self::LastLine(1),
                (Self::Body, b'+' | b'/' | b'=' | b'\r' | b'\n') => Self::Body,
                (Self::Body, byte) if byte.is_ascii_alphanumeric() => Self::Body,
                (Self::LastLine(seen), b'-' | b' ' | b'A'..=b'Z' | b'0'..=b'9')
                    if seen < LONGEST_LINE =>
                {
                    Self::LastLine(seen.saturating_add(1))
                }
                (Self::Body | Self::LastLine(_), _) => return (at, None),
            };
        }
        (text.len(), Some(state))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_goes_on_to_the_end_of_its_last_line() {
        let text = b"MIIE\r\nab+/=\n-----END RSA PRIVATE KEY-----\nnext";
        let (length, rest) = Block::Body.swallow(text);
        assert_eq!((&text[length..], rest), (b"\nnext".as_slice(), None));
        assert_eq!(Block::Body.swallow(b"ab"), (2, Some(Block::Body)));
        assert_eq!(Block::Body.swallow(b"ab#"), (2, None));
        for cut in 0..text.len() {
            let (first, state) = Block::Body.swallow(&text[..cut]);
            let second = state.map_or(0, |state| state.swallow(&text[first..]).0);
            assert_eq!(first + second, length, "{cut}");
        }
    }

    #[test]
    fn only_a_long_value_without_an_end_begins_one() {
        let long = format!("-----BEGIN {} KEY-----\n{}", "PRIVATE", "A".repeat(LEAST));
        assert_eq!(Block::begun_by(long.as_bytes()), Some(Block::Body));
        assert_eq!(Block::begun_by(&long.as_bytes()[..100]), None);
        let ended = format!("{long}\n-----END {} KEY-----", "PRIVATE");
        assert_eq!(Block::begun_by(ended.as_bytes()), None);
    }
}
