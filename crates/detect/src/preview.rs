//! A value as people may see it: its public head and its length.

/// The masked form of `value`, whose first `head` bytes are public: `ghp_… (40 bytes)`.
pub(crate) fn mask(value: &[u8], head: usize) -> String {
    // At least half of the value stays hidden, however long its head is.
    let head = value.get(..head.min(value.len() / 2)).unwrap_or_default();
    let head = str::from_utf8(head).unwrap_or_default();
    format!("{head}… ({} bytes)", value.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_head_and_the_length_are_shown() {
        assert_eq!(mask(b"ghp_secretsecret", 4), "ghp_… (16 bytes)");
        assert_eq!(mask(b"abc", 3), "a… (3 bytes)");
        assert_eq!(mask(b"", 4), "… (0 bytes)");
    }
}
