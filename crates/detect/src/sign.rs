//! Where an `@` or a `%` stands: what betrays addresses, user parts of URLs and escapes.

use memchr::memchr2;

use crate::class::{self, At, BLOCK, Octal, Percent};

/// Calls `hit` with the offset of each `@` in `from..to` of `text`, and of each `%` behind which an escape
/// of text may stand; in order. It says up to where no `%` matters any more.
pub(crate) fn signs(text: &[u8], (from, to): (usize, usize), mut hit: impl FnMut(usize) -> usize) {
    // The quick search first asks the processor what it can do.
    let short = to.saturating_sub(from) < class::SHORT;
    let mut undone = 0_usize;
    let mut at = from;
    while let Some(rest) = text.get(at..to).filter(|rest| !rest.is_empty()) {
        let next = if short { Some(0) } else { memchr2(b'@', b'%', rest) };
        let Some(next) = next else { return };
        at = at.saturating_add(next);
        let end = at.saturating_add(BLOCK);
        // Where one is, more may be: those of a block are told together. What follows the last of them may
        // lie behind `to`.
        let block = class::block(text.get(at..).unwrap_or_default());
        let mut found = class::bits(&block, At);
        if undone < end {
            found |= class::bits(&block, Percent) & begins_text(&block, text.get(end));
        }
        found &= u64::MAX.unbounded_shr(end.saturating_sub(to) as u32);
        while found != 0 {
            undone = hit(at.saturating_add(found.trailing_zeros() as usize));
            found &= found.wrapping_sub(1);
        }
        at = end;
    }
}

/// Bytes of a block behind which the first digit of a byte of ASCII stands; `next` follows the block.
fn begins_text(block: &[u8; BLOCK], next: Option<&u8>) -> u64 {
    let behind = u64::from(matches!(next, Some(b'0'..=b'7')));
    (class::bits(block, Octal) >> 1) | (behind << (BLOCK - 1))
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
                signs(&text, (0, length), |at| {
                    found.push(at);
                    0
                });
                let all = (0..length).step_by(every);
                // Behind the last byte nothing stands.
                let all = all.filter(|at| text[*at] == b'@' || *at + 1 < length);
                assert_eq!(found, all.collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn parts_tell_what_the_whole_does() {
        let text = ["a%41@%5Fbc%8F", "x%20y%C3"].concat().repeat(20);
        let told = |from: usize, to: usize| {
            let mut found = Vec::new();
            signs(text.as_bytes(), (from, to), |at| {
                found.push(at);
                0
            });
            found
        };
        let all = told(0, text.len());
        for cut in 0..text.len() {
            assert_eq!([told(0, cut), told(cut, text.len())].concat(), all, "{cut}");
        }
    }

    #[test]
    fn what_is_undone_or_no_text_is_not_told() {
        let text = ["%41%8F%F1@%25"; 20].concat();
        let mut found = Vec::new();
        signs(text.as_bytes(), (0, text.len()), |at| {
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
