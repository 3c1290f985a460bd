//! Hex: two digits for each byte, in one run.

use super::{Decoded, Stop, WINDOW, is_promising, may_begin};
use crate::bytes::table;

/// Fewest digits of a run that is looked at.
const SHORTEST: usize = 24;

/// Whether `run`, which is all hex, is that of bytes and begins like text.
pub(crate) fn begins(run: &[u8]) -> bool {
    let Some(head) = run.get(..SHORTEST).filter(|_| run.len().is_multiple_of(2)) else {
        return false;
    };
    // Three bytes tell most hashes from a layer.
    bytes::<3>(head).is_some_and(may_begin)
        && bytes::<{ SHORTEST / 2 }>(head).is_some_and(|bytes| is_promising(&bytes))
}

/// The first bytes that digits stand for.
fn bytes<const COUNT: usize>(digits: &[u8]) -> Option<[u8; COUNT]> {
    let mut bytes = [0; COUNT];
    for (pair, slot) in digits.as_chunks::<2>().0.iter().zip(&mut bytes) {
        *slot = byte(pair)?;
    }
    Some(bytes)
}

/// The byte that two hex digits stand for.
pub(super) fn byte(pair: &[u8]) -> Option<u8> {
    let [high, low] = pair else { return None };
    let (high, low) = (nibble(*high), nibble(*low));
    (high | low != NONE).then_some(high << 4 | low)
}

/// What [`nibble`] gives for what is no digit; no digits make it together.
const NONE: u8 = 0xFF;

/// The value of a digit, or [`NONE`].
pub(super) fn nibble(digit: u8) -> u8 {
    NIBBLES.get(usize::from(digit)).copied().unwrap_or(NONE)
}

static NIBBLES: [u8; 256] = table!(byte => match byte {
    b'0'..=b'9' => byte.wrapping_sub(b'0'),
    b'a'..=b'f' => byte.wrapping_sub(b'a').wrapping_add(10),
    b'A'..=b'F' => byte.wrapping_sub(b'A').wrapping_add(10),
    _ => NONE,
});

/// Undoes the run at the start of `text`.
pub(super) fn undo(text: &[u8], out: &mut Decoded) -> Stop {
    let mut at = 0_usize;
    while let Some(decoded) = text.get(at..at.saturating_add(2)).and_then(byte) {
        if at >= WINDOW {
            return Stop { length: at, open: true };
        }
        let end = at.saturating_add(2);
        out.push(decoded, at, end);
        at = end;
    }
    Stop { length: at, open: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_become_bytes_and_hashes_do_not_begin_like_text() {
        let mut out = Decoded::new();
        let stop = undo(b"6768705f4A.", &mut out);
        assert_eq!((out.bytes(), stop), (&b"ghp_J"[..], Stop { length: 10, open: false }));
        assert!(begins(b"70617373776f72643d68756e74657232"));
        assert!(!begins(b"9f86d081884c7d659a2feaa0c55ad015"));
    }
}
