//! Vehicles: identification numbers (ISO 3779, 49 CFR 565) and plates.

use crate::bytes::run_back;
use crate::candidate::{Candidate, Judgement};

/// Characters of an identification number.
const LENGTH: usize = 17;

/// Weights of its places; the ninth holds the check.
const WEIGHTS: [u32; LENGTH] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];

/// A vehicle identification number around the candidate's first digit. Those of North America have
/// a check character; others have the shape only.
pub(super) fn vin(candidate: &mut Candidate<'_>) -> Judgement {
    let head = candidate.before();
    let letters = run_back(head, is_part);
    let start = candidate.start.saturating_sub(letters);
    let value = candidate.text.get(start..start.saturating_add(LENGTH)).unwrap_or_default();
    let before = head.len().checked_sub(letters).and_then(|at| head.get(at.checked_sub(1)?));
    let after = candidate.text.get(start.saturating_add(LENGTH));
    let open = [before, after].into_iter().flatten().any(|byte| byte.is_ascii_alphanumeric());
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let serial = value.get(13..).unwrap_or_default();
    let fits = value.len() == LENGTH
        && value.iter().all(|byte| is_part(*byte))
        && (4..=16).contains(&digits)
        && serial.iter().all(u8::is_ascii_digit);
    if open || !fits {
        return Judgement::Refuse;
    }
    candidate.start = start;
    candidate.end = start.saturating_add(LENGTH);
    Judgement::sound_if(is_checked(value))
}

/// Capital letters but I, O and Q, and digits.
const fn is_part(byte: u8) -> bool {
    byte.is_ascii_digit() || (byte.is_ascii_uppercase() && !matches!(byte, b'I' | b'O' | b'Q'))
}

/// Whether the ninth character is the weighted sum of the others mod 11.
fn is_checked(value: &[u8]) -> bool {
    let sum = value.iter().zip(WEIGHTS).fold(0_u32, |sum, (byte, weight)| {
        let number = match byte {
            b'0'..=b'9' => u32::from(byte.wrapping_sub(b'0')),
            b'A'..=b'H' => u32::from(byte.wrapping_sub(b'A')).saturating_add(1),
            b'J'..=b'N' => u32::from(byte.wrapping_sub(b'J')).saturating_add(1),
            b'P' => 7,
            b'R' => 9,
            _ => u32::from(byte.wrapping_sub(b'S')).saturating_add(2),
        };
        sum.saturating_add(number.saturating_mul(weight))
    });
    let check = match sum.wrapping_rem(11) {
        10 => b'X',
        digit => (digit as u8).wrapping_add(b'0'),
    };
    value.get(8) == Some(&check)
}

/// A plate: capital letters and digits, both, in at most three groups.
pub(super) fn plate(candidate: &mut Candidate<'_>) -> Judgement {
    let value = candidate.value();
    let letters = value.iter().filter(|byte| byte.is_ascii_uppercase()).count();
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let groups = value.split(|byte| matches!(byte, b' ' | b'-')).collect::<Vec<_>>();
    let full = groups.iter().all(|group| !group.is_empty());
    Judgement::refuse_unless(
        full && groups.len() <= 4 && (1..=5).contains(&letters) && (1..=5).contains(&digits),
    )
}

/// A German plate behind its word, and no name of a standard or a size of paper: `DIN-A4`, `ISO-A 1`. Towns have
/// `DIN` and `EN` as well, so those are standards only before `EN` or one letter and at most two digits.
pub(super) fn plate_german(candidate: &mut Candidate<'_>) -> Judgement {
    let mut parts = candidate.value().splitn(2, |byte| *byte == b'-');
    let (place, rest) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let letters = rest.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
    let digits = rest.iter().filter(|byte| byte.is_ascii_digit()).count();
    let standard = match place {
        b"ISO" | b"VDE" | b"IEC" => true,
        b"DIN" | b"EN" => rest.starts_with(b"EN") || (letters == 1 && digits < 3),
        _ => false,
    };
    Judgement::refuse_unless(!standard)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_is_that_of_the_regulation() {
        assert!(is_checked(b"1M8GDM9AXKP042788") && is_checked(b"11111111111111111"));
        assert!(!is_checked(b"1M8GDM9A1KP042788"));
    }
}
