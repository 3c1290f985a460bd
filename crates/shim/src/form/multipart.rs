//! The parts of a value of `curl -F`, by curl(1), `--form`.
//!
//! Behind the content stand parameters, each behind a `;`: `type=`, `filename=`, `encoder=` and
//! `headers=`, in any case, with blanks in front. A word in quotes may hold what would end it.
//! Everything is read as leniently as curl reads it, because what it skips it also sends.

/// Something that one value names or holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A content: a file's name or the text itself, as the value's first letter says.
    Content(Vec<u8>),
    /// A header line.
    Header(Vec<u8>),
    /// A file of header lines.
    HeaderFile(Vec<u8>),
}

/// Everything in `text`, which starts behind `=` and `@` or `<`. With `several`, commas part
/// contents.
pub(super) fn parts(text: &[u8], several: bool) -> Vec<Part> {
    let mut cursor = Cursor { text, at: 0, comma: several };
    let mut parts = Vec::new();
    loop {
        parts.push(Part::Content(cursor.word()));
        while cursor.passes(b';') {
            parts.extend(cursor.parameter());
        }
        if !(several && cursor.passes(b',')) {
            return parts;
        }
    }
}

struct Cursor<'t> {
    text: &'t [u8],
    at: usize,
    /// A comma ends a word, too.
    comma: bool,
}

impl Cursor<'_> {
    fn rest(&self) -> &[u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip(&mut self, count: usize) {
        self.at = self.at.saturating_add(count);
    }

    fn passes(&mut self, byte: u8) -> bool {
        let there = self.rest().first() == Some(&byte);
        self.skip(usize::from(there));
        there
    }

    fn blanks(&mut self) {
        self.skip(self.rest().iter().take_while(|byte| is_blank(**byte)).count());
    }

    /// A parameter behind its semicolon; one of no interest is passed over.
    fn parameter(&mut self) -> Option<Part> {
        self.blanks();
        let key = b"headers=";
        let named = self.rest().get(..key.len()).is_some_and(|it| it.eq_ignore_ascii_case(key));
        if !named {
            let plain = self.rest().iter().take_while(|byte| !self.ends(**byte) && **byte != b'=');
            let name = plain.count();
            if self.rest().get(name) == Some(&b'=') {
                self.skip(name.saturating_add(1));
            }
            self.word();
            return None;
        }
        self.skip(key.len());
        let file = self.passes(b'@') || self.passes(b'<');
        let word = self.word();
        Some(if file { Part::HeaderFile(word) } else { Part::Header(word) })
    }

    /// A word up to a semicolon or comma, blanks around it left out; or in quotes, where a
    /// backslash stands before a quote or a backslash.
    fn word(&mut self) -> Vec<u8> {
        self.blanks();
        if let Some((word, length)) = quoted(self.rest()) {
            self.skip(length);
            let behind = self.rest().iter().take_while(|byte| !self.ends(**byte)).count();
            self.skip(behind);
            return word;
        }
        let length = self.rest().iter().take_while(|byte| !self.ends(**byte)).count();
        let word = self.rest().get(..length).unwrap_or_default();
        let blanks = word.iter().rev().take_while(|byte| is_blank(**byte)).count();
        let word = word.get(..length.saturating_sub(blanks)).unwrap_or_default().to_vec();
        self.skip(length);
        word
    }

    const fn ends(&self, byte: u8) -> bool {
        byte == b';' || (self.comma && byte == b',')
    }
}

/// The word in quotes at the start, and its length with them; `None` when the quote is not closed,
/// which makes it no quote.
fn quoted(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    let inner = text.strip_prefix(b"\"")?;
    let mut word = Vec::new();
    let mut at = 0_usize;
    loop {
        match (inner.get(at)?, inner.get(at.saturating_add(1))) {
            (b'\\', Some(escaped @ (b'\\' | b'"'))) => {
                word.push(*escaped);
                at = at.saturating_add(1);
            }
            (b'"', _) => return Some((word, at.saturating_add(2))),
            (byte, _) => word.push(*byte),
        }
        at = at.saturating_add(1);
    }
}

/// A blank of C.
const fn is_blank(byte: u8) -> bool {
    matches!(byte, b'\t'..=b'\r' | b' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `content`, `@header file` and `: header line`, parted by bars.
    fn read(text: &str) -> String {
        let show = |part: Part| match part {
            Part::Content(name) => String::from_utf8(name).unwrap(),
            Part::Header(line) => format!(":{}", String::from_utf8(line).unwrap()),
            Part::HeaderFile(name) => format!("@{}", String::from_utf8(name).unwrap()),
        };
        parts(text.as_bytes(), true).into_iter().map(show).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn parts_are_read_as_curl_reads_them() {
        let cases = [
            ("a", "a"),
            ("a,b;type=text/plain,c", "a|b|c"),
            (" a , b ;type=x", "a|b"),
            (r#""a,\"b\\";filename=z"#, r#"a,"b\"#),
            (r#""a,b"#, "\"a|b"),
            (r#""a" x ;headers=@h"#, "a|@h"),
            ("a;headers=@h", "a|@h"),
            ("a;HeAdErS=<h,b", "a|@h|b"),
            ("a; \t headers=@ h ;headers=@\"i;j\"", "a|@h|@i;j"),
            ("a;headers=X: y;headers=\"Z: a;b\"", "a|:X: y|:Z: a;b"),
            ("a;headers= X: y", "a|:X: y"),
            ("a;unknown;filename=\"x;headers=@no\";headers=@h", "a|@h"),
            ("a;encoder=base64;headers=@h", "a|@h"),
            ("", ""),
            ("-", "-"),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text), expected, "{text}");
        }
        assert_eq!(parts(b"a,b", false), [Part::Content(b"a,b".to_vec())]);
    }
}
