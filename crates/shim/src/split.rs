//! Splits one argument into words, as `env -S` of GNU coreutils does.
//!
//! The dialect is its own and no shell's: quotes, a few escapes, `${NAME}`, and comments.

use std::iter::Peekable;
use std::slice::Iter;

use datafog_core::Surroundings;

/// One word, and what of it stands nowhere in the text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) text: Vec<u8>,
    /// The values of variables that the word is made of.
    pub(crate) values: Vec<Vec<u8>>,
}

/// The words of `text`; `None` when `env` itself would refuse it.
pub(crate) fn split(text: &[u8], surroundings: &dyn Surroundings) -> Option<Vec<Piece>> {
    let mut splitter = Splitter { words: Vec::new(), word: None, surroundings };
    let mut bytes = text.iter().peekable();
    let mut quote = None;
    while let Some(byte) = bytes.next() {
        match (*byte, quote) {
            (b'\'' | b'"', None) => {
                quote = Some(*byte);
                splitter.open();
            }
            (end @ (b'\'' | b'"'), Some(open)) if end == open => quote = None,
            (b'\\', _) => match splitter.escape(&mut bytes, quote)? {
                Escape::Goes => {}
                Escape::Ends => break,
            },
            (b'$', Some(b'"') | None) => splitter.variable(&mut bytes)?,
            (b'#', None) if splitter.word.is_none() => break,
            (blank, None) if blank.is_ascii_whitespace() || blank == 0x0b => splitter.close(),
            (plain, _) => splitter.push(plain),
        }
    }
    splitter.close();
    quote.is_none().then_some(splitter.words)
}

/// Whether an escape ends the text.
enum Escape {
    Goes,
    Ends,
}

struct Splitter<'s> {
    words: Vec<Piece>,
    /// The word at hand, once it has begun.
    word: Option<Piece>,
    surroundings: &'s dyn Surroundings,
}

impl Splitter<'_> {
    fn open(&mut self) {
        self.word.get_or_insert_default();
    }

    fn push(&mut self, byte: u8) {
        self.word.get_or_insert_default().text.push(byte);
    }

    fn close(&mut self) {
        self.words.extend(self.word.take());
    }

    fn escape(&mut self, bytes: &mut Peekable<Iter<'_, u8>>, quote: Option<u8>) -> Option<Escape> {
        let byte = *bytes.next()?;
        if quote == Some(b'\'') {
            if !matches!(byte, b'\\' | b'\'') {
                self.push(b'\\');
            }
            self.push(byte);
            return Some(Escape::Goes);
        }
        match byte {
            b'_' if quote.is_none() => self.close(),
            b'_' => self.push(b' '),
            b'c' if quote.is_none() => return Some(Escape::Ends),
            b'f' => self.push(0x0c),
            b'n' => self.push(b'\n'),
            b'r' => self.push(b'\r'),
            b't' => self.push(b'\t'),
            b'v' => self.push(0x0b),
            b'"' | b'#' | b'$' | b'\'' | b'\\' => self.push(byte),
            _ => return None,
        }
        Some(Escape::Goes)
    }

    /// `${NAME}`; any other use of `$` is refused.
    fn variable(&mut self, bytes: &mut Peekable<Iter<'_, u8>>) -> Option<()> {
        bytes.next_if(|byte| **byte == b'{')?;
        let mut name = Vec::new();
        loop {
            match *bytes.next()? {
                b'}' => break,
                byte => name.push(byte),
            }
        }
        let value = str::from_utf8(&name).ok().and_then(|name| self.surroundings.variable(name));
        if let Some(value) = value {
            let word = self.word.get_or_insert_default();
            word.text.extend_from_slice(value.as_encoded_bytes());
            word.values.push(value.as_encoded_bytes().to_vec());
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::World;

    #[test]
    fn words_are_split_as_env_splits_them() {
        let world =
            World { variables: [("A".to_owned(), "x y".into())].into(), ..World::default() };
        let cases: &[(&str, Option<&[&str]>)] = &[
            ("a  b\tc", Some(&["a", "b", "c"])),
            (r#"'a b' "c d""#, Some(&["a b", "c d"])),
            (r"'a\b\'c'", Some(&[r"a\b'c"])),
            (r#""a\_b" c\_d"#, Some(&["a b", "c", "d"])),
            (r"a\c b", Some(&["a"])),
            ("a # b", Some(&["a"])),
            ("a#b", Some(&["a#b"])),
            ("p${A}q", Some(&["px yq"])),
            ("''", Some(&[""])),
            ("", Some(&[])),
            ("$A", None),
            ("'open", None),
            (r"\q", None),
        ];
        for (text, words) in cases {
            let found = split(text.as_bytes(), &world);
            let found = found.map(|words| words.into_iter().map(|it| it.text).collect());
            let expected: Option<Vec<Vec<u8>>> =
                words.map(|words| words.iter().map(|it| it.as_bytes().to_vec()).collect());
            assert_eq!(found, expected, "{text}");
        }
        let values = split(b"a -d${A}${B}", &world).unwrap().pop().unwrap().values;
        assert_eq!(values, [b"x y".to_vec()]);
    }
}
