//! Where an `@` or a `%` stands: what betrays addresses, user parts of URLs and escapes.

use memchr::memchr2;

use crate::class::{self, At, BLOCK, Octal, Percent};

/// Calls `hit` with the offset of each `@`, and of each `%` behind which an escape of text may stand; in
/// order. It says up to where no `%` matters any more.
pub(crate) fn signs(text: &[u8], mut hit: impl FnMut(usize) -> usize) {
    // The quick search first asks the processor what it can do.
    let short = text.len() < class::SHORT;
    let mut undone = 0_usize;
    let mut at = 0_usize;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let next = if short { Some(0) } else { memchr2(b'@', b'%', rest) };
        let Some(next) = next else { return };
        at = at.saturating_add(next);
        let end = at.saturating_add(BLOCK);
        // Where one is, more may be: those of a block are told together.
        let block = class::block(text.get(at..).unwrap_or_default());
        let mut found = class::bits(&block, At);
        if undone < end {
            found |= class::bits(&block, Percent) & begins_text(&block);
        }
        while found != 0 {
            undone = hit(at.saturating_add(found.trailing_zeros() as usize));
            found &= found.wrapping_sub(1);
        }
        at = end;
    }
}

/// Bytes behind which the first digit of a byte of ASCII stands, or, of the last one, may stand.
fn begins_text(block: &[u8; BLOCK]) -> u64 {
    (class::bits(block, Octal) >> 1) | (1 << (BLOCK - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_told_in_order() {
        for length in [0, 1, 63, 64, 65, 200, 5000] {
            for every in [2, 3, 64, 100, 4999] {
                let sign = |at: usize| if at.is_multiple_of(4) { b'@' } else { b'%' };
                let text: Vec<u8> =
                    (0..length).map(|at| if at % every == 0 { sign(at) } else { b'7' }).collect();
                let mut found = Vec::new();
                signs(&text, |at| {
                    found.push(at);
                    0
                });
                found.retain(|at| text[*at] == b'@' || *at + 1 < length);
                let all = (0..length).step_by(every);
                let all = all.filter(|at| text[*at] == b'@' || *at + 1 < length);
                assert_eq!(found, all.collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn what_is_undone_or_no_text_is_not_told() {
        let text = ["%41%8F%F1@%25"; 20].concat();
        let mut found = Vec::new();
        signs(text.as_bytes(), |at| {
            found.push(at);
            usize::MAX
        });
        let ends = found.partition_point(|at| *at < BLOCK);
        let is = |at: &usize, sign: u8| text.as_bytes()[*at] == sign;
        assert!(found[ends..].iter().all(|at| is(at, b'@')) && found.iter().any(|at| is(at, b'%')));
        assert_eq!(found.iter().filter(|at| is(at, b'@')).count(), 20);
        assert!(found.iter().all(|at| !text.as_bytes()[*at..].starts_with(b"%F")));
    }
}
