//! How random a value looks.

use super::census::{Census, kind, marks};

/// The kind of marks, and here of everything else.
const OTHERS: u8 = 3;

/// By how much `n log2 n` grows from one `n` to the next, for those that a value of a secret's length
/// has: a logarithm costs more than all the rest.
static GROWTH: [f64; 16] = [
    0.0,
    2.0,
    2.7548875021634682,
    3.2451124978365318,
    3.6096404744368105,
    3.900134529890126,
    4.141709450076291,
    4.348515545596772,
    4.529325012980809,
    4.689955935892815,
    4.834466856136643,
    4.965802203643605,
    5.086166327180322,
    5.1972525729722605,
    5.300390025321327,
    5.396641065872217,
];

/// Whether a value looks made by a machine: letters and digits mixed often enough, and enough
/// different ones.
pub(super) fn is_random(value: &[u8], census: Census) -> bool {
    let (digits, letters) = (census.digits(), census.letters());
    // Without a digit only text that changes case all the time is not made of words.
    let mixed = || {
        changes(value).saturating_mul(if digits > 0 { 6 } else { 3 }) >= value.len()
            || (digits.saturating_mul(4) >= value.len()
                && digits.saturating_add(letters) == value.len())
    };
    let constant =
        census.has(marks(b"_")) && digits.saturating_mul(4) < value.len() && census.lower() == 0;
    letters > 0 && !constant && mixed() && hundredths(value) >= least(value)
}

/// The least entropy of what is random, by alphabet and length.
fn least(value: &[u8]) -> u32 {
    match value.len() {
        _ if value.iter().all(u8::is_ascii_hexdigit) => 280,
        0..=19 => 310,
        20..=31 => 340,
        _ => 360,
    }
}

/// Shannon's entropy of the bytes in hundredths of a bit each, over the value itself: of `n` bytes
/// the logarithm of `n`, less the mean of the logarithms of how often each one is there.
fn hundredths(value: &[u8]) -> u32 {
    let mut counts = [0_u16; 256];
    let met = value.iter().fold(0.0, |met, byte| {
        let Some(count) = counts.get_mut(usize::from(*byte)) else { return met };
        let more = growth(*count);
        *count = count.saturating_add(1);
        met + more
    });
    let total = f64::from(u32::try_from(value.len()).unwrap_or(u32::MAX)).max(1.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 800")]
    let hundredths = ((total.log2() - met / total) * 100.0) as u32;
    hundredths
}

fn growth(count: u16) -> f64 {
    GROWTH.get(usize::from(count)).copied().unwrap_or_else(|| {
        let product = |count: f64| count * count.log2();
        product(f64::from(count) + 1.0) - product(f64::from(count))
    })
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
        assert_eq!(hundredths(&[b'a'; 400]), 0);
        assert_eq!(hundredths(&b"ab".repeat(200)), 100);
    }

    #[test]
    fn changes_count_borders() {
        assert_eq!(changes(b"abcDEF123"), 2);
        assert_eq!(changes(b"a1B2"), 3);
    }
}
