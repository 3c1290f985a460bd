//! Where numbers that could mean a person or an account may begin.
//!
//! Most text has few digits. Blocks of 64 bytes are counted with plain loops that compile to
//! vector instructions; only where two neighbours together hold as many digits as the shortest
//! such number are groups of digits looked at one by one.

use fearless_simd::{Level, Simd, dispatch};

use crate::boundary;
use crate::bytes::{before, is_word, run_back};
use crate::class::{self, BLOCK, Capital, Joint, Number, Plus, ROW, Small};
use crate::tables::{FOLLOWING, LETTERS_BEFORE, POINTED};

/// Fewest digits of any number that is looked for.
const FEWEST_DIGITS: u32 = 4;

/// A group longer than this is no number of a person's; its bit is 31.
const LONGEST_GROUP: u32 = 31;

/// A second group longer than this is as good as none; `build/numbers.rs` knows these bits, too.
const LONGEST_SECOND: u32 = 12;

/// The bits of a capital and of a small letter directly after the first group.
const CAPITAL: u16 = 1 << 14;
const SMALL: u16 = 1 << 15;

/// Most bytes between the first two groups: `) `.
const MOST_BETWEEN: u32 = 2;

/// Most letters that may stand directly before a number.
const MOST_LETTERS: usize = 6;

/// The first group of digits of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) start: usize,
    /// Digits in it; [`LONGEST_GROUP`] stands for any more.
    pub(crate) length: usize,
    /// Capitals directly before it that begin a word.
    pub(crate) letters: u8,
    /// Whether a `+` stands directly before it.
    pub(crate) plus: bool,
    /// The bit of what follows: a letter, or the length of a second group after one or two other
    /// bytes; the lowest for neither.
    pub(crate) follows: u16,
}

/// Calls `hit` with every group of digits that begins in `from..to` of `text` where digits are
/// dense enough and a number that is looked for may begin. `from` must be a multiple of [`BLOCK`]
/// in absolute offsets.
pub(crate) fn groups(text: &[u8], from: usize, to: usize, mut hit: impl FnMut(Group)) {
    let rest = text.get(from..).unwrap_or_default();
    if rest.len() <= BLOCK {
        // A command line, mostly: all of it is one block.
        let digits = class::bits(&class::block(rest), Number);
        if digits.count_ones() >= FEWEST_DIGITS {
            groups_of_block(Level::baseline(), text, (from, to), (digits, 0), &mut hit);
        }
        return;
    }
    let level = class::level(to.saturating_sub(from));
    let mut at = from;
    while at < to {
        // Of the block after the row is told, too, which of its bytes are digits.
        let mut bits = [0; ROW + 1];
        let blocks = to.saturating_sub(at).div_ceil(BLOCK).min(ROW);
        let Some(bits) = bits.get_mut(..=blocks) else { return };
        let rest = text.get(at..).unwrap_or_default();
        let mut dense = dispatch!(level, simd => dense(simd, rest, bits));
        while dense != 0 {
            let block = dense.trailing_zeros() as usize;
            dense &= dense.wrapping_sub(1);
            let Some([here, next, ..]) = bits.get(block..) else { return };
            let from = at.saturating_add(block.saturating_mul(BLOCK));
            let end = from.saturating_add(BLOCK).min(to);
            groups_of_block(level, text, (from, end), (*here, *next), &mut hit);
        }
        at = at.saturating_add(ROW * BLOCK);
    }
}

/// Which bytes of the blocks from the start of `text` on are digits; and a bit for each block but the
/// last that has some, and with the next one enough.
#[inline(always)]
fn dense<S: Simd>(simd: S, text: &[u8], bits: &mut [u64]) -> u32 {
    class::rows(simd, text, Number, bits);
    let mut dense = 0;
    for (at, [here, there]) in (0_u32..).zip(bits.array_windows()) {
        let digits = here.count_ones().saturating_add(there.count_ones());
        let enough = (*here != 0) & (digits >= FEWEST_DIGITS);
        dense |= u32::from(enough).unbounded_shl(at);
    }
    dense
}

/// The groups in a range of a block of which the bits of its digits, and of those in the next one,
/// are known.
fn groups_of_block(
    level: Level,
    text: &[u8],
    (from, to): (usize, usize),
    (here, next): (u64, u64),
    hit: &mut impl FnMut(Group),
) {
    let inside = before(text, from).is_some_and(|byte| byte.is_ascii_digit());
    let within = u64::MAX.unbounded_shr(BLOCK.saturating_sub(to.saturating_sub(from)) as u32);
    let starts = here & !((here << 1) | u64::from(inside)) & within;
    let mut starts = dispatch!(level, simd => promising(simd, text, from, (here, starts)));
    while starts != 0 {
        let place = starts.trailing_zeros();
        starts &= starts.wrapping_sub(1);
        if is_inside_word(text, from.saturating_add(place as usize)) {
            continue;
        }
        // The longest group that is told apart, what may stand after it, and a second group fit.
        let digits = (here >> place) | (next << 1).unbounded_shl(63_u32.saturating_sub(place));
        if let Some(group) = group(text, from.saturating_add(place as usize), digits) {
            hit(group);
        }
    }
}

/// Those of the `starts` in the block at `from` with which a number may begin as far as is told of all
/// together.
#[inline(always)]
fn promising<S: Simd>(simd: S, text: &[u8], from: usize, (here, starts): (u64, u64)) -> u64 {
    let block = class::block(text.get(from..).unwrap_or_default());
    let starts = outside_words(simd, text, from, (&block, starts));
    if starts.count_ones() < MANY { starts } else { joined(simd, &block, (here, starts)) }
}

/// So many groups in a block are no ordinary text.
const MANY: u32 = 8;

/// Those that follow no small letter or `_`, where no escape can stand: so the groups of a hash, which
/// are nearly all, cost one question together. Where one can, each is asked about by itself.
#[inline(always)]
fn outside_words<S: Simd>(
    simd: S,
    text: &[u8],
    from: usize,
    (block, starts): (&[u8; BLOCK], u64),
) -> u64 {
    let words = class::bits_with(simd, block, Small);
    let inside = before(text, from).is_some_and(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let glued = starts & ((words << 1) | u64::from(inside));
    if glued == 0 || boundary::may_hold_escape(simd, text, from, block) {
        starts
    } else {
        starts & !glued
    }
}

/// Those that are not up to four digits and letters directly before what no number goes on with: only
/// behind a `+` or several capitals may a number begin with so few digits, and one that letters go on with
/// is longer. Tables, times, addresses of hardware and texts that are spelled by escapes are full of these.
#[inline(always)]
fn joined<S: Simd>(simd: S, block: &[u8; BLOCK], (here, starts): (u64, u64)) -> u64 {
    let capitals = class::bits_with(simd, block, Capital);
    let signs = here | capitals | class::bits_with(simd, block, Small);
    let mut run = (!(signs | class::bits_with(simd, block, Joint)) >> 1) & signs;
    let mut short = 0;
    for _ in 0..SHORT {
        short |= run;
        run = (run >> 1) & signs;
    }
    // What stands before the first two bytes is in the block before.
    let led = (capitals << 1) & (capitals << 2) | (class::bits_with(simd, block, Plus) << 1) | 3;
    starts & (!short | led)
}

/// Most digits and letters with which no number begins when nothing follows that joins groups.
const SHORT: usize = 4;

/// Whether the digits at `at` follow a small letter or `_` that ends no escape: no number begins there.
/// Nearly all groups in a hash are such, so this is asked first.
fn is_inside_word(text: &[u8], at: usize) -> bool {
    let head = at.checked_sub(6).and_then(|start| text.get(start..)?.first_chunk::<6>());
    let Some([_, fifth, _, third, second, last]) = head else { return false };
    let word = last.is_ascii_lowercase() || *last == b'_';
    word && !boundary::may_end_escape([*fifth, *third, *second, *last])
}

/// The group of digits at `start`, if a number that is looked for may begin with it; the bits of
/// `digits` say which bytes from there on are digits.
#[inline]
fn group(text: &[u8], start: usize, digits: u64) -> Option<Group> {
    let ones = digits.trailing_ones().min(LONGEST_GROUP);
    let length = ones as usize;
    let after = text.get(start.saturating_add(length));
    let follows = match after {
        Some(b'A'..=b'Z') => CAPITAL,
        Some(b'a'..=b'z') => SMALL,
        Some(b' ' | b'-' | b'.' | b'(' | b')' | b'+') => {
            let second = second_group(digits >> ones);
            if is_broken(text, start, (length, second)) { 1 } else { second }
        }
        // No number is written with anything else between its groups.
        _ => 1,
    };
    let following = if after == Some(&b'.') { &POINTED } else { &FOLLOWING };
    let known = following.get(length).is_some_and(|wanted| wanted & follows != 0);
    let (plus, letters) = match before(text, start) {
        Some(byte) if is_word(byte) => (false, letters_before(text, start, length, known)?),
        Some(b'+') => (true, 0),
        _ if known => (false, 0),
        _ => return None,
    };
    if letters == 0 && (is_later(text, start, length) || is_address(text, start, length)) {
        return None;
    }
    Some(Group { start, length, letters, plus, follows })
}

/// Whether a third group is missing behind two of the lengths of which every number has more: groups of four,
/// and the one of a number of three groups that has three and two first, with the same mark behind both.
#[inline]
fn is_broken(text: &[u8], start: usize, groups: (usize, u16)) -> bool {
    let rest = text.get(start..).unwrap_or_default();
    match groups {
        (4, FOUR) => !matches!(rest.get(9..), Some([b' ' | b'-' | b'.', b'0'..=b'9', ..])),
        (3, TWO) => !matches!(rest, [_, _, _, one, _, _, two, b'0'..=b'9', ..] if one == two),
        _ => false,
    }
}

/// The bits of a second group of two and of four digits.
const TWO: u16 = 1 << 2;
const FOUR: u16 = 1 << 4;

/// Whether the group of `length` digits at `at` goes on from an earlier one as no number does: behind the
/// point of a fraction or of an address, or as the seconds of a time.
#[inline]
fn is_later(text: &[u8], at: usize, length: usize) -> bool {
    match at.checked_sub(2).and_then(|from| text.get(from..)) {
        Some([b'0'..=b'9', b'.', ..]) => true,
        Some([b'0'..=b'9', b':', ..]) => length <= 2,
        _ => false,
    }
}

/// Whether the group of `length` digits at `at` begins what has points between its groups as a version or an
/// address has: a third one that is shorter than those of any number, or a fourth one behind three of a
/// number of three groups.
#[inline]
fn is_address(text: &[u8], at: usize, length: usize) -> bool {
    let rest = text.get(at.saturating_add(length)..).unwrap_or_default();
    let ([b'.', b'0'..=b'9', b'.', third @ ..]
    | [b'.', b'0'..=b'9', b'0'..=b'9', b'.', third @ ..]
    | [b'.', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b'.', third @ ..]) = rest
    else {
        return false;
    };
    match third {
        [b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', rest @ ..] => {
            length == 3 && matches!(rest, [b'.', b'0'..=b'9', ..])
        }
        [b'0'..=b'9', ..] => true,
        _ => false,
    }
}

/// The bit of the second group, where `digits` begins after the first.
const fn second_group(digits: u64) -> u16 {
    let between = digits.trailing_zeros();
    if between > MOST_BETWEEN {
        return 1;
    }
    let second = (digits >> between).trailing_ones();
    if second > LONGEST_SECOND { 1 } else { 1 << second }
}

/// Capitals directly before the group at `at`, when they begin a word and a rule wants them, or none
/// when an escape ends there and a number may begin; `None` inside a longer word.
#[inline]
fn letters_before(text: &[u8], at: usize, length: usize, known: bool) -> Option<u8> {
    let wanted = LETTERS_BEFORE.get(length).copied().unwrap_or(0);
    if wanted != 0 {
        let head = text.get(at.saturating_sub(MOST_LETTERS)..at)?;
        let letters = run_back(head, |byte| byte.is_ascii_uppercase());
        if wanted >> letters & 1 == 1 && boundary::begins(text, at.saturating_sub(letters)) {
            return u8::try_from(letters).ok();
        }
    }
    (known && boundary::begins(text, at)).then_some(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::{DETECTORS, NUMBER_RULES};

    fn found(text: &str) -> Vec<(usize, usize, u8)> {
        let mut out = Vec::new();
        groups(text.as_bytes(), 0, text.len(), |g| out.push((g.start, g.length, g.letters)));
        out
    }

    #[test]
    fn only_groups_with_which_a_number_may_begin_count() {
        assert_eq!(found("12345.12345.12345.12345.12345"), []);
        assert_eq!(found("4111 1111 1111 1111").first(), Some(&(0, 4, 0)));
        assert_eq!(found("tel (212) 555-7788")[0], (5, 3, 0));
        assert_eq!(found("tel +49 30 901820")[0], (5, 2, 0));
        assert_eq!(found("a\\n123-45-6789")[0], (3, 3, 0));
    }

    #[test]
    fn short_groups_before_escapes_begin_no_number() {
        for (length, wanted) in FOLLOWING.iter().enumerate().take(SHORT + 1) {
            assert_eq!(wanted & 1, 0, "see joined: {length}");
            assert_eq!(LETTERS_BEFORE[length] & 3, 0, "see joined: {length}");
        }
        let alone = "%41%42%43%44%45%46%47%48%49%50%51 \\u0061\\u0062\\u0063 =41=42=43";
        assert_eq!(found(alone), []);
        assert_eq!(found("is %4F%5A%6B%7C%8D%9E%1F=3C=4D=5E\\u00a9\\u12bd\\u1d2e\\"), []);
        assert_ne!(found("1EG4TE5MK72 1EG4TE5MK73 1EG4TE5MK74 1EG4TE5MK75 1EG4T% 1EG4T="), []);
        let led = format!("{alone} +41=1 DE89=");
        let after = |at: &str| led.rfind(at).unwrap();
        assert_eq!(found(&led), [(after("41=1"), 2, 0), (after("89="), 2, 2)]);
    }

    #[test]
    fn numbers_in_groups_of_four_and_of_three_and_two_have_more() {
        for (first, second, known) in
            [(4, 4, &["alone-in-aadhaar", "credit-card", "in-aadhaar"][..]), (3, 2, &["us-ssn"])]
        {
            // Those that ask for nothing behind the first group are asked about in any case.
            let rules = |second: usize| NUMBER_RULES[first][second].iter().map(|it| it.rule);
            let rules = rules(second).filter(|rule| !rules(0).any(|other| other == *rule));
            let mut rules: Vec<_> = rules.map(|rule| DETECTORS[usize::from(rule)].id).collect();
            rules.sort_unstable();
            assert_eq!(rules, known, "see is_broken");
        }
        assert_eq!(found("5105 1051|0510 5100 a 078-05.1 078-05-x 12:34 5678,9012"), []);
        assert_eq!(found("a 5105 1051 0510 5100"), [(2, 4, 0), (7, 4, 0)]);
        assert_eq!(found("a 078-05-1120 b"), [(2, 3, 0)]);
    }

    #[test]
    fn fractions_times_and_addresses_are_no_numbers() {
        assert_eq!(found("10.172.82.134 1.26.0.12"), []);
        assert_eq!(found("2026-03-01T14:05:00.022 x"), [(8, 2, 0)]);
        assert_eq!(found("123.456.789-09").first(), Some(&(0, 3, 0)));
        assert_eq!(found("12.345.678.901").first(), Some(&(0, 2, 0)));
        assert_eq!(found("212.555.7788").first(), Some(&(0, 3, 0)));
    }

    #[test]
    fn groups_begin_at_words_only() {
        assert_eq!(found("123-45-6789"), [(0, 3, 0)]);
        assert_eq!(found("DE123456789 x_123456789"), [(2, 9, 2)]);
        assert_eq!(found("1 ab 34"), []);
    }

    #[test]
    fn a_number_may_lie_across_blocks() {
        let text = format!("{}123-45-6789", " ".repeat(BLOCK - 3));
        assert_eq!(found(&text).first(), Some(&(BLOCK - 3, 3, 0)));
    }
}
