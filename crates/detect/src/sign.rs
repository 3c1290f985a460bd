//! Where an `@` or a `%` stands: what betrays addresses, user parts of URLs and escapes.

use memchr::memchr2;

use crate::class::{self, BLOCK, Sign};

/// Calls `hit` with the offset of each of them, in order.
pub(crate) fn signs(text: &[u8], mut hit: impl FnMut(usize)) {
    if text.len() < BLOCK {
        let places = text.iter().enumerate().filter(|(_, byte)| matches!(byte, b'@' | b'%'));
        return places.for_each(|(at, _)| hit(at));
    }
    // The quick search first asks the processor what it can do.
    let short = text.len() < class::SHORT;
    let mut at = 0_usize;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let next = if short { Some(0) } else { memchr2(b'@', b'%', rest) };
        let Some(next) = next else { return };
        at = at.saturating_add(next);
        // Where one is, more may be: those of a block are told together.
        let mut found = class::bits(&class::block(text.get(at..).unwrap_or_default()), Sign);
        while found != 0 {
            hit(at.saturating_add(found.trailing_zeros() as usize));
            found &= found.wrapping_sub(1);
        }
        at = at.saturating_add(BLOCK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_told_in_order() {
        for length in [0, 1, 63, 64, 65, 200, 5000] {
            for every in [1, 3, 64, 100, 4999] {
                let sign = |at: usize| if at.is_multiple_of(2) { b'@' } else { b'%' };
                let text: Vec<u8> =
                    (0..length).map(|at| if at % every == 0 { sign(at) } else { b'a' }).collect();
                let mut found = Vec::new();
                signs(&text, |at| found.push(at));
                assert_eq!(found, (0..length).step_by(every).collect::<Vec<_>>());
            }
        }
    }
}
