//! Payment card numbers: issuer range, length, grouping and the Luhn check.
//!
//! Ranges and lengths are those that the networks publish and ISO/IEC 7812-1 assigns; the check
//! digit is ISO/IEC 7812-1 annex B (Luhn).

use super::around::{are_neighbours, in_sentence, is_whole};
use crate::bytes::{run, run_back};
use crate::candidate::{Candidate, Judgement};
use crate::words::{Words, words};

/// Most digits of a card number.
const MOST: usize = 19;

/// Fewest digits of a card number.
const FEWEST: usize = 13;

/// How far before a number a word may stand that says what it is.
const CONTEXT: usize = 40;

/// Words for a card number.
static NAMES: Words = words! {
    "amex" "american express" "card" "carte" "cc:" "cc=" "ccn" "cc_" "charge" "credit" "cvc" "cvv" "debit" "diners" "jcb" "karte" "kreditkart"
    "maestro" "mastercard" "pan:" "pan=" "pan\"" "payment" "rupay" "tarjeta" "unionpay" "visa"
};

/// What follows a card number: its code, or when it expires.
static VERIFIED: Words =
    words! { " cvv" " cvc" ", cvv" ", cvc" " exp " " exp:" ", exp" " expires" };

/// Test numbers that every processor's first page of documentation prints; they open no account.
/// Rarer ones are as likely somebody's test of a scanner as of a shop, and are found.
const PUBLISHED: [&[u8]; 9] = [
    b"4242424242424242",
    b"4111111111111111",
    b"4000056655665556",
    b"4000000000000002",
    b"4000002500003155",
    b"5555555555554444",
    b"2223003122003222",
    b"378282246310005",
    b"6011111111111117",
];

/// A card number that begins with the first group of digits, wherever it stands.
pub(super) fn card(candidate: &mut Candidate<'_>) -> Judgement {
    number(candidate).map_or(Judgement::Refuse, |number| {
        Judgement::sound_if(!PUBLISHED.contains(&number.digits()))
    })
}

/// The same in a text full of other numbers: in the groups printed on cards, behind a word for it, or
/// where people write numbers and programs seldom print them.
pub(super) fn card_in_text(candidate: &mut Candidate<'_>) -> Judgement {
    let grouped = candidate.value().len() < FEWEST;
    let Some(number) = number(candidate) else { return Judgement::Refuse };
    // What stands around costs the most to look at, and few numbers come this far.
    let named =
        || NAMES.stand_near_end(candidate.before(), CONTEXT) || VERIFIED.begin(candidate.after());
    if grouped
        && (is_row(candidate.before(), candidate.after())
            || is_above_numbers(candidate.after())
            || is_drawn(candidate.value(), candidate.after())
            || are_neighbours(candidate.value()))
        && !named()
        && !is_listed(candidate)
    {
        return Judgement::Refuse;
    }
    let counts = grouped || named() || is_told(candidate, number.digits());
    Judgement::sound_if(counts && !PUBLISHED.contains(&number.digits()))
}

/// The number at a candidate, which then ends where it does, if a network issues such a one.
fn number(candidate: &mut Candidate<'_>) -> Option<Number> {
    let number = read(candidate)?;
    let digits = number.digits();
    let repeated = digits.windows(2).all(|pair| matches!(pair, [a, b] if a == b));
    if !is_issued(digits) || !luhn(digits) || repeated {
        return None;
    }
    candidate.end = number.end;
    Some(number)
}

/// A number in one piece or in groups.
struct Number {
    digits: [u8; MOST],
    length: usize,
    /// Where it ends in the text.
    end: usize,
}

impl Number {
    fn digits(&self) -> &[u8] {
        self.digits.get(..self.length).unwrap_or_default()
    }
}

/// Whether what stands around bare digits that no word names tells that they are a card's. Of random
/// ids of sixteen digits three in a hundred could be one; two beside each other are none by chance.
fn is_told(candidate: &Candidate<'_>, digits: &[u8]) -> bool {
    // Seventeen digits and more are often an integer of 64 bits; what begins with a 1, a time.
    let integer = digits.len() >= 17 || digits.starts_with(b"1");
    let alone = is_whole(candidate) || in_sentence(candidate) || is_cell(candidate);
    (alone && !integer) || follows_card(candidate) || is_followed(candidate)
}

/// Whether it is all of a line between two bars: `|4…|`. Rows of more cells hold ids.
fn is_cell(candidate: &Candidate<'_>) -> bool {
    matches!(candidate.before(), [b'|'] | [.., b'\n', b'|'])
        && matches!(candidate.after(), [b'|'] | [b'|', b'\n' | b'\r', ..])
}

/// Whether an expiry date or another card stands directly behind.
fn is_followed(candidate: &Candidate<'_>) -> bool {
    let after = candidate.after();
    let gap = run(after.get(..MOST_BETWEEN.min(after.len())).unwrap_or_default(), is_between);
    let rest = after.get(gap..).unwrap_or_default();
    let month = matches!(rest, [b'0', b'1'..=b'9', ..] | [b'1', b'0'..=b'2', ..]);
    let expires = month
        && matches!(rest, [_, _, b'/', b'2', b'0'..=b'9', after @ ..]
            if !after.first().is_some_and(|byte| matches!(byte, b'/' | b'-')));
    gap > 0 && (expires || is_card_at(candidate.text, candidate.end.saturating_add(gap)))
}

/// Whether another card stands directly before.
fn follows_card(candidate: &Candidate<'_>) -> bool {
    let before = candidate.before();
    let near = before.get(before.len().saturating_sub(MOST_BETWEEN)..).unwrap_or_default();
    let end = before.len().saturating_sub(run_back(near, is_between));
    let head = before.get(..end).unwrap_or_default();
    let digits = run_back(head, |byte| byte.is_ascii_digit() || byte == b'-');
    end < before.len() && is_card_at(candidate.text, end.saturating_sub(digits))
}

/// Whether a number in groups is one of several cards below each other or in fields of a list. Numbers of
/// a table look the same; but of those one in fifty could be a card, and two beside each other by chance
/// are none.
fn is_listed(candidate: &Candidate<'_>) -> bool {
    let (before, after) = (candidate.before(), candidate.after());
    let near = after.get(..MOST_BETWEEN.min(after.len())).unwrap_or_default();
    let gap = run(near, is_between);
    let parts = |gap: &[u8]| gap.iter().any(|byte| *byte != b' ');
    if parts(near.get(..gap).unwrap_or_default())
        && is_card_at(candidate.text, candidate.end.saturating_add(gap))
    {
        return true;
    }
    let near = before.get(before.len().saturating_sub(MOST_BETWEEN)..).unwrap_or_default();
    let gap = run_back(near, is_between);
    let end = before.len().saturating_sub(gap);
    parts(near.get(near.len().saturating_sub(gap)..).unwrap_or_default())
        && WIDTHS.iter().any(|width| {
            let start = end.checked_sub(*width);
            let begins = |at: usize| {
                at == 0 || !before.get(at.saturating_sub(1)).is_some_and(u8::is_ascii_alphanumeric)
            };
            start.is_some_and(|at| begins(at) && is_card_at(candidate.text, at))
        })
}

/// Bytes of a number in the groups of each network: four of four, of American Express, of Diners Club.
const WIDTHS: [usize; 3] = [19, 17, 16];

/// What stands between two fields of a list, and how much of it.
const fn is_between(byte: u8) -> bool {
    matches!(byte, b' ' | b',' | b';' | b'|' | b'"' | b'\'' | b'\t' | b'\r' | b'\n')
}
const MOST_BETWEEN: usize = 6;

/// Whether the digits at `start` are a card.
fn is_card_at(text: &[u8], start: usize) -> bool {
    let first = run(text.get(start..).unwrap_or_default(), |byte| byte.is_ascii_digit());
    if !matches!(first, 4 | FEWEST..=MOST) {
        return false;
    }
    let end = start.saturating_add(first);
    let mut other = Candidate::of(text, (start, end));
    number(&mut other).is_some()
}

/// The digits of a number in one piece or in the groups printed on cards, and where it ends.
fn read(candidate: &Candidate<'_>) -> Option<Number> {
    let text = candidate.text.get(candidate.start..)?;
    let first = candidate.end.checked_sub(candidate.start)?;
    let mut digits = [0_u8; MOST];
    if first >= FEWEST {
        digits.get_mut(..first)?.copy_from_slice(text.get(..first)?);
        let inside = matches!(text.get(first..), Some([b'.' | b'-', b'0'..=b'9', ..]))
            || text.get(first).is_some_and(u8::is_ascii_alphabetic)
            || matches!(candidate.before(), [.., b'0'..=b'9', b'.' | b'-'] | [.., b'-']);
        return (!inside).then_some(Number { digits, length: first, end: candidate.end });
    }
    if !matches!(text.get(4), Some(b' ' | b'-')) || !text.get(..4).is_some_and(has_issuer) {
        return None;
    }
    let groups: &[usize] = match text {
        [b'3', b'4' | b'7', ..] => &[4, 6, 5],
        [b'3', b'0' | b'6' | b'8' | b'9', ..] => &[4, 6, 4],
        _ => &[4, 4, 4, 4],
    };
    let separator = *text.get(4)?;
    let mut at = 0_usize;
    let mut length = 0_usize;
    for (index, group) in groups.iter().enumerate() {
        if index > 0 {
            at = at.checked_add(usize::from(text.get(at) == Some(&separator)))?;
        }
        let part = text.get(at..at.checked_add(*group)?)?;
        if !part.iter().all(u8::is_ascii_digit) {
            return None;
        }
        digits.get_mut(length..length.checked_add(*group)?)?.copy_from_slice(part);
        length = length.checked_add(*group)?;
        at = at.checked_add(*group)?;
    }
    let open = text.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric());
    let end = candidate.start.checked_add(at)?;
    (!open).then_some(Number { digits, length, end })
}

/// Whether the next line is nothing but numbers, several of them: places in a drawing.
fn is_above_numbers(after: &[u8]) -> bool {
    let Some(rest) = after.strip_prefix(b"\n") else { return false };
    let line = rest.get(..LONGEST_ROW.min(rest.len())).unwrap_or_default();
    let line = line.get(..run(line, |byte| byte != b'\n')).unwrap_or_default();
    let plain = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b' ' | b'.' | b'-');
    line.iter().all(plain) && line.split(|byte| *byte == b' ').count() >= LEAST_ROW
}

/// How much of the next line is looked at, and the fewest numbers of it.
const LONGEST_ROW: usize = 80;
const LEAST_ROW: usize = 6;

/// Whether a further group of four or five hex digits stands on either side: a table of codes.
pub(super) fn is_row(before: &[u8], after: &[u8]) -> bool {
    let blank = |byte: u8| matches!(byte, b' ' | b'-' | b'\n' | b'\t');
    let is_group = |length: usize| matches!(length, 4 | 5);
    let gap = run_back(before, blank);
    let head = before.get(..before.len().saturating_sub(gap)).unwrap_or_default();
    let led =
        gap > 0 && (is_group(run_back(head, |byte| byte.is_ascii_hexdigit())) || is_counted(head));
    let gap = run(after, blank);
    let tail = after.get(gap..).unwrap_or_default();
    led || (gap > 0
        && is_group(run(tail.get(..6).unwrap_or(tail), |byte| byte.is_ascii_hexdigit())))
}

/// Whether it ends with a number of two or three digits, or with two shorter ones, with nothing but
/// blanks around them: more of the same row.
fn is_counted(head: &[u8]) -> bool {
    let digits = |text: &[u8]| run_back(text, |byte| byte.is_ascii_digit());
    let ends = |text: &[u8]| matches!(text.last(), None | Some(b' ' | b'\t' | b'\n'));
    let last = digits(head);
    let rest = head.get(..head.len().saturating_sub(last)).unwrap_or_default();
    let more = rest.strip_suffix(b" ").is_some_and(|rest| {
        let next = digits(rest);
        (1..=3).contains(&next)
            && ends(rest.get(..rest.len().saturating_sub(next)).unwrap_or_default())
    });
    ends(rest) && (matches!(last, 2 | 3) || (last == 1 && more))
}

/// Whether groups are places in a drawing: each of them a multiple of 25, as a grid has them, or more
/// numbers and an operator behind: `2550 1950 2895 1950 105 arcto`.
fn is_drawn(groups: &[u8], after: &[u8]) -> bool {
    let on_grid = groups.split(|byte| *byte == b' ').all(|group| {
        matches!(group, [.., b'0', b'0'] | [.., b'2' | b'7', b'5'] | [.., b'5', b'0'])
    });
    let number = after.strip_prefix(b" ").map(|rest| {
        rest.split_at(run(rest.get(..4).unwrap_or(rest), |byte| byte.is_ascii_digit()))
    });
    let operated = number.is_some_and(|(number, rest)| {
        !number.is_empty() && matches!(rest, [b' ', b'a'..=b'z', b'a'..=b'z', b'a'..=b'z', ..])
    });
    on_grid || operated
}

/// Whether cards with these first four digits come in groups: of Visa, Mastercard, American
/// Express, Diners Club, JCB, Discover, UnionPay or Maestro.
fn has_issuer(head: &[u8]) -> bool {
    matches!(head, [b'3'..=b'6', ..] | [b'2', b'2'..=b'7', ..] | [b'8', b'1' | b'2', ..])
}

/// Whether a network issues numbers with this beginning and length.
fn is_issued(digits: &[u8]) -> bool {
    let head = digits.iter().take(4).fold(0_u32, |head, digit| {
        head.saturating_mul(10).saturating_add(u32::from(digit.wrapping_sub(b'0')))
    });
    match head {
        // Visa.
        4000..=4999 => matches!(digits.len(), 13 | 16 | 19),
        // Mastercard.
        5100..=5599 | 2221..=2720 => digits.len() == 16,
        // Mir.
        2200..=2204 => matches!(digits.len(), 16..=19),
        // American Express.
        3400..=3499 | 3700..=3799 => digits.len() == 15,
        // Diners Club.
        3000..=3059 | 3095 | 3600..=3699 | 3800..=3999 => matches!(digits.len(), 14 | 16 | 19),
        // JCB.
        3528..=3589 => matches!(digits.len(), 16..=19),
        // Discover.
        6011 | 6440..=6599 => matches!(digits.len(), 16..=19),
        // UnionPay.
        6200..=6299 => matches!(digits.len(), 16..=19),
        // RuPay.
        5080..=5089 | 8100..=8299 => digits.len() == 16,
        // Dankort.
        5019 => digits.len() == 16,
        // Airlines (UATP).
        1000..=1999 => digits.len() == 15,
        // Maestro.
        5018 | 5020 | 5038 | 5893 | 6304 | 6759 | 6761..=6763 => matches!(digits.len(), 13..=19),
        _ => false,
    }
}

/// The Luhn check over ASCII digits.
pub(super) fn luhn(digits: &[u8]) -> bool {
    let mut sum = 0_u32;
    for (place, digit) in digits.iter().rev().enumerate() {
        let digit = u32::from(digit.wrapping_sub(b'0'));
        let doubled = if place % 2 == 1 { digit.saturating_mul(2) } else { digit };
        sum = sum.saturating_add(if doubled > 9 { doubled.saturating_sub(9) } else { doubled });
    }
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn luhn_is_that_of_the_standard() {
        assert!(luhn(b"79927398713"));
        assert!(!luhn(b"79927398710"));
    }

    #[test]
    fn published_test_numbers_are_valid_cards() {
        let rarer: [&[u8]; 5] = [
            b"4012888888881881",
            b"371449635398431",
            b"5105105105105100",
            b"3530111333300000",
            b"5019717010103742",
        ];
        for number in PUBLISHED.into_iter().chain(rarer) {
            assert!(luhn(number) && is_issued(number), "{number:?}");
        }
    }
    #[test]
    fn cards_in_groups_may_stand_in_a_list() {
        let judged = |text: &str, at: usize| {
            card_in_text(&mut Candidate::of(text.as_bytes(), (at, at.saturating_add(4))))
        };
        let list = "4539 1488 0343 6467\n5425 2334 3010 9903\n";
        assert_eq!([judged(list, 0), judged(list, 20)], [Judgement::Sound; 2]);
        let list = "3714 496353 98431;4539-1488-0343-6467";
        assert_eq!([judged(list, 0), judged(list, 18)], [Judgement::Sound; 2]);
        for table in [
            "4539 1488 0343 6467\n5425 2334 3010 9904\n",
            "4539 1488 0343 6467 5425 2334 3010 9903",
            "1234 4539 1488 0343 6467\n",
        ] {
            let at = table.find("4539").unwrap();
            assert_eq!(judged(table, at), Judgement::Refuse, "{table}");
        }
    }
}
