//! Rules by the groups of digits that a number may begin with.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::RangeInclusive;

/// Lengths of a first group that are told apart: 0 to 31.
const LENGTHS: usize = 32;

/// Greatest length of a second group that is told apart; `src/number.rs` knows these bits, too.
const LONGEST_SECOND: usize = 12;

/// The bits of a capital and of a small letter directly after the first group.
const CAPITAL: u16 = 1 << 14;
const SMALL: u16 = 1 << 15;

/// What may follow, as bits, when anything may.
const ANY: u16 = u16::MAX;

/// What a rule wants of a number with a first group of some length.
struct Entry {
    rule: usize,
    letters: u8,
    plus: bool,
    follows: u16,
    /// Whether a point stands before the second group.
    point: bool,
}

/// All of them by that length.
#[derive(Default)]
pub(crate) struct Numbers(BTreeMap<usize, Vec<Entry>>);

impl Numbers {
    /// Enters a rule for the groups of a data file: `9`, `13..19`, `3 2`, `2A`, `+1..15`, and
    /// `1 .3` for groups with a point between.
    pub(crate) fn add(&mut self, shape: &str, letters: u8, rule: usize) -> Result<(), String> {
        if u32::from(letters) >= u8::BITS {
            return Err(format!("{letters} letters before a number are too many"));
        }
        let (plus, groups) = shape.strip_prefix('+').map_or((false, shape), |rest| (true, rest));
        let (first, second) = groups.split_once(' ').map_or((groups, None), |(a, b)| (a, Some(b)));
        let point = second.is_some_and(|second| second.starts_with('.'));
        let second = second.map(|second| second.trim_start_matches('.'));
        let (first, follows) = match (second, first.as_bytes().last()) {
            (Some(second), _) => (first, lengths(second)?),
            (None, Some(b'A')) => (first.trim_end_matches('A'), CAPITAL),
            (None, Some(b'a')) => (first.trim_end_matches('a'), CAPITAL | SMALL),
            (None, _) => (first, ANY),
        };
        for length in range(first)? {
            if length >= LENGTHS {
                return Err(format!("a group of digits has fewer than {LENGTHS}"));
            }
            self.0.entry(length).or_default().push(Entry { rule, letters, plus, follows, point });
        }
        Ok(())
    }

    /// The tables: rules by length and by the bit of what follows; for each length what may follow where a rule
    /// wants nothing special before, and the same with a point before the second group; the numbers of letters before that a rule wants.
    pub(crate) fn print(&self) -> Result<String, std::fmt::Error> {
        let mut code = String::new();
        let (mut rules, mut letters) = (String::new(), Vec::new());
        let (mut following, mut pointed) = (Vec::new(), Vec::new());
        for length in 0..LENGTHS {
            let entries = self.0.get(&length).map_or(&[][..], Vec::as_slice);
            let bare = entries.iter().filter(|entry| entry.letters == 0 && !entry.plus);
            let (point, joint): (Vec<_>, Vec<_>) = bare.partition(|entry| entry.point);
            let joint = joint.iter().fold(0, |bits, entry| bits | entry.follows);
            following.push(joint);
            pointed.push(point.iter().fold(joint, |bits, entry| bits | entry.follows));
            let before = entries.iter().filter(|entry| entry.letters > 0);
            letters.push(before.fold(0_u8, |bits, entry| bits | (1 << entry.letters)));
            rules.push('[');
            for bit in 0..u16::BITS {
                rules.push_str("&[");
                for Entry { rule, letters, plus, follows, .. } in entries {
                    if follows >> bit & 1 == 1 {
                        write!(
                            rules,
                            "NumberRule {{ rule: {rule}, letters: {letters}, plus: {plus} }}, "
                        )?;
                    }
                }
                rules.push_str("], ");
            }
            rules.push_str("],\n");
        }
        writeln!(
            code,
            "pub(crate) static NUMBER_RULES: [[&[NumberRule]; 16]; {LENGTHS}] = [\n{rules}];"
        )?;
        writeln!(code, "pub(crate) static FOLLOWING: [u16; {LENGTHS}] = {following:?};")?;
        writeln!(code, "pub(crate) static POINTED: [u16; {LENGTHS}] = {pointed:?};")?;
        writeln!(code, "pub(crate) static LETTERS_BEFORE: [u8; {LENGTHS}] = {letters:?};")?;
        Ok(code)
    }
}

/// Lengths of a second group as bits.
fn lengths(text: &str) -> Result<u16, String> {
    let lengths = range(text)?;
    if *lengths.end() > LONGEST_SECOND {
        return Err(format!("`{text}`: a second group has at most {LONGEST_SECOND} digits"));
    }
    Ok(lengths.fold(0, |bits, length| bits | (1 << length)))
}

/// A length or a range of lengths.
fn range(text: &str) -> Result<RangeInclusive<usize>, String> {
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    let number = |part: &str| part.parse::<usize>().map_err(|error| format!("`{text}`: {error}"));
    Ok(number(first)?..=number(last)?)
}
