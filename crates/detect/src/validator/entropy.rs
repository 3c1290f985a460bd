//! How random a value looks.

/// Whether a value looks made by a machine: letters and digits mixed often enough, and enough
/// different ones.
pub(super) fn is_random(value: &[u8]) -> bool {
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let letters = value.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    let hex = value.iter().all(u8::is_ascii_hexdigit);
    let entropy = hundredths(value);
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
    let constant = value.contains(&b'_')
        && digits.saturating_mul(4) < value.len()
        && !value.iter().any(u8::is_ascii_lowercase);
    letters > 0 && mixed && !constant && entropy >= floor
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
    let bits: f64 = counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| {
            let share = f64::from(*count) / total;
            -share * share.log2()
        })
        .sum();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 800")]
    let hundredths = (bits * 100.0) as u32;
    hundredths
}

/// How often the kind of character changes from one byte to the next: letters in lower and in
/// upper case, digits, others. Words change seldom, random text often.
fn changes(value: &[u8]) -> usize {
    value.windows(2).filter(|pair| matches!(pair, [a, b] if kind(*a) != kind(*b))).count()
}

const fn kind(byte: u8) -> u8 {
    match byte {
        b'a'..=b'z' => 0,
        b'A'..=b'Z' => 1,
        b'0'..=b'9' => 2,
        _ => 3,
    }
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
