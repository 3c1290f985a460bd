//! The lines of curl's files of options.
//!
//! One option a line, with or without dashes, a value behind blanks, `=` or `:`, in quotes with
//! backslash escapes or up to the next blank, comments by `#`, `/` and `*` (curl(1), `--config`).
//! Behind dashes only blanks part name and value.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

use crate::read::{Call, Given};

/// The options of one line; a group of letters makes several.
pub(super) fn options<'a>(text: &[u8], call: &mut Call<'a>) -> Vec<Given<'a>> {
    let Some(line) = line(text) else { return Vec::new() };
    let dashed = line.name.starts_with(b"-");
    let name = if dashed { line.name } else { [b"--", line.name.as_slice()].concat() };
    let words: Vec<OsString> =
        [Some(name), line.value].into_iter().flatten().map(OsString::from_vec).collect();
    call.read_option(&words)
}

/// One option of a file.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    name: Vec<u8>,
    value: Option<Vec<u8>>,
}

fn line(line: &[u8]) -> Option<Line> {
    let start = line.iter().position(|byte| !is_blank(*byte))?;
    let line = line.get(start..)?;
    if matches!(line.first(), Some(b'#' | b'/' | b'*')) {
        return None;
    }
    let dashed = line.starts_with(b"-");
    let parts = |byte: &u8| is_blank(*byte) || (!dashed && matches!(byte, b'=' | b':'));
    let end = line.iter().position(parts).unwrap_or(line.len());
    let (name, rest) = line.split_at_checked(end)?;
    let start = rest.iter().position(|byte| !parts(byte)).unwrap_or(rest.len());
    let value = rest.get(start..).unwrap_or_default();
    let value = match value.strip_prefix(b"\"") {
        Some(quoted) => Some(unquoted(quoted)),
        None => {
            let end = value.iter().position(|byte| is_blank(*byte)).unwrap_or(value.len());
            value.get(..end).filter(|value| !value.is_empty()).map(<[u8]>::to_vec)
        }
    };
    Some(Line { name: name.to_vec(), value })
}

/// A blank of C: the vertical tab is one, too.
const fn is_blank(byte: u8) -> bool {
    matches!(byte, b'\t'..=b'\r' | b' ')
}

/// The text up to the closing quote, escapes replaced.
fn unquoted(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => break,
            b'\\' => match bytes.next() {
                Some(b'n') => plain.push(b'\n'),
                Some(b'r') => plain.push(b'\r'),
                Some(b't') => plain.push(b'\t'),
                Some(b'v') => plain.push(0x0b),
                Some(other) => plain.push(*other),
                None => {}
            },
            other => plain.push(*other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::profile;

    #[test]
    fn every_spelling_of_a_line_is_read() {
        let cases: &[(&str, &str, Option<&str>)] = &[
            ("url = https://x/", "url", Some("https://x/")),
            ("url: https://x/", "url", Some("https://x/")),
            ("  url https://x/ # no", "url", Some("https://x/")),
            ("--url=x", "--url=x", None),
            ("--url x", "--url", Some("x")),
            ("-d \"a b\"", "-d", Some("a b")),
            (r#"data = "a \"b\" \\ \t\n" c"#, "data", Some("a \"b\" \\ \t\n")),
            ("silent", "silent", None),
            ("data=\"open", "data", Some("open")),
            ("data=\"\"", "data", Some("")),
            ("user-agent=\"x\"\r", "user-agent", Some("x")),
            ("\x0bdata\x0b=\x0b@f\x0cx", "data", Some("@f")),
        ];
        for (text, name, value) in cases {
            let line = line(text.as_bytes()).unwrap();
            assert_eq!(str::from_utf8(&line.name).unwrap(), *name, "{text}");
            let read = line.value.map(|value| String::from_utf8(value).unwrap());
            assert_eq!(read.as_deref(), *value, "{text}");
        }
        for comment in ["# x", "  # x", "/ x", "* x", "", "   ", "\x0b# x"] {
            assert_eq!(line(comment.as_bytes()), None, "{comment}");
        }
    }

    #[test]
    fn a_line_is_read_as_argv_would_be() {
        let cases: &[(&str, &[&str])] = &[
            ("-sd @f", &["--silent", "--data=@f"]),
            ("-sd@f", &["--silent", "--data=@f"]),
            ("-sS", &["--silent", "--show-error"]),
            ("data-bin = @f", &["--data-binary=@f"]),
            ("no-insecure", &["--no-insecure"]),
            ("silent extra", &["--silent"]),
            ("expand-data {{x}}", &["--data={{x}}"]),
        ];
        for (text, expected) in cases {
            let mut call = Call::read(profile("curl").unwrap(), &[]);
            let shown: Vec<String> = options(text.as_bytes(), &mut call)
                .iter()
                .map(|given| match &given.value {
                    Some(value) => format!("{}={}", given.name, value.utf8().unwrap()),
                    None => given.name.to_string(),
                })
                .collect();
            assert_eq!(shown, *expected, "{text}");
            assert_eq!(call.untold.len(), 0, "{text}");
        }
        let mut call = Call::read(profile("curl").unwrap(), &[]);
        options(b"--frobnicate = x", &mut call);
        assert_eq!(call.untold.len(), 1);
    }
}
