//! UTF-16 in either byte order (RFC 2781), as far as it spells ASCII: every second byte is zero.

use super::{Decoded, Stop, WINDOW, is_text};
use crate::bytes::before;

/// Fewest characters of a run that is looked at.
const SHORTEST: usize = 12;

/// How far before a block a run that it shows may begin.
const BEHIND: usize = 64;

/// How far into a block the start of a run is looked for.
const BLOCK: usize = 64;

/// Where the first run in the block at `block` begins, not before `floor`: the place of its first
/// character.
pub(crate) fn begin(text: &[u8], block: usize, floor: usize) -> Option<usize> {
    let from = block.max(floor);
    let found = (from..block.saturating_add(BLOCK)).find(|at| {
        let rest = text.get(*at..).unwrap_or_default();
        rest.chunks_exact(2).take(SHORTEST).all(is_unit) && rest.len() >= SHORTEST.saturating_mul(2)
    })?;
    let mut at = found;
    while let Some(earlier) = at.checked_sub(2)
        && earlier >= floor
        && found.saturating_sub(earlier) < BEHIND
        && text.get(earlier..at).is_some_and(is_unit)
    {
        at = earlier;
    }
    Some(at)
}

fn is_unit(pair: &[u8]) -> bool {
    matches!(pair, [byte, 0] if is_text(*byte))
}

/// Undoes the run at the start of `text`. The last character of a big-endian run has its zero
/// before it.
pub(super) fn undo(text: &[u8], out: &mut Decoded) -> Stop {
    let mut at = 0_usize;
    while let Some([byte, zero]) = text.get(at..at.saturating_add(2)) {
        if at >= WINDOW {
            return Stop { length: at, open: true };
        }
        if *zero != 0 || !is_text(*byte) {
            break;
        }
        let end = at.saturating_add(2);
        out.push(*byte, at, end);
        at = end;
    }
    if before(text, at) == Some(0)
        && let Some(byte) = text.get(at).copied().filter(|byte| is_text(*byte))
    {
        let end = at.saturating_add(1);
        out.push(byte, at, end);
        at = end;
    }
    Stop { length: at, open: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_byte_orders_are_text() {
        let text = "password=hunter2!";
        let little: Vec<u8> = text.bytes().flat_map(|byte| [byte, 0]).collect();
        let big: Vec<u8> = text.bytes().flat_map(|byte| [0, byte]).collect();
        for (bytes, start) in [(little, 0), (big, 1)] {
            let at = begin(&bytes, 0, 0).unwrap();
            assert_eq!(at, start);
            let mut out = Decoded::new();
            undo(&bytes[at..], &mut out);
            assert_eq!(out.bytes(), text.as_bytes());
        }
        assert_eq!(begin(&[0; 64], 0, 0), None);
    }
}
