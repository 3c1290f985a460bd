//! UTF-16 in either byte order (RFC 2781), as far as it spells ASCII: every second byte is zero.

use super::{Decoded, Spelling, Stop, WINDOW, is_text};
use crate::bytes::before;

/// Fewest characters of a run that is looked at.
const SHORTEST: usize = 12;

/// How far before a block a run that it shows may begin.
const BEHIND: usize = 64;

/// How far into a block the start of a run is looked for.
const BLOCK: usize = 64;

/// Which byte of a character comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// The zero.
    Big,
    /// The letter.
    Little,
}

/// Where the first run in the block at `block` begins, not before `floor`, and in which order its
/// bytes stand; `base` is the absolute offset of `text`.
pub(crate) fn begin(
    text: &[u8],
    base: usize,
    block: usize,
    floor: usize,
) -> Option<(Spelling, usize)> {
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
    let place = base.saturating_add(at);
    if place % 2 == 0 {
        return Some((Spelling::Wide(Order::Little), at));
    }
    // Texts begin at even places, so the zero comes first. A letter before it is of another text.
    let zero = if before(text, at) == Some(0) { at.checked_sub(1) } else { at.checked_add(1) };
    zero.map(|zero| (Spelling::Wide(Order::Big), zero))
}

fn is_unit(pair: &[u8]) -> bool {
    letter(pair, Order::Little).is_some()
}

/// The ASCII character that two bytes spell.
fn letter(pair: &[u8], order: Order) -> Option<u8> {
    match (pair, order) {
        ([byte, 0], Order::Little) | ([0, byte], Order::Big) => Some(*byte),
        _ => None,
    }
    .filter(|byte| is_text(*byte))
}

/// Undoes the run at the start of `text`.
pub(super) fn undo(text: &[u8], order: Order, out: &mut Decoded) -> Stop {
    let mut at = 0_usize;
    while let Some(pair) = text.get(at..at.saturating_add(2)) {
        if at >= WINDOW {
            return Stop { length: at, open: true };
        }
        let Some(byte) = letter(pair, order) else { break };
        let end = at.saturating_add(2);
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
        let after_a_letter = [&[0xE9, 0][..], &little].concat();
        let cases = [
            (&little, Order::Little, 0),
            (&big, Order::Big, 0),
            (&after_a_letter, Order::Little, 2),
        ];
        for (bytes, order, start) in cases {
            let found = begin(bytes, 0, 0, 0);
            assert_eq!(found, Some((Spelling::Wide(order), start)));
            let mut out = Decoded::new();
            undo(&bytes[start..], order, &mut out);
            assert_eq!(out.bytes(), text.as_bytes());
            assert_eq!(out.outer(0, text.len()), Some((0, text.len() * 2)));
        }
        assert_eq!(begin(&[0; 64], 0, 0, 0), None);
    }
}
