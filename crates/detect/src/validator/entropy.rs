//! How random a value looks.

use core::mem;

use super::census::{Census, kind};

/// The kind of marks, and here of everything else.
const OTHERS: u8 = 3;

/// Counts below this one are gathered before their logarithm is taken.
const SELDOM: usize = 8;

/// Whether a value looks made by a machine: letters and digits mixed often enough, and enough
/// different ones.
pub(super) fn is_random(value: &[u8]) -> bool {
    let census = Census::of(value);
    let (digits, letters) = (census.digits(), census.letters());
    let hex = value.iter().all(u8::is_ascii_hexdigit);
    let floor = match value.len() {
        _ if hex => 280,
        0..=19 => 310,
        20..=31 => 340,
        _ => 360,
    };
    let changes = changes(value);
    // Without a digit only text that changes case all the time is not made of words.
    let mixed = changes.saturating_mul(if digits > 0 { 6 } else { 3 }) >= value.len()
        || (digits.saturating_mul(4) >= value.len()
            && digits.saturating_add(letters) == value.len());
    let constant =
        value.contains(&b'_') && digits.saturating_mul(4) < value.len() && census.lower() == 0;
    letters > 0 && mixed && !constant && hundredths(value) >= floor
}

/// Shannon's entropy of the bytes in hundredths of a bit each, over the value itself.
fn hundredths(value: &[u8]) -> u32 {
    let mut counts = [0_u16; 256];
    for byte in value {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count = count.saturating_add(1);
        }
    }
    let total = f64::from(u32::try_from(value.len()).unwrap_or(u32::MAX)).max(1.0);
    let bits_of = |count: u16| {
        let share = f64::from(count) / total;
        -share * share.log2()
    };
    // A logarithm costs more than all the rest, and most bytes are met once or twice.
    let mut met = [0_u16; SELDOM];
    let mut bits = 0.0;
    for byte in value {
        let count = counts.get_mut(usize::from(*byte)).map_or(0, mem::take);
        match met.get_mut(usize::from(count)) {
            Some(bytes) => *bytes = bytes.saturating_add(1),
            None => bits += bits_of(count),
        }
    }
    let seldom = (0_u16..).zip(met).skip(1).filter(|(_, bytes)| *bytes > 0);
    bits += seldom.map(|(count, bytes)| f64::from(bytes) * bits_of(count)).sum::<f64>();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 800")]
    let hundredths = (bits * 100.0) as u32;
    hundredths
}

/// How often the kind of character changes from one byte to the next: letters in lower and in
/// upper case, digits, others. Words change seldom, random text often.
fn changes(value: &[u8]) -> usize {
    let pairs = value.iter().zip(value.iter().skip(1));
    pairs.filter(|(one, next)| kind(**one).min(OTHERS) != kind(**next).min(OTHERS)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropy_of_known_texts() {
        assert_eq!(hundredths(b""), 0);
        assert_eq!(hundredths(b"aaaa"), 0);
        assert_eq!(hundredths(b"abcd"), 200);
        assert_eq!(hundredths(b"0123456789abcdef"), 400);
    }

    #[test]
    fn changes_count_borders() {
        assert_eq!(changes(b"abcDEF123"), 2);
        assert_eq!(changes(b"a1B2"), 3);
    }
}
