//! Numbers that states outside Europe give to persons. A word for the number stands before each.
//!
//! Sources, by country: AR AFIP, "CUIT"; AU ATO, "ABN format" and ASIC, "ACN check digit", Services
//! Australia, "Medicare"; CL Registro Civil, "RUT"; CN GB 11643-1999; HK Immigration Department; ID law 24/2013, "NIK"; IL Population Authority; IN
//! Income Tax Department, "PAN"; JP ministerial order 85 of 2014; KR resident registration act;
//! MX RENAPO, "CURP"; MY JPN, "MyKad"; NZ IRD; SG ICA, "NRIC" and ACRA, "UEN"; TH DOPA; TR NVI; TW MOI; US CMS "NPI" and "MBI", ABA routing
//! numbers, DEA registration; ZA act 68 of 1997.

use super::digits::{digits, is_month_day, judge, luhn, number, weighted};
use crate::candidate::{Candidate, Judgement};

/// Routing number of a US bank: weights 3, 7, 1 (American Bankers Association).
pub(super) fn us_aba(candidate: &mut Candidate<'_>) -> Judgement {
    judge::<9>(candidate, |digits| {
        let district = digits.get(..2).map_or(0, number);
        let issued = matches!(district, 1..=12 | 21..=32 | 61..=72 | 80);
        issued && weighted(digits, &[3, 7, 1, 3, 7, 1, 3, 7, 1]).is_multiple_of(10)
    })
}

/// US provider number: the Luhn check with 80840 before it, which adds 24.
pub(super) fn us_npi(candidate: &mut Candidate<'_>) -> Judgement {
    judge::<10>(candidate, |digits| {
        let mut all = [8, 0, 8, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        all.iter_mut().skip(5).zip(digits).for_each(|(slot, digit)| *slot = *digit);
        matches!(digits.first(), Some(1 | 2)) && luhn(&all)
    })
}

/// Registration of a prescriber in the United States: two letters, and seven digits of which the
/// last checks.
pub(super) fn us_dea(candidate: &mut Candidate<'_>) -> Judgement {
    judge::<7>(candidate, |digits| {
        let [a, b, c, d, e, f, check] = digits;
        let one = a.saturating_add(*c).saturating_add(*e);
        let two = b.saturating_add(*d).saturating_add(*f).saturating_mul(2);
        one.saturating_add(two).wrapping_rem(10) == *check
    })
}

/// Argentine tax and labour number.
pub(super) fn ar_cuit(candidate: &mut Candidate<'_>) -> Judgement {
    judge::<11>(candidate, |digits| {
        let kind = digits.get(..2).map_or(0, number);
        matches!(kind, 20 | 23..=27 | 30 | 33 | 34)
            && weighted(digits, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11)
    })
}

/// Australian business number: the first digit less one, weights, mod 89.
pub(super) fn au_abn(candidate: &mut Candidate<'_>) -> Judgement {
    judge::<11>(candidate, |digits| {
        let sum = weighted(digits, &[10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]);
        digits.first() != Some(&0) && sum.saturating_sub(10).is_multiple_of(89)
    })
}

/// Australian company number.
pub(super) fn au_acn(candidate: &mut Candidate<'_>) -> Judgement {
    judge::<9>(candidate, |digits| {
        let sum = weighted(digits, &[8, 7, 6, 5, 4, 3, 2, 1]).wrapping_rem(10);
        digits.get(8) == Some(&10_u32.saturating_sub(sum).wrapping_rem(10))
    })
}

/// Australian Medicare number: the ninth digit checks the first eight.
pub(super) fn au_medicare(candidate: &mut Candidate<'_>) -> Judgement {
    judge::<10>(candidate, |digits| {
        let sum = weighted(digits, &[1, 3, 7, 9, 1, 3, 7, 9]).wrapping_rem(10);
        matches!(digits.first(), Some(2..=6)) && digits.get(8) == Some(&sum)
    })
}

/// Chilean number: weights 2 to 7 from the end, mod 11; 10 is written K.
pub(super) fn cl_rut(candidate: &mut Candidate<'_>) -> Judgement {
    let Some((check, body)) = candidate.value().split_last() else { return Judgement::Refuse };
    let digits = body.iter().rev().filter(|byte| byte.is_ascii_digit());
    let (count, sum) = digits.zip([2, 3, 4, 5, 6, 7].into_iter().cycle()).fold(
        (0_u32, 0_u32),
        |(count, sum), (digit, weight)| {
            let digit = u32::from(digit.wrapping_sub(b'0')).saturating_mul(weight);
            (count.saturating_add(1), sum.saturating_add(digit))
        },
    );
    let right = match 11_u32.saturating_sub(sum.wrapping_rem(11)) {
        11 => b'0',
        10 => b'K',
        digit => (digit as u8).wrapping_add(b'0'),
    };
    Judgement::refuse_unless((7..=8).contains(&count) && check.to_ascii_uppercase() == right)
}

/// Chinese resident number: 17 digits with a date of birth, and ISO/IEC 7064 mod 11-2.
pub(super) fn cn_resident(candidate: &mut Candidate<'_>) -> Judgement {
    let rest = candidate.text.get(candidate.start..).unwrap_or_default();
    let Some((body, [check, tail @ ..])) = rest.split_at_checked(17) else {
        return Judgement::Refuse;
    };
    let open = tail.first().is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let holds = digits::<17>(body).is_some_and(|digits| {
        let year = digits.get(6..10).map_or(0, number);
        let sum = weighted(&digits, &[7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]);
        let right = b"10X98765432".get(sum.wrapping_rem(11) as usize).copied();
        matches!(digits.first(), Some(1..=6 | 8))
            && (1900..=2035).contains(&year)
            && digits.get(10..14).is_some_and(is_month_day)
            && right == Some(check.to_ascii_uppercase())
    });
    if open || !holds {
        return Judgement::Refuse;
    }
    candidate.end = candidate.start.saturating_add(18);
    Judgement::Sound
}

/// Hong Kong identity card: a letter or two before six digits, and a check in brackets.
pub(super) fn hk_id(candidate: &mut Candidate<'_>) -> Judgement {
    let letters = candidate.before().iter().rev().take_while(|b| b.is_ascii_uppercase()).count();
    let head = candidate.before();
    let head = head.get(head.len().saturating_sub(letters)..).unwrap_or_default();
    let rank = |byte: u8| u32::from(byte.wrapping_sub(b'A')).saturating_add(10);
    let start = match head {
        [one] => 36_u32.saturating_mul(9).saturating_add(rank(*one).saturating_mul(8)),
        [two, one] => rank(*two).saturating_mul(9).saturating_add(rank(*one).saturating_mul(8)),
        _ => return Judgement::Refuse,
    };
    let value = candidate.value();
    let Some((body, tail)) = value.split_at_checked(6) else { return Judgement::Refuse };
    let check = tail.iter().find_map(|byte| match byte.to_ascii_uppercase() {
        b'A' => Some(10),
        byte => char::from(byte).to_digit(10),
    });
    let sum = digits::<6>(body)
        .map(|digits| weighted(&digits, &[7, 6, 5, 4, 3, 2]).saturating_add(start));
    let fits =
        sum.zip(check).is_some_and(|(sum, check)| sum.saturating_add(check).is_multiple_of(11));
    candidate.start = candidate.start.saturating_sub(letters);
    Judgement::refuse_unless(fits)
}

/// Indonesian identity number: a region, a date of birth (40 more for women), a serial number.
pub(super) fn id_nik(candidate: &mut Candidate<'_>) -> Judgement {
    judge::<16>(candidate, |digits| {
        let [_, _, _, _, _, _, a, b, c, d, ..] = digits;
        let day = if *a >= 4 { a.saturating_sub(4) } else { *a };
        is_month_day(&[*c, *d, day, *b])
    })
}

/// Israeli identity number: the Luhn check over nine digits.
pub(super) fn il_id(candidate: &mut Candidate<'_>) -> Judgement {
    judge::<9>(candidate, |digits| luhn(digits))
}

/// Indian permanent account number: five letters before four digits; the fourth tells the holder.
pub(super) fn in_pan(candidate: &mut Candidate<'_>) -> Judgement {
    let [.., before, a, b, c, holder, e] = candidate.before() else { return Judgement::Refuse };
    let letters = [a, b, c, holder, e].into_iter().all(u8::is_ascii_uppercase);
    let kind = matches!(
        holder,
        b'A' | b'B' | b'C' | b'E' | b'F' | b'G' | b'H' | b'J' | b'K' | b'L' | b'P' | b'T'
    );
    candidate.start = candidate.start.saturating_sub(5);
    Judgement::refuse_unless(letters && kind && !before.is_ascii_alphanumeric())
}

/// Japanese individual number: weights 6 to 2 and 7 to 2, mod 11.
pub(super) fn jp_my_number(candidate: &mut Candidate<'_>) -> Judgement {
    judge::<12>(candidate, |digits| {
        let rest = weighted(digits, &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]).wrapping_rem(11);
        let check = if rest < 2 { 0 } else { 11_u32.saturating_sub(rest) };
        digits.get(11) == Some(&check)
    })
}

/// Korean registration number: a date of birth, a sex and century, and a check mod 11. Numbers
/// since October 2020 end in random digits.
pub(super) fn kr_rrn(candidate: &mut Candidate<'_>) -> Judgement {
    let Some(digits) = digits::<13>(candidate.value()) else { return Judgement::Refuse };
    let date = digits.get(2..6).is_some_and(is_month_day) && digits.get(6) != Some(&0);
    let sum = weighted(&digits, &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]).wrapping_rem(11);
    let check = 11_u32.saturating_sub(sum).wrapping_rem(10);
    match digits.get(12) {
        _ if !date => Judgement::Refuse,
        Some(last) => Judgement::sound_if(*last == check),
        None => Judgement::Refuse,
    }
}

/// Mexican population code: four letters before a date of birth; the last digit checks all.
pub(super) fn mx_curp(candidate: &mut Candidate<'_>) -> Judgement {
    candidate.start = candidate.start.saturating_sub(4);
    let value = candidate.value();
    let alphabet = "0123456789ABCDEFGHIJKLMN\u{d1}OPQRSTUVWXYZ";
    let mut sum = 0_u32;
    for (byte, weight) in value.iter().zip((2..=18_u32).rev()) {
        let place = alphabet.chars().position(|known| known == char::from(*byte));
        let Some(place) = place.and_then(|place| u32::try_from(place).ok()) else {
            return Judgement::Refuse;
        };
        sum = sum.saturating_add(place.saturating_mul(weight));
    }
    let check = 10_u32.saturating_sub(sum.wrapping_rem(10)).wrapping_rem(10);
    let last = value.last().and_then(|byte| char::from(*byte).to_digit(10));
    Judgement::refuse_unless(value.len() == 18 && last == Some(check))
}

/// Malaysian identity card: a date of birth, a place, a serial number.
pub(super) fn my_kad(candidate: &mut Candidate<'_>) -> Judgement {
    judge::<12>(candidate, |digits| {
        let [_, _, a, b, c, d, e, f, ..] = digits;
        is_month_day(&[*a, *b, *c, *d]) && (*e, *f) != (0, 0)
    })
}

/// Tax number of New Zealand: weights, and others where the first leave 10; mod 11.
pub(super) fn nz_ird(candidate: &mut Candidate<'_>) -> Judgement {
    judge::<9>(candidate, |digits| {
        let check = |weights: &[u32]| match weighted(digits, weights).wrapping_rem(11) {
            0 => 0,
            rest => 11_u32.saturating_sub(rest),
        };
        let one = check(&[3, 2, 7, 6, 5, 4, 3, 2]);
        let right = if one == 10 { check(&[7, 4, 3, 2, 5, 2, 7, 6]) } else { one };
        digits.get(8) == Some(&right)
    })
}

/// Singaporean identity or foreigner's number: a letter before seven digits and one that checks.
pub(super) fn sg_nric(candidate: &mut Candidate<'_>) -> Judgement {
    let [before @ .., kind] = candidate.before() else { return Judgement::Refuse };
    let open = before.last().is_some_and(u8::is_ascii_alphanumeric);
    let Some((check, body)) = candidate.value().split_last() else { return Judgement::Refuse };
    let (extra, letters) = match kind {
        b'S' => (0, b"JZIHGFEDCBA"),
        b'T' => (4, b"JZIHGFEDCBA"),
        b'F' => (0, b"XWUTRQPNMLK"),
        b'G' => (4, b"XWUTRQPNMLK"),
        b'M' => (3, b"XWUTRQPNJLK"),
        _ => return Judgement::Refuse,
    };
    let right = digits::<7>(body).and_then(|digits| {
        let sum = weighted(&digits, &[2, 7, 6, 5, 4, 3, 2]).saturating_add(extra);
        letters.get(sum.wrapping_rem(11) as usize)
    });
    let fits = !open && right == Some(check);
    candidate.start = candidate.start.saturating_sub(1);
    Judgement::refuse_unless(fits)
}

/// Singaporean number of a business, or of a company by the year it began in: weights and a letter. That
/// of other bodies has letters inside and a `T`, `S` or `R` before the year; its shape must do.
pub(super) fn sg_uen(candidate: &mut Candidate<'_>) -> Judgement {
    let Some((check, body)) = candidate.value().split_last() else { return Judgement::Refuse };
    let before = candidate.before().last().copied().unwrap_or(b' ');
    if body.iter().any(u8::is_ascii_uppercase) {
        candidate.start = candidate.start.saturating_sub(1);
        return Judgement::refuse_unless(matches!(before, b'T' | b'S' | b'R'));
    }
    Judgement::refuse_unless(!before.is_ascii_alphanumeric() && is_uen(*check, body))
}

/// Whether a letter checks the eight digits of a business or the nine of a company.
pub(super) fn is_uen(check: u8, body: &[u8]) -> bool {
    let right = if let Some(digits) = digits::<8>(body) {
        let sum = weighted(&digits, &[10, 4, 9, 3, 8, 2, 7, 1]);
        b"XMKECAWLJDB".get(sum.wrapping_rem(11) as usize)
    } else if let Some(digits) = digits::<9>(body) {
        let sum = weighted(&digits, &[10, 8, 6, 4, 9, 7, 5, 3, 1]);
        let year = digits.get(..4).map_or(0, number);
        let letter = b"ZKCMDNERGWH".get(sum.wrapping_rem(11) as usize);
        letter.filter(|_| (1800..=2099).contains(&year))
    } else {
        None
    };
    right == Some(&check)
}

/// Thai identity number: weights 13 to 2, mod 11.
pub(super) fn th_id(candidate: &mut Candidate<'_>) -> Judgement {
    judge::<13>(candidate, |digits| {
        let sum = weighted(digits, &[13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]).wrapping_rem(11);
        digits.get(12) == Some(&11_u32.saturating_sub(sum).wrapping_rem(10))
    })
}

/// Turkish identity number: the tenth digit from odd and even places, the last from all.
pub(super) fn tr_kimlik(candidate: &mut Candidate<'_>) -> Judgement {
    judge::<11>(candidate, |digits| {
        let odd = weighted(digits, &[1, 0, 1, 0, 1, 0, 1, 0, 1]).saturating_mul(7);
        let even = weighted(digits, &[0, 1, 0, 1, 0, 1, 0, 1]);
        // Seven times the odd ones less the even ones; 10 more for each keeps it above nothing.
        let tenth = odd.saturating_add(80).saturating_sub(even).wrapping_rem(10);
        let last = digits.iter().take(10).sum::<u32>().wrapping_rem(10);
        digits.first() != Some(&0) && digits.get(9) == Some(&tenth) && digits.get(10) == Some(&last)
    })
}

/// Taiwanese identity number: a letter before nine digits that stands for two.
pub(super) fn tw_id(candidate: &mut Candidate<'_>) -> Judgement {
    let [before @ .., letter] = candidate.before() else { return Judgement::Refuse };
    let open = before.last().is_some_and(u8::is_ascii_alphanumeric);
    let place = b"ABCDEFGHJKLMNPQRSTUVXYWZIO".iter().position(|known| known == letter);
    let Some(region) = place.and_then(|place| u32::try_from(place).ok()) else {
        return Judgement::Refuse;
    };
    let region = region.saturating_add(10);
    let head = (region / 10).saturating_add(region.wrapping_rem(10).saturating_mul(9));
    let holds = digits::<9>(candidate.value()).is_some_and(|digits| {
        let sum = weighted(&digits, &[8, 7, 6, 5, 4, 3, 2, 1, 1]).saturating_add(head);
        matches!(digits.first(), Some(1 | 2 | 8 | 9)) && sum.is_multiple_of(10)
    });
    candidate.start = candidate.start.saturating_sub(1);
    Judgement::refuse_unless(holds && !open)
}

/// South African identity number: a date of birth, a status, and the Luhn check.
pub(super) fn za_id(candidate: &mut Candidate<'_>) -> Judgement {
    judge::<13>(candidate, |digits| {
        let [_, _, a, b, c, d, _, _, _, _, status, ..] = digits;
        is_month_day(&[*a, *b, *c, *d]) && *status < 3 && luhn(digits)
    })
}
