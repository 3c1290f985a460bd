//! The text of a file of git's settings (git-config(1), "Syntax"), entry by entry.
//!
//! Git itself is not started: it would run what the settings name. Strict where git is: a text that
//! git refuses has no entries here.

use std::iter::Peekable;
use std::str::Chars;

/// One setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// First part of the name, in lower case: `remote`.
    pub(crate) section: String,
    /// Middle part, as it is written: `origin`; empty when there is none.
    pub(crate) subsection: String,
    /// Last part, in lower case: `url`.
    pub(crate) key: String,
    /// `None` for a key alone, which means yes.
    pub(crate) value: Option<String>,
}

/// All settings in order; `None` when the text is not in the form.
pub(crate) fn entries(text: &str) -> Option<Vec<Entry>> {
    let mut rest = text.trim_start_matches('\u{feff}').chars().peekable();
    let (mut section, mut subsection) = (String::new(), String::new());
    let mut entries = Vec::new();
    while let Some(letter) = rest.next() {
        match letter {
            '#' | ';' => while rest.next_if(|it| *it != '\n').is_some() {},
            '[' => (section, subsection) = head(&mut rest)?,
            it if it.is_ascii_alphabetic() && !section.is_empty() => {
                let mut key = String::from(it.to_ascii_lowercase());
                while let Some(more) = rest.next_if(|it| it.is_ascii_alphanumeric() || *it == '-') {
                    key.push(more.to_ascii_lowercase());
                }
                let value = value(&mut rest)?;
                let (section, subsection) = (section.clone(), subsection.clone());
                entries.push(Entry { section, subsection, key, value });
            }
            it if it.is_ascii_whitespace() => {}
            _ => return None,
        }
    }
    Some(entries)
}

/// What stands behind `[`, up to its end: `section]`, `section "sub"]`, `section.sub]`.
fn head(rest: &mut Peekable<Chars<'_>>) -> Option<(String, String)> {
    let mut section = String::new();
    loop {
        match rest.next()? {
            ']' => break,
            ' ' | '\t' => {
                while rest.next_if(|it| matches!(it, ' ' | '\t')).is_some() {}
                let subsection = quoted(rest)?;
                return (rest.next()? == ']').then_some((section, subsection));
            }
            it if it.is_ascii_alphanumeric() || matches!(it, '-' | '.') => {
                section.push(it.to_ascii_lowercase());
            }
            _ => return None,
        }
    }
    let (section, subsection) = section.split_once('.').unwrap_or((&section, ""));
    (!section.is_empty()).then(|| (section.to_owned(), subsection.to_owned()))
}

/// `"…"`; a backslash takes the next letter as it is.
fn quoted(rest: &mut Peekable<Chars<'_>>) -> Option<String> {
    rest.next_if_eq(&'"')?;
    let mut text = String::new();
    loop {
        match rest.next()? {
            '"' => return Some(text),
            '\n' => return None,
            '\\' => text.push(rest.next().filter(|it| *it != '\n')?),
            it => text.push(it),
        }
    }
}

/// What stands behind a key, up to the end of its line; the outer `None` is a mistake.
#[expect(clippy::option_option, reason = "a key without a value is not an empty one")]
fn value(rest: &mut Peekable<Chars<'_>>) -> Option<Option<String>> {
    while rest.next_if(|it| matches!(it, ' ' | '\t' | '\r')).is_some() {}
    match rest.next() {
        None | Some('\n') => return Some(None),
        Some('=') => {}
        Some('#' | ';') => {
            while rest.next_if(|it| *it != '\n').is_some() {}
            return Some(None);
        }
        Some(_) => return None,
    }
    while rest.next_if(|it| matches!(it, ' ' | '\t')).is_some() {}
    let (mut text, mut kept, mut within) = (String::new(), 0, false);
    loop {
        match rest.next() {
            None | Some('\n') if within => return None,
            None | Some('\n') => break,
            Some('"') => within = !within,
            Some('#' | ';') if !within => {
                while rest.next_if(|it| *it != '\n').is_some() {}
                continue;
            }
            Some('\\') => match escaped(rest)? {
                Some(letter) => text.push(letter),
                None => continue,
            },
            Some(it) => {
                text.push(it);
                // Blanks at the end do not count, unless they are quoted.
                if !within && it.is_ascii_whitespace() {
                    continue;
                }
            }
        }
        kept = text.len();
    }
    text.truncate(kept);
    Some(Some(text))
}

/// What a backslash and the next letter stand for: nothing at the end of a line.
#[expect(clippy::option_option, reason = "a line that goes on is not a mistake")]
fn escaped(rest: &mut Peekable<Chars<'_>>) -> Option<Option<char>> {
    rest.next_if_eq(&'\r');
    Some(Some(match rest.next()? {
        '\n' => return Some(None),
        'n' => '\n',
        't' => '\t',
        'b' => '\u{8}',
        it @ ('"' | '\\') => it,
        _ => return None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, Option<String>)> {
        let shown = |entry: Entry| {
            (format!("{}|{}|{}", entry.section, entry.subsection, entry.key), entry.value)
        };
        entries(text).unwrap().into_iter().map(shown).collect()
    }

    fn one(text: &str, name: &str, value: Option<&str>) {
        assert_eq!(read(text), [(name.to_owned(), value.map(str::to_owned))], "{text}");
    }

    #[test]
    fn entries_are_read_as_git_reads_them() {
        one("[core]\n\tbare = false\n", "core||bare", Some("false"));
        one("[Remote \"Or\\\"i gin\"] URL=x", "remote|Or\"i gin|url", Some("x"));
        one("[remote.Origin]url = x ; no\n# no\n", "remote|origin|url", Some("x"));
        one("[a]b", "a||b", None);
        one("[a] b # yes\n", "a||b", None);
        one("[a] b = \n", "a||b", Some(""));
        one("[a]\nb = \"x # y\" z  \n", "a||b", Some("x # y z"));
        one("[a]\nb = \" x \"  # y\r\n", "a||b", Some(" x "));
        one("[a]\nb = x\\\n  y\\t\\\\\r\n", "a||b", Some("x  y\t\\"));
    }

    #[test]
    fn what_git_refuses_has_no_entries() {
        for text in [
            "b = x",
            "[a",
            "[a\nb=x",
            "[]",
            "[a]\nb = \"x\n",
            "[a]\nb = \\q\n",
            "[a \"b]\n",
            "[a]\nb ! x",
            "[a \"b\" c]\n",
            "[a]\n=x",
        ] {
            assert_eq!(entries(text), None, "{text}");
        }
        assert_eq!(entries(""), Some(Vec::new()));
    }
}
