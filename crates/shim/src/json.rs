//! The few strings that are wanted of a JSON text, without a parser.

/// The strings behind every `key` (with its quotes), escapes left as they are.
pub(crate) fn strings_at(text: &[u8], key: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.windows(key.len()).position(|window| window == key) {
        rest = rest.get(at.saturating_add(key.len())..).unwrap_or_default().trim_ascii_start();
        let value = rest.strip_prefix(b":").map(<[u8]>::trim_ascii_start);
        let Some(value) = value.and_then(|value| value.strip_prefix(b"\"")) else { continue };
        let mut escaped = false;
        let end = value.iter().position(|byte| {
            let closes = *byte == b'"' && !escaped;
            escaped = *byte == b'\\' && !escaped;
            closes
        });
        found.push(value.get(..end.unwrap_or(value.len())).unwrap_or_default().to_vec());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_found_by_their_key() {
        let text = br#"{"path": "a", "x": {"path":"b\"c"}, "path": 1, "no": "path"}"#;
        assert_eq!(strings_at(text, b"\"path\""), [b"a".to_vec(), br#"b\"c"#.to_vec()]);
    }
}
