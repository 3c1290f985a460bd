//! Values that are a piece of a program or of a pattern rather than the secret that their place promises.

use super::census::{Census, marks};
use crate::candidate::Candidate;

/// Marks of which patterns and texts with places to fill in have some.
const EXPRESSION_MARKS: u32 = marks(b"([]\\%{*\"");

/// Whether a value is a pattern or a text with places to fill in: `[^"]+`, `%s:%s`.
pub(super) fn is_expression(value: &[u8], census: Census) -> bool {
    if !census.has(EXPRESSION_MARKS) {
        return false;
    }
    let has_marks = !value.iter().all(u8::is_ascii_alphanumeric);
    // `secret.*` is a pattern of names.
    value.starts_with(b".*")
        || (value.ends_with(b".*") && value.iter().all(|byte| !byte.is_ascii_digit()))
        || has_marks
            && value.windows(2).any(|pair| {
                matches!(
                    pair,
                    b"(?"
                        | b":\""
                        | b"[^"
                        | b"]+"
                        | b"]*"
                        | b"\\w"
                        | b"\\d"
                        | b"\\s"
                        | b"\\S"
                        | b"%("
                        | b"%s"
                        | b"%d"
                        | b"{}"
                )
            })
}

/// Whether a value stands between the quotes of two others: `,n.token]}),g(R,{content:[`. It begins
/// with what ends something, and brackets of a program follow.
pub(super) fn is_cut_code(value: &[u8], census: Census) -> bool {
    if is_constant(value, census) {
        return true;
    }
    if census.is_made_of(0) {
        return false;
    }
    if is_spliced(value) || is_sized(value, census) {
        return true;
    }
    if !census.has(CODE_MARKS) {
        return false;
    }
    let bracket = |byte: &&u8| matches!(byte, b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'|');
    let called = value.starts_with(b".concat(")
        || matches!(value, [b'+', b'a'..=b'z', ..] if value.contains(&b'.') && value.contains(&b')'));
    called
        || matches!(value, [b',' | b'+' | b']' | b')' | b'}', ..])
            && value.iter().filter(bracket).count() >= 2
        || value.ends_with(b"()")
}

/// Whether an expression is put between two literals: `'.token().'` of `"… value=\"'.token().'\""`.
fn is_spliced(value: &[u8]) -> bool {
    let inner = match value {
        [b'\'', inner @ .., b'\''] | [b'"', inner @ .., b'"'] => inner.trim_ascii(),
        _ => return false,
    };
    matches!(inner, [b'.', _, .., b'.'] | [b'+', _, .., b'+'])
}

/// Whether a value is a number and a word in brackets behind it, as formats are called: `160(20LLL)`.
fn is_sized(value: &[u8], census: Census) -> bool {
    let [b'0'..=b'9', .., b')'] = value else { return false };
    let mut parts = value.splitn(2, |byte| *byte == b'(');
    let number = parts.next().is_some_and(|part| part.iter().all(u8::is_ascii_digit));
    let word = parts.next().and_then(|part| part.strip_suffix(b")"));
    census.lower() == 0
        && number
        && word.is_some_and(|word| !word.is_empty() && word.iter().all(u8::is_ascii_alphanumeric))
}

/// Whether a value is what headers of C define: a short number in hex, or a number more than a name of
/// theirs: `0X0B`, `DISPID_ELEMENT+16`.
fn is_constant(value: &[u8], census: Census) -> bool {
    if let [b'0', b'x' | b'X', digits @ ..] = value {
        return digits.len() <= 4 && digits.iter().all(u8::is_ascii_hexdigit);
    }
    if !census.has(PLUS) {
        return false;
    }
    let Some(at) = value.iter().position(|byte| *byte == b'+') else { return false };
    let (name, more) = value.split_at(at);
    census.lower() == 0
        && name.contains(&b'_')
        && name.first().is_some_and(u8::is_ascii_uppercase)
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        && (2..=5).contains(&more.len())
        && more.iter().skip(1).all(u8::is_ascii_digit)
}

/// The mark between a name and a number.
const PLUS: u32 = marks(b"+");

/// Marks of which such a piece has some.
const CODE_MARKS: u32 = marks(b"()[]{}|");

/// Whether what follows a word of another language for a password says what one is, as interfaces and
/// their translations do, rather than is one: a word, text, or how long it may be.
pub(super) fn describes(value: &[u8], census: Census) -> bool {
    let word = census.digits() == 0 && census.kinds() < 3;
    let range = census.letters() == 0 && census.has(marks(b"-"));
    !value.is_ascii() || word || range
}

/// Whether one name of a list stands within the next: `"storeKey", "sqlite3_storeKeyOnStack"`.
pub(super) fn repeats(name: &[u8], value: &[u8]) -> bool {
    let name = name.trim_ascii();
    let name = name.strip_prefix(b"\"").or_else(|| name.strip_prefix(b"'")).unwrap_or(name);
    name.len() >= LEAST_REPEATED && value.windows(name.len()).any(|part| part == name)
}

/// Fewest bytes of such a name.
const LEAST_REPEATED: usize = 8;

/// Whether three dots follow the value: who wrote it left the rest out.
pub(super) fn is_cut_short(candidate: &Candidate<'_>) -> bool {
    candidate.after().starts_with(b"...") || candidate.after().starts_with("…".as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_headers_define_is_a_constant() {
        let constant = |value: &[u8]| is_constant(value, Census::of(value));
        assert!(constant(b"0X0B") && constant(b"0x1f") && constant(b"DISPID_ELEMENT+16"));
        assert!(
            !constant(b"0xdeadbeef") && !constant(b"WINTER_PASS-2024") && !constant(b"Ab_c+16")
        );
    }
}
