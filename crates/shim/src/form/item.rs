//! Items of a request as HTTPie writes them: `Header:value`, `name==value`, `name=value`,
//! `name:=json`, `name@file`, `name=@file`, `name:=@file`.
//!
//! The separator is the first that stands in the item, the longest of those that begin there
//! (HTTPie, Request Items).

use crate::text::Text;

/// What an item sends.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Item<'a> {
    /// A header, which is the whole item.
    Header,
    /// A file's content.
    File(Text<'a>),
    /// A text.
    Value(Text<'a>),
}

/// Separators; of those that begin alike the longer stands first.
const SEPARATORS: [&[u8]; 9] = [b":=@", b"==@", b"=@", b"==", b":=", b":@", b"@", b"=", b":"];

/// Reads one item; a text without a separator is none.
pub(super) fn read<'a>(text: &Text<'a>) -> Option<Item<'a>> {
    let (at, separator) = (0..text.bytes.len()).find_map(|at| {
        let rest = text.bytes.get(at..)?;
        let separator = SEPARATORS.iter().find(|separator| rest.starts_with(separator))?;
        Some((at, *separator))
    })?;
    let value = text.from(at.saturating_add(separator.len()));
    Some(match separator {
        b":" => Item::Header,
        separator if separator.ends_with(b"@") => Item::File(value),
        _ => Item::Value(value),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_separator_says_what_is_sent() {
        let shown = |text: &str| match read(&Text::of_file(text.into())) {
            Some(Item::Header) => "header".to_owned(),
            Some(Item::File(path)) => format!("@{}", path.utf8().unwrap()),
            Some(Item::Value(value)) => value.utf8().unwrap().to_owned(),
            None => "-".to_owned(),
        };
        for (item, expected) in [
            ("X-Key:a:b", "header"),
            ("q==a=b", "a=b"),
            ("n=a@b", "a@b"),
            ("n:=[1]", "[1]"),
            ("f@a.txt", "@a.txt"),
            ("n=@a.txt", "@a.txt"),
            ("n:=@a.json", "@a.json"),
            ("plain", "-"),
            ("", "-"),
        ] {
            assert_eq!(shown(item), expected, "{item}");
        }
    }
}
