//! Values that are lists, parted by commas as kubectl does: one record of CSV (RFC 4180).

use crate::text::Text;

/// The parts of a list. A part in quotes may hold commas; a quote in it is doubled.
pub(crate) fn parts<'t>(text: &Text<'t>) -> Vec<Text<'t>> {
    let mut parts = Vec::new();
    let mut rest = text.clone();
    loop {
        let quoted = rest.starts_with(b"\"");
        let body = rest.from(usize::from(quoted));
        let end = if quoted { closing(&body.bytes) } else { comma(&body.bytes) };
        let end = end.unwrap_or(body.bytes.len());
        let part = body.part(0, end);
        parts.push(if quoted { undoubled(part) } else { part });
        let behind = body.from(end);
        let Some((_, next)) = behind.split_at_byte(b',') else { return parts };
        rest = next;
    }
}

/// What a list may be taken for: all of it as one, and its parts. Other commands, and other
/// versions of the same one, do not part it.
pub(super) fn readings<'t>(text: &Text<'t>) -> Vec<Text<'t>> {
    let parts = parts(text);
    let whole = (parts.as_slice() != [text.clone()]).then(|| text.clone());
    whole.into_iter().chain(parts).collect()
}

fn comma(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| *byte == b',')
}

/// Where the quote stands that ends a part.
fn closing(bytes: &[u8]) -> Option<usize> {
    let mut at = 0_usize;
    while let Some(rest) = bytes.get(at..) {
        let quote = rest.iter().position(|byte| *byte == b'"')?;
        let end = at.saturating_add(quote);
        if bytes.get(end.saturating_add(1)) != Some(&b'"') {
            return Some(end);
        }
        at = end.saturating_add(2);
    }
    None
}

fn undoubled(part: Text<'_>) -> Text<'_> {
    if !part.bytes.windows(2).any(|pair| pair == b"\"\"") {
        return part;
    }
    let mut plain: Vec<u8> = Vec::with_capacity(part.bytes.len());
    let mut bytes = part.bytes.iter().copied();
    while let Some(byte) = bytes.next() {
        plain.push(byte);
        if byte == b'"' {
            bytes.next();
        }
    }
    Text { bytes: plain.into(), place: part.place }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_parted_at_commas_outside_of_quotes() {
        let cases: &[(&str, &[&str])] = &[
            ("a", &["a"]),
            ("a,b", &["a", "b"]),
            ("a,", &["a", ""]),
            (r#""a,b",c"#, &["a,b", "c"]),
            (r#""a""b""#, &["a\"b"]),
            (r#""open"#, &["open"]),
            (r#"a"b,c"#, &["a\"b", "c"]),
        ];
        for (text, expected) in cases {
            let parts = parts(&Text::of_file(text.as_bytes().to_vec()));
            let parts: Vec<_> = parts.iter().map(|part| part.utf8().unwrap()).collect();
            assert_eq!(parts, *expected, "{text}");
        }
    }
}
