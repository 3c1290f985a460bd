//! Numbers that states give to persons: their groups, their check digits, and a word that names
//! them.
//!
//! One digit in ten or eleven is right by chance, so a word shortly before must say what the
//! number is. Algorithms: NHS Data Dictionary "NHS number" (mod 11); Canada, SIN (Luhn);
//! Australian Taxation Office, TFN (weights, mod 11); Bundeszentralamt für Steuern,
//! Identifikationsnummer (ISO/IEC 7064 mod 11,10); UIDAI, Aadhaar (Verhoeff 1969); Netherlands,
//! BSN (weights 9 to 2 and −1, mod 11); Poland, PESEL act of 2010 (weights 1, 3, 7, 9); Receita
//! Federal, CPF (mod 11, twice).

use super::around::is_whole;
use super::card::luhn;
use crate::candidate::{Candidate, Judgement};
use crate::words::{Words, has_letters, words};

/// How far before a number a word must stand that says what it is.
const CONTEXT: usize = 40;

/// Most digits of any of these numbers.
const MOST: usize = 12;

static AADHAAR: Words = words! { "aadhaar" "aadhar" "uidai" };
static BSN: Words = words! { "bsn" "burgerservice" "sofinummer" };
static CPF: Words = words! { "cpf" "cadastro de pessoa" };
static NHS: Words = words! { "nhs" };
static PESEL: Words = words! { "pesel" };
static SIN: Words =
    words! { "sin:" "sin " "sin\"" "sin=" "social insurance" "social_insurance" "nas:" };
static TAX_ID: Words = words! {
    "steuer-id" "steuerid" "steuer_id" "steueridentifikation" "steuerliche identifikation" "idnr"
    "identifikationsnummer" "tax id" "tax_id"
};
static TFN: Words = words! { "tfn" "tax file" "tax_file" "taxfile" "t.f.n" };

/// Australian tax file number: 9 digits.
pub(super) fn au_tfn(candidate: &mut Candidate<'_>) -> Judgement {
    judge::<9>(candidate, &[3, 3, 3], &TFN, |digits| {
        weighted(digits, &[1, 4, 3, 7, 5, 8, 6, 9, 10]).is_multiple_of(11)
    })
}

/// The check of a tax file number alone.
pub(super) fn is_tfn(candidate: &Candidate<'_>) -> Judgement {
    super::digits::judge::<9>(candidate, |digits| {
        weighted(digits, &[1, 4, 3, 7, 5, 8, 6, 9, 10]).is_multiple_of(11)
    })
}

/// Brazilian CPF: 11 digits, the last two of which check.
pub(super) fn br_cpf(candidate: &mut Candidate<'_>) -> Judgement {
    let judged = judge::<11>(candidate, &[3, 3, 3, 2], &CPF, is_cpf);
    // The marks with which it is printed stand in no other number.
    let printed = |text: &[u8]| text.get(3) == Some(&b'.') && text.get(11) == Some(&b'-');
    if judged != Judgement::Refuse || !candidate.text.get(candidate.start..).is_some_and(printed) {
        return judged;
    }
    match checked(candidate, &[3, 3, 3, 2], is_cpf) {
        Judgement::Sound => Judgement::Shape,
        Judgement::Proven | Judgement::Shape | Judgement::Refuse => Judgement::Refuse,
    }
}

fn is_cpf(digits: &[u32; 11]) -> bool {
    let check = |weights: &[u32]| {
        let rest = weighted(digits, weights).saturating_mul(10).wrapping_rem(11);
        if rest == 10 { 0 } else { rest }
    };
    digits.get(9) == Some(&check(&[10, 9, 8, 7, 6, 5, 4, 3, 2]))
        && digits.get(10) == Some(&check(&[11, 10, 9, 8, 7, 6, 5, 4, 3, 2]))
}

/// Canadian social insurance number: 9 digits, the first of which is not 0 or 8.
pub(super) fn ca_sin(candidate: &mut Candidate<'_>) -> Judgement {
    judge::<9>(candidate, &[3, 3, 3], &SIN, |digits| {
        let text: [u8; 9] = core::array::from_fn(|at| {
            digits.get(at).map_or(b'0', |digit| b'0'.wrapping_add(*digit as u8))
        });
        !matches!(digits.first(), Some(0 | 8)) && luhn(&text)
    })
}

/// German tax identification number: 11 digits, the first of which is not 0.
pub(super) fn de_tax_id(candidate: &mut Candidate<'_>) -> Judgement {
    judge::<11>(candidate, &[2, 3, 3, 3], &TAX_ID, |digits| {
        let product = digits.iter().take(10).fold(10, |product: u32, digit| {
            let sum = product.saturating_add(*digit).wrapping_rem(10);
            (if sum == 0 { 10 } else { sum }).saturating_mul(2).wrapping_rem(11)
        });
        let check = 11_u32.saturating_sub(product).wrapping_rem(10);
        digits.first() != Some(&0) && digits.get(10) == Some(&check)
    })
}

/// Indian Aadhaar number: 12 digits, the first of which is not 0 or 1.
pub(super) fn in_aadhaar(candidate: &mut Candidate<'_>) -> Judgement {
    named(candidate, &AADHAAR, is_aadhaar)
}

/// The same without a word before it.
pub(super) fn is_aadhaar(candidate: &mut Candidate<'_>) -> Judgement {
    checked::<12>(candidate, &[4, 4, 4], |digits| {
        !matches!(digits.first(), Some(0 | 1)) && verhoeff(digits)
    })
}

/// Dutch citizen service number: 9 digits.
pub(super) fn nl_bsn(candidate: &mut Candidate<'_>) -> Judgement {
    judge::<9>(candidate, &[3, 3, 3], &BSN, |digits| {
        // A weight of 10 is −1 to the modulus 11.
        weighted(digits, &[9, 8, 7, 6, 5, 4, 3, 2, 10]).is_multiple_of(11)
    })
}

/// Polish PESEL: 11 digits.
pub(super) fn pl_pesel(candidate: &mut Candidate<'_>) -> Judgement {
    named(candidate, &PESEL, is_pesel)
}

/// The same without a word before it.
pub(super) fn is_pesel(candidate: &mut Candidate<'_>) -> Judgement {
    checked::<11>(candidate, &[11], |digits| {
        weighted(digits, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]).is_multiple_of(10)
    })
}

/// British NHS number: 10 digits. Without a word before it, one in the groups that are printed, or
/// with a zero in front as no count has it, is shape only.
pub(super) fn uk_nhs(candidate: &mut Candidate<'_>) -> Judgement {
    let check =
        |digits: &[u32; 10]| weighted(digits, &[10, 9, 8, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11);
    let Some((digits, end)) = read::<10>(candidate, &[3, 3, 4]) else { return Judgement::Refuse };
    let same = digits.windows(2).all(|pair| matches!(pair, [a, b] if a == b));
    if same || !check(&digits) {
        return Judgement::Refuse;
    }
    let named = NHS.stand_near_end(candidate.before(), CONTEXT);
    candidate.end = end;
    let printed = end.saturating_sub(candidate.start) > 10;
    match (named, printed && is_whole(candidate)) {
        (true, _) => Judgement::Sound,
        (false, true) => Judgement::Shape,
        (false, false) => Judgement::Refuse,
    }
}

/// Sound when `N` digits stand in one piece or in `groups`, are not all the same, satisfy `check`
/// and one of `names` stands before them.
fn judge<const N: usize>(
    candidate: &mut Candidate<'_>,
    groups: &[usize],
    names: &Words,
    check: impl FnOnce(&[u32; N]) -> bool,
) -> Judgement {
    named(candidate, names, |candidate| checked(candidate, groups, check))
}

/// What `judge` says, when one of `names` stands before the candidate.
fn named(
    candidate: &mut Candidate<'_>,
    names: &Words,
    judge: impl FnOnce(&mut Candidate<'_>) -> Judgement,
) -> Judgement {
    // Tables of numbers have no letters. Else the arithmetic is quicker than the look for a word, and
    // refuses nine of ten.
    if !has_letters(candidate.before(), CONTEXT) {
        return Judgement::Refuse;
    }
    match judge(candidate) {
        Judgement::Sound if names.stand_near_end(candidate.before(), CONTEXT) => Judgement::Sound,
        Judgement::Sound | Judgement::Proven | Judgement::Shape | Judgement::Refuse => {
            Judgement::Refuse
        }
    }
}

/// Sound when `N` digits stand in one piece or in `groups`, are not all the same and satisfy
/// `check`.
fn checked<const N: usize>(
    candidate: &mut Candidate<'_>,
    groups: &[usize],
    check: impl FnOnce(&[u32; N]) -> bool,
) -> Judgement {
    let Some((digits, end)) = read::<N>(candidate, groups) else { return Judgement::Refuse };
    let same = digits.windows(2).all(|pair| matches!(pair, [a, b] if a == b));
    if same || !check(&digits) {
        return Judgement::Refuse;
    }
    candidate.end = end;
    Judgement::Sound
}

/// The digits, and where they end.
fn read<const N: usize>(candidate: &Candidate<'_>, groups: &[usize]) -> Option<([u32; N], usize)> {
    let text = candidate.text.get(candidate.start..)?;
    let bare = candidate.end.checked_sub(candidate.start)? == N;
    // Most numbers have other groups, and what stands between them tells.
    let mut border = 0_usize;
    for group in groups.iter().take(groups.len().saturating_sub(1)).filter(|_| !bare) {
        border = border.checked_add(*group)?;
        text.get(border).filter(|byte| is_separator(byte))?;
        border = border.checked_add(1)?;
    }
    let longest = MOST.saturating_mul(2).min(text.len());
    let mut digits = [0; N];
    let mut at = 0_usize;
    let mut filled = 0_usize;
    for (index, group) in (if bare { &[N] } else { groups }).iter().enumerate() {
        if index > 0 {
            text.get(at).filter(|byte| is_separator(byte))?;
            at = at.checked_add(1)?;
        }
        for byte in text.get(at..at.checked_add(*group)?).filter(|_| at < longest)? {
            if !byte.is_ascii_digit() {
                return None;
            }
            *digits.get_mut(filled)? = u32::from(byte.wrapping_sub(b'0'));
            filled = filled.checked_add(1)?;
        }
        at = at.checked_add(*group)?;
    }
    let open = match text.get(at..) {
        Some([byte, next, ..]) if is_separator(byte) => next.is_ascii_digit(),
        Some([byte, ..]) => byte.is_ascii_alphanumeric() || *byte == b'_',
        _ => false,
    };
    (filled == N && !open).then_some((digits, candidate.start.checked_add(at)?))
}

const fn is_separator(byte: &u8) -> bool {
    matches!(byte, b' ' | b'-' | b'.')
}

fn weighted(digits: &[u32], weights: &[u32]) -> u32 {
    digits
        .iter()
        .zip(weights)
        .fold(0, |sum, (digit, weight)| sum.saturating_add(digit.saturating_mul(*weight)))
}

/// Verhoeff's check: the digits, turned by their place, multiplied in the dihedral group of order
/// ten, come to nothing.
fn verhoeff(digits: &[u32]) -> bool {
    let product = digits.iter().rev().enumerate().fold(0, |product, (place, digit)| {
        let turned = (0..place.wrapping_rem(8)).fold(*digit, |digit, _| turn(digit));
        multiply(product, turned)
    });
    product == 0
}

/// The permutation (1 5 8 9 4 2 7 0)(3 6).
const fn turn(digit: u32) -> u32 {
    match digit {
        0 => 1,
        1 => 5,
        2 => 7,
        3 => 6,
        4 => 2,
        5 => 8,
        6 => 3,
        7 => 0,
        8 => 9,
        _ => 4,
    }
}

/// The product of two elements: 0 to 4 are rotations of a pentagon, 5 to 9 reflections.
const fn multiply(one: u32, two: u32) -> u32 {
    let (a, b) = (one.wrapping_rem(5), two.wrapping_rem(5));
    let sum = if one < 5 { a.wrapping_add(b) } else { a.wrapping_add(5).wrapping_sub(b) };
    let reflected = (one < 5) != (two < 5);
    sum.wrapping_rem(5).wrapping_add(if reflected { 5 } else { 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verhoeff_is_the_published_one() {
        // The example of the algorithm's description: 236 with the check digit 3.
        assert!(verhoeff(&[2, 3, 6, 3]));
        assert!((0..10).filter(|digit| verhoeff(&[2, 3, 6, *digit])).count() == 1);
    }

    #[test]
    fn the_group_is_not_commutative_and_every_element_has_an_inverse() {
        assert_eq!((multiply(5, 1), multiply(1, 5)), (9, 6));
        for one in 0..10 {
            assert_eq!((0..10).filter(|two| multiply(one, *two) == 0).count(), 1);
        }
    }
}
