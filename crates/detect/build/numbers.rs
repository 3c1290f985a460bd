//! Rules by the groups of digits that a number may begin with.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::RangeInclusive;

/// Lengths of a first group that are told apart: 0 to 31.
const LENGTHS: usize = 32;

/// Greatest length of a second group that is told apart.
const LONGEST_SECOND: usize = 15;

/// Lengths of a second group as bits, when there need be none.
const ANY: u16 = u16::MAX;

/// What a rule wants of a number with a first group of some length.
struct Entry {
    rule: usize,
    letters: u8,
    plus: bool,
    second: u16,
}

/// All of them by that length.
#[derive(Default)]
pub(crate) struct Numbers(BTreeMap<usize, Vec<Entry>>);

impl Numbers {
    /// Enters a rule for the groups of a data file: `9`, `13..19`, `3 2`, `+1..15`.
    pub(crate) fn add(&mut self, shape: &str, letters: u8, rule: usize) -> Result<(), String> {
        if u32::from(letters) >= u8::BITS {
            return Err(format!("{letters} letters before a number are too many"));
        }
        let (plus, groups) = shape.strip_prefix('+').map_or((false, shape), |rest| (true, rest));
        let (first, second) = groups.split_once(' ').map_or((groups, None), |(a, b)| (a, Some(b)));
        let second = match second {
            Some(second) => range(second)?
                .map(
                    |length| {
                        if length <= LONGEST_SECOND { Ok(1_u16 << length) } else { Err(length) }
                    },
                )
                .try_fold(0, |bits, bit| bit.map(|bit| bits | bit))
                .map_err(|length| {
                    format!("a second group has at most {LONGEST_SECOND}, not {length}")
                })?,
            None => ANY,
        };
        for length in range(first)? {
            if length >= LENGTHS {
                return Err(format!("a group of digits has fewer than {LENGTHS}"));
            }
            self.0.entry(length).or_default().push(Entry { rule, letters, plus, second });
        }
        Ok(())
    }

    /// The tables: rules by length, and for each length the second groups that any of them wants
    /// when nothing special stands before, and the
    /// numbers of letters before it that any wants.
    pub(crate) fn print(&self) -> Result<String, std::fmt::Error> {
        let mut code = String::new();
        let (mut rules, mut seconds, mut letters) = (String::new(), Vec::new(), Vec::new());
        for length in 0..LENGTHS {
            let entries = self.0.get(&length).map_or(&[][..], Vec::as_slice);
            let bare = entries.iter().filter(|entry| entry.letters == 0 && !entry.plus);
            seconds.push(bare.fold(0, |bits, entry| bits | entry.second));
            let before = entries.iter().filter(|entry| entry.letters > 0);
            letters.push(before.fold(0_u8, |bits, entry| bits | (1 << entry.letters)));
            rules.push_str("&[");
            for Entry { rule, letters, plus, second } in entries {
                write!(
                    rules,
                    "NumberRule {{ rule: {rule}, letters: {letters}, plus: {plus}, second: {second} }}, "
                )?;
            }
            rules.push_str("],\n");
        }
        writeln!(
            code,
            "pub(crate) static NUMBER_RULES: [&[NumberRule]; {LENGTHS}] = [\n{rules}];"
        )?;
        writeln!(code, "pub(crate) static SECOND_GROUPS: [u16; {LENGTHS}] = {seconds:?};")?;
        writeln!(code, "pub(crate) static LETTERS_BEFORE: [u8; {LENGTHS}] = {letters:?};")?;
        Ok(code)
    }
}

/// A length or a range of lengths.
fn range(text: &str) -> Result<RangeInclusive<usize>, String> {
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    let number = |part: &str| part.parse::<usize>().map_err(|error| format!("`{text}`: {error}"));
    Ok(number(first)?..=number(last)?)
}
