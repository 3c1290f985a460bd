//! Small arithmetic over written digits that the checks of many countries share.

use crate::candidate::{Candidate, Judgement};

/// The digits of `value` without what stands between them; `None` unless there are exactly `N`.
pub(super) fn digits<const N: usize>(value: &[u8]) -> Option<[u32; N]> {
    let mut out = [0; N];
    let mut slots = out.iter_mut();
    for byte in value.iter().filter(|byte| byte.is_ascii_alphanumeric()) {
        *slots.next()? = char::from(*byte).to_digit(10)?;
    }
    slots.next().is_none().then_some(out)
}

/// The sum of each digit times its weight.
pub(super) fn weighted(digits: &[u32], weights: &[u32]) -> u32 {
    digits
        .iter()
        .zip(weights)
        .fold(0, |sum, (digit, weight)| sum.saturating_add(digit.saturating_mul(*weight)))
}

/// The number that the digits write.
pub(super) fn number(digits: &[u32]) -> u64 {
    digits.iter().fold(0_u64, |sum, digit| sum.saturating_mul(10).saturating_add(u64::from(*digit)))
}

/// The Luhn check (ISO/IEC 7812-1 annex B).
pub(super) fn luhn(digits: &[u32]) -> bool {
    let sum = digits.iter().rev().enumerate().fold(0_u32, |sum, (place, digit)| {
        let doubled = if place % 2 == 1 { digit.saturating_mul(2) } else { *digit };
        sum.saturating_add(if doubled > 9 { doubled.saturating_sub(9) } else { doubled })
    });
    sum.is_multiple_of(10)
}

/// ISO/IEC 7064 mod 11,10: the last digit checks the others.
pub(super) fn mod_11_10(digits: &[u32]) -> bool {
    let Some((check, body)) = digits.split_last() else { return false };
    let product = body.iter().fold(10_u32, |product, digit| {
        let sum = product.saturating_add(*digit).wrapping_rem(10);
        (if sum == 0 { 10 } else { sum }).saturating_mul(2).wrapping_rem(11)
    });
    11_u32.saturating_sub(product).wrapping_rem(10) == *check
}

/// Whether month and day can stand in a date; two digits each, as four digits in a row.
pub(super) fn is_month_day(four: &[u32]) -> bool {
    let [a, b, c, d] = four else { return false };
    let pair = |tens: u32, ones: u32| tens.saturating_mul(10).saturating_add(ones);
    (1..=12).contains(&pair(*a, *b)) && (1..=31).contains(&pair(*c, *d))
}

/// Whether all digits are the same.
pub(super) fn all_equal(digits: &[u32]) -> bool {
    digits.windows(2).all(|pair| matches!(pair, [a, b] if a == b))
}

/// Sound when the value has `N` digits, not all the same, that satisfy `check`.
pub(super) fn judge<const N: usize>(
    candidate: &Candidate<'_>,
    check: impl FnOnce(&[u32; N]) -> bool,
) -> Judgement {
    let digits = digits::<N>(candidate.value());
    Judgement::refuse_unless(digits.is_some_and(|digits| !all_equal(&digits) && check(&digits)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_do_not_count_and_letters_do() {
        assert_eq!(digits::<4>(b"12 3-4."), Some([1, 2, 3, 4]));
        assert_eq!(digits::<4>(b"12 3"), None);
        assert_eq!(digits::<4>(b"12a4"), None);
        assert_eq!(digits::<3>(b"1234"), None);
    }

    #[test]
    fn sums_are_the_published_ones() {
        assert!(luhn(&[7, 9, 9, 2, 7, 3, 9, 8, 7, 1, 3]));
        assert!(!luhn(&[7, 9, 9, 2, 7, 3, 9, 8, 7, 1, 0]));
        // The example of ISO/IEC 7064: 0794 with the check digit 5.
        assert!(mod_11_10(&[0, 7, 9, 4, 5]) && !mod_11_10(&[0, 7, 9, 4, 6]));
        assert_eq!((number(&[1, 2, 3]), weighted(&[1, 2], &[3, 4])), (123, 11));
        assert!(is_month_day(&[1, 2, 3, 1]) && !is_month_day(&[1, 3, 0, 1]));
    }
}
