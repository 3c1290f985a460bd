//! Hex: two digits for each byte, in one run.

use super::{Decoded, Stop, WINDOW, is_promising};

/// Fewest digits of a run that is looked at.
const SHORTEST: usize = 24;

/// Whether `run` is all hex and begins like text.
pub(crate) fn begins(run: &[u8]) -> bool {
    let Some(head) = run.get(..SHORTEST).filter(|_| run.len().is_multiple_of(2)) else {
        return false;
    };
    let mut bytes = [0; SHORTEST / 2];
    for (pair, slot) in head.as_chunks::<2>().0.iter().zip(&mut bytes) {
        let Some(byte) = byte(pair) else { return false };
        *slot = byte;
    }
    is_promising(&bytes) && run.iter().all(u8::is_ascii_hexdigit)
}

/// The byte that two hex digits stand for.
pub(super) fn byte(pair: &[u8]) -> Option<u8> {
    let [high, low] = pair else { return None };
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    u8::try_from(digit(high)?.checked_mul(16)?.checked_add(digit(low)?)?).ok()
}

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
