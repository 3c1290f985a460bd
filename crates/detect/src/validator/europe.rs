//! Numbers that the states of Europe give to persons. A word for the number stands before each.
//!
//! Sources, by country: AT Dachverband der Sozialversicherungsträger, "Versicherungsnummer"; BE
//! Rijksregister, royal decree of 3 April 1984; BG GRAO, "ЕГН"; CH ZAS, "AHV-Nummer" (EAN-13); CZ and
//! SK act 133/2000, "rodné číslo"; DK CPR office; EE EVS 585:2007, LT law X-1032, the same; ES Ministerio del
//! Interior, "NIF"; FI DVV, "Personal identity code"; FR INSEE, "NIR", and DGFiP, "SPI"; GB HMRC NIM39110;
//! GR ΑΜΚΑ (Luhn) and ΑΦΜ; HR law on the OIB (mod 11,10); IE Revenue, "PPS number"; IT decree of 23
//! December 1976; NO Skatteetaten, "Fødselsnummer"; PT decree-law 14/2013; RO law 105/1996; SE SKV 704 (Luhn); UA order
//! 822; RU order of the pension fund.

use super::digits::{digits, is_month_day, judge, luhn, mod_11_10, number, weighted};
use crate::candidate::{Candidate, Judgement};

/// Letters that check a Spanish number, by its remainder.
const SPANISH: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";

/// Letters that check an Irish number.
const IRISH: &[u8; 23] = b"WABCDEFGHIJKLMNOPQRSTUV";

/// Characters that check a Finnish code.
const FINNISH: &[u8; 31] = b"0123456789ABCDEFHJKLMNPRSTUVWXY";

/// Values of Italian characters at odd places, digits and letters alike.
const ITALIAN: [u32; 26] =
    [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];

/// Austrian social insurance number: the fourth digit checks, a date of birth follows.
pub(super) fn at_svnr(candidate: &mut Candidate<'_>) -> Judgement {
    judge::<10>(candidate, |digits| {
        let sum = weighted(digits, &[3, 7, 9, 0, 5, 8, 4, 2, 1, 6]).wrapping_rem(11);
        digits.first() != Some(&0) && digits.get(3) == Some(&sum)
    })
}

/// Belgian national number: 97 less the remainder of nine digits, with a 2 before them since 2000.
pub(super) fn be_national(candidate: &mut Candidate<'_>) -> Judgement {
    judge::<11>(candidate, |digits| {
        let (body, check) = digits.split_at(9);
        let body = number(body);
        let check = number(check);
        let fits = |body: u64| 97_u64.saturating_sub(body.wrapping_rem(97)) == check;
        fits(body) || fits(body.saturating_add(2_000_000_000))
    })
}

/// Bulgarian civil number.
pub(super) fn bg_egn(candidate: &mut Candidate<'_>) -> Judgement {
    judge::<10>(candidate, |digits| {
        let sum = weighted(digits, &[2, 4, 8, 5, 10, 9, 7, 3, 6]).wrapping_rem(11).wrapping_rem(10);
        digits.get(9) == Some(&sum)
    })
}

/// Swiss insurance number: 13 digits from 756, checked as an EAN.
pub(super) fn ch_ahv(candidate: &mut Candidate<'_>) -> Judgement {
    judge::<13>(candidate, |digits| {
        weighted(digits, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]).is_multiple_of(10)
    })
}

/// Czech and Slovak birth number: ten digits that 11 divides, or whose first nine leave 10 and the
/// last is 0.
pub(super) fn cz_birth(candidate: &mut Candidate<'_>) -> Judgement {
    judge::<10>(candidate, |digits| {
        let rest = digits.get(..9).map_or(0, number).wrapping_rem(11);
        let month = digits.get(2..4).map_or(0, number).wrapping_rem(50);
        let month = if month > 20 { month.saturating_sub(20) } else { month };
        let check = digits.last().copied().map_or(0, u64::from);
        (1..=12).contains(&month) && rest.wrapping_rem(10) == check
    })
}

/// Danish person number: a date of birth and four digits; since 2007 none of them checks.
pub(super) fn dk_cpr(candidate: &mut Candidate<'_>) -> Judgement {
    judge::<10>(candidate, |digits| {
        let [a, b, c, d, ..] = digits;
        is_month_day(&[*c, *d, *a, *b])
    })
}

/// Estonian and Lithuanian personal code: two rows of weights, the second where the first leaves 10.
pub(super) fn ee_isikukood(candidate: &mut Candidate<'_>) -> Judgement {
    judge::<11>(candidate, |digits| {
        let one = weighted(digits, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 1]).wrapping_rem(11);
        let two = weighted(digits, &[3, 4, 5, 6, 7, 8, 9, 1, 2, 3]).wrapping_rem(11);
        let sum = if one < 10 { one } else { two.wrapping_rem(10) };
        digits.get(3..7).is_some_and(is_month_day) && digits.get(10) == Some(&sum)
    })
}

/// Spanish DNI or NIE: eight digits, or X, Y or Z and seven, and a letter by the remainder of 23.
pub(super) fn es_nif(candidate: &mut Candidate<'_>) -> Judgement {
    let (first, width) = match candidate.before() {
        [.., letter @ (b'X' | b'Y' | b'Z'), b'-'] => (Some(letter), 2),
        [.., letter @ (b'X' | b'Y' | b'Z')] => (Some(letter), 1),
        _ => (None, 0_usize),
    };
    let first = first.map(|letter| letter.wrapping_sub(b'X').wrapping_add(b'0'));
    let value = candidate.value();
    let body = value.iter().filter(|byte| byte.is_ascii_digit());
    let all = first.iter().chain(body);
    let (count, sum) = all.fold((0_u32, 0_u32), |(count, sum), digit| {
        let digit = u32::from(digit.wrapping_sub(b'0'));
        (count.saturating_add(1), sum.saturating_mul(10).saturating_add(digit))
    });
    let letter = value.last().map(u8::to_ascii_uppercase);
    let right = SPANISH.get(sum.wrapping_rem(23) as usize).copied();
    if (7..=8).contains(&count) && letter == right {
        candidate.start = candidate.start.saturating_sub(width);
        Judgement::Sound
    } else {
        Judgement::Refuse
    }
}

/// Finnish identity code: day, month, year, a sign for the century, three digits and a check.
pub(super) fn fi_hetu(candidate: &mut Candidate<'_>) -> Judgement {
    let Some((body, [sign, tail @ ..])) = candidate.value().split_at_checked(6) else {
        return Judgement::Refuse;
    };
    let date = digits::<6>(body).is_some_and(|digits| {
        let [a, b, c, d, ..] = digits;
        is_month_day(&[c, d, a, b])
    });
    let [a, b, c, check] = tail else { return Judgement::Refuse };
    let number = body.iter().chain([a, b, c]).try_fold(0_u32, |sum, byte| {
        sum.checked_mul(10)?.checked_add(char::from(*byte).to_digit(10)?)
    });
    let right = number.and_then(|number| FINNISH.get(number.wrapping_rem(31) as usize));
    let century = matches!(sign, b'-' | b'+' | b'A'..=b'F' | b'U'..=b'Y');
    Judgement::refuse_unless(date && century && right == Some(check))
}

/// French social security number: 13 digits and 97 less their remainder; Corsica has 2A and 2B.
pub(super) fn fr_nir(candidate: &mut Candidate<'_>) -> Judgement {
    let mut text = [0_u8; 15];
    let mut slots = text.iter_mut();
    for byte in candidate.value().iter().filter(|byte| byte.is_ascii_alphanumeric()) {
        let Some(slot) = slots.next() else { return Judgement::Refuse };
        *slot = *byte;
    }
    let corsica = match text.get(5..7) {
        Some(b"2A") => 1_000_000,
        Some(b"2B") => 2_000_000,
        _ => 0,
    };
    if corsica > 0
        && let Some(letter) = text.get_mut(6)
    {
        *letter = b'0';
    }
    let holds = digits::<15>(&text).is_some_and(|digits| {
        let (body, check) = digits.split_at(13);
        let body = number(body).saturating_sub(corsica);
        97_u64.saturating_sub(body.wrapping_rem(97)) == number(check)
    });
    Judgement::refuse_unless(holds)
}

/// French tax number: ten digits and their remainder of 511.
pub(super) fn fr_spi(candidate: &mut Candidate<'_>) -> Judgement {
    judge::<13>(candidate, |digits| {
        let (body, check) = digits.split_at(10);
        matches!(digits.first(), Some(0..=3)) && number(body).wrapping_rem(511) == number(check)
    })
}

/// British national insurance number: two letters of those that are issued, six digits, A to D.
pub(super) fn gb_nino(candidate: &mut Candidate<'_>) -> Judgement {
    let head = candidate.before();
    let head = head.strip_suffix(b" ").unwrap_or(head);
    let [before @ .., first, second] = head else { return Judgement::Refuse };
    let open = before.last().is_some_and(u8::is_ascii_alphanumeric);
    let (first, second) = (&first.to_ascii_uppercase(), &second.to_ascii_uppercase());
    let letter = |byte: u8| {
        byte.is_ascii_uppercase() && !matches!(byte, b'D' | b'F' | b'I' | b'Q' | b'U' | b'V')
    };
    let kept = [*b"BG", *b"GB", *b"KN", *b"NK", *b"NT", *b"TN", *b"ZZ"];
    let issued = letter(*first) && letter(*second) && *second != b'O';
    if open || !issued || kept.contains(&[*first, *second]) {
        return Judgement::Refuse;
    }
    candidate.start = before.len();
    Judgement::Sound
}

/// Greek social security number (AMKA): a date of birth, then the Luhn check.
pub(super) fn gr_amka(candidate: &mut Candidate<'_>) -> Judgement {
    judge::<11>(candidate, |digits| {
        let [a, b, c, d, ..] = digits;
        is_month_day(&[*c, *d, *a, *b]) && luhn(digits)
    })
}

/// Greek tax number (AFM): powers of two, mod 11.
pub(super) fn gr_afm(candidate: &mut Candidate<'_>) -> Judgement {
    judge::<9>(candidate, |digits| {
        let sum = weighted(digits, &[256, 128, 64, 32, 16, 8, 4, 2]);
        digits.get(8) == Some(&sum.wrapping_rem(11).wrapping_rem(10))
    })
}

/// Croatian identification number.
pub(super) fn hr_oib(candidate: &mut Candidate<'_>) -> Judgement {
    judge::<11>(candidate, |digits| mod_11_10(digits))
}

/// Irish PPS number: seven digits, a letter that checks, perhaps a second one that counts nine-fold.
pub(super) fn ie_pps(candidate: &mut Candidate<'_>) -> Judgement {
    let value = candidate.value();
    let Some((body, letters)) = value.split_at_checked(7) else { return Judgement::Refuse };
    let second = letters.get(1).map_or(0, |letter| match letter.to_ascii_uppercase() {
        b'W' => 0,
        letter => u32::from(letter.wrapping_sub(b'A')).saturating_add(1),
    });
    let right = digits::<7>(body).and_then(|digits| {
        let sum =
            weighted(&digits, &[8, 7, 6, 5, 4, 3, 2]).saturating_add(second.saturating_mul(9));
        IRISH.get(sum.wrapping_rem(23) as usize).copied()
    });
    Judgement::refuse_unless(right == letters.first().map(u8::to_ascii_uppercase))
}

/// Italian fiscal code: six letters before the first digit; the last letter checks all.
pub(super) fn it_fiscal(candidate: &mut Candidate<'_>) -> Judgement {
    let start = candidate.start.saturating_sub(6);
    let open = start.checked_sub(1).and_then(|at| candidate.text.get(at));
    candidate.start = start;
    let value = candidate.value();
    let mut sum = 0_u32;
    for (place, byte) in value.iter().take(15).enumerate() {
        let byte = byte.to_ascii_uppercase();
        let rank = match byte {
            b'0'..=b'9' => byte.wrapping_sub(b'0'),
            b'A'..=b'Z' => byte.wrapping_sub(b'A'),
            _ => return Judgement::Refuse,
        };
        let odd = ITALIAN.get(usize::from(rank)).copied().unwrap_or_default();
        sum = sum.saturating_add(if place % 2 == 0 { odd } else { u32::from(rank) });
    }
    let check = value.last().map(|byte| u32::from(byte.to_ascii_uppercase().wrapping_sub(b'A')));
    let free = open.is_none_or(|byte| !byte.is_ascii_alphanumeric());
    let fits = value.len() == 16 && free && check == Some(sum.wrapping_rem(26));
    Judgement::refuse_unless(fits)
}

/// Italian VAT number: eleven digits with the Luhn check.
pub(super) fn it_vat(candidate: &mut Candidate<'_>) -> Judgement {
    judge::<11>(candidate, |digits| luhn(digits))
}

/// The same of one whose eighth to tenth digits are the office that gave it: a province, or one of the
/// later ones.
pub(super) fn it_vat_issued(candidate: &mut Candidate<'_>) -> Judgement {
    judge::<11>(candidate, |digits| {
        let office = digits.get(7..10).map_or(0, number);
        let body = digits.get(..7).map_or(0, number);
        matches!(office, 1..=100 | 120 | 121 | 888 | 999) && body > 0 && luhn(digits)
    })
}

/// Norwegian birth number: two check digits, each mod 11.
pub(super) fn no_fodselsnummer(candidate: &mut Candidate<'_>) -> Judgement {
    judge::<11>(candidate, |digits| {
        weighted(digits, &[3, 7, 6, 1, 8, 9, 4, 5, 2, 1]).is_multiple_of(11)
            && weighted(digits, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11)
    })
}

/// Portuguese taxpayer number.
pub(super) fn pt_nif(candidate: &mut Candidate<'_>) -> Judgement {
    judge::<9>(candidate, |digits| {
        let rest = weighted(digits, &[9, 8, 7, 6, 5, 4, 3, 2]).wrapping_rem(11);
        let check = if rest < 2 { 0 } else { 11_u32.saturating_sub(rest) };
        matches!(digits.first(), Some(1..=3)) && digits.get(8) == Some(&check)
    })
}

/// Romanian personal code.
pub(super) fn ro_cnp(candidate: &mut Candidate<'_>) -> Judgement {
    judge::<13>(candidate, |digits| {
        let rest = weighted(digits, &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]).wrapping_rem(11);
        let check = if rest == 10 { 1 } else { rest };
        digits.get(3..7).is_some_and(is_month_day) && digits.get(12) == Some(&check)
    })
}

/// Russian insurance number (SNILS): nine digits and their weighted sum mod 101.
pub(super) fn ru_snils(candidate: &mut Candidate<'_>) -> Judgement {
    judge::<11>(candidate, |digits| {
        let (body, check) = digits.split_at(9);
        let sum = weighted(body, &[9, 8, 7, 6, 5, 4, 3, 2, 1]).wrapping_rem(101).wrapping_rem(100);
        u64::from(sum) == number(check)
    })
}

/// Swedish personal number, with two or four digits of the year: the Luhn check over ten.
pub(super) fn se_personnummer(candidate: &mut Candidate<'_>) -> Judgement {
    let value = candidate.value();
    let written = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let ten = value.get(written.saturating_sub(10)..).unwrap_or_default();
    let holds = digits::<10>(ten).is_some_and(|digits| {
        // Coordination numbers add 60 to the day.
        let [_, _, a, b, c, d, ..] = digits;
        let day = if c >= 6 { c.saturating_sub(6) } else { c };
        is_month_day(&[a, b, day, d]) && luhn(&digits)
    });
    Judgement::refuse_unless(holds && matches!(written, 10 | 12))
}

/// Ukrainian taxpayer number.
pub(super) fn ua_rnokpp(candidate: &mut Candidate<'_>) -> Judgement {
    judge::<10>(candidate, |digits| {
        // The first weight is −1, which is 10 to the modulus 11.
        let sum = weighted(digits, &[10, 5, 7, 9, 4, 6, 10, 5, 7]).wrapping_rem(11);
        digits.get(9) == Some(&sum.wrapping_rem(10))
    })
}
