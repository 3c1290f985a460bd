//! Options that stand in a file named by an option (`curl -K FILE`).
//!
//! The dialect is curl's: one option a line, with or without dashes, a value behind blanks, `=` or
//! `:`, in quotes with backslash escapes or up to the next blank, comments by `#`, `/` and `*`.
//! Options read here have no place in argv; their values are content of their own.

use std::borrow::Cow;

use datafog_core::Surroundings;

use crate::profile::{Effect, Takes};
use crate::read::{Call, Given, printable};
use crate::redirect::FILE_LIMIT;
use crate::text::Text;

/// Files may name files; deeper than this they are not followed.
const DEPTH: usize = 4;

/// All files of one call, counted each time one is named. Depth alone does not bound the work: a
/// file that names itself a thousand times would be read a thousand million times.
const FILES: usize = 16;

/// Takes in the options of every file that the call names.
pub(crate) fn expand(call: &mut Call<'_>, surroundings: &dyn Surroundings) {
    let is_config = |given: &Given<'_>| given.spec.effect == Some(Effect::Config);
    if call.given.iter().any(is_config) {
        let given = std::mem::take(&mut call.given);
        call.given = expanded(given, call, surroundings, DEPTH, &mut { FILES });
    }
}

/// The same options, those of each file behind the option that names it.
fn expanded<'a>(
    given: Vec<Given<'a>>,
    call: &mut Call<'a>,
    surroundings: &dyn Surroundings,
    depth: usize,
    left: &mut usize,
) -> Vec<Given<'a>> {
    let mut all = Vec::with_capacity(given.len());
    for option in given {
        let file = match (option.spec.effect, &option.value) {
            (Some(Effect::Config), Some(value)) => Some(value.clone()),
            _ => None,
        };
        all.push(option);
        let Some(file) = file else { continue };
        match options_of(&file, call, surroundings, depth, left) {
            Ok(inner) => {
                let deeper = depth.saturating_sub(1);
                all.extend(expanded(inner, call, surroundings, deeper, left));
            }
            // Told once in a row: a file may name a thousand that are not read.
            Err(why) if call.unclear.last().is_some_and(|told| told == why) => {}
            Err(why) => call.unclear.push(why.to_owned()),
        }
    }
    all
}

fn options_of<'a>(
    file: &Text<'_>,
    call: &mut Call<'a>,
    surroundings: &dyn Surroundings,
    depth: usize,
    left: &mut usize,
) -> Result<Vec<Given<'a>>, &'static str> {
    if file.bytes.as_ref() == b"-" {
        return Err("options are read from standard input");
    }
    if depth == 0 {
        return Err("files of options name each other too deeply");
    }
    *left = left.checked_sub(1).ok_or("too many files of options are named")?;
    let path = surroundings.cwd().join(file.to_path());
    let bytes = surroundings.read(&path, FILE_LIMIT);
    let bytes = bytes.map_err(|_| "a file of options cannot be read")?;
    Ok(lines(&bytes).filter_map(|line| line.given(call)).collect())
}

/// One option of a file.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    name: Vec<u8>,
    value: Option<Vec<u8>>,
}

impl Line {
    fn given<'a>(self, call: &mut Call<'a>) -> Option<Given<'a>> {
        let short = self.name.starts_with(b"-") && !self.name.starts_with(b"--");
        let dashes = self.name.iter().take_while(|byte| **byte == b'-').count().min(2);
        let bare = self.name.get(dashes..).unwrap_or_default();
        let spelled = if short {
            [b"-".as_slice(), bare.get(..1).unwrap_or_default()].concat()
        } else {
            [b"--", bare].concat()
        };
        let Some(found) = call.long_option(&spelled) else {
            call.unclear
                .push(format!("option `{}` of a file is not in the table", printable(bare)));
            return None;
        };
        // `-dvalue`, as on the command line.
        let attached = bare.get(1..).filter(|rest| short && !rest.is_empty()).map(<[u8]>::to_vec);
        let takes = found.spec.takes != Takes::None && !found.negated;
        let value = attached.or(self.value).filter(|_| takes).map(Text::of_file);
        let name = Cow::Borrowed(found.spec.name);
        Some(Given { spec: found.spec, name, negated: found.negated, value, place: None })
    }
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = Line> {
    bytes.split(|byte| *byte == b'\n').filter_map(line)
}

fn line(line: &[u8]) -> Option<Line> {
    let line = line.trim_ascii();
    if line.first().is_none_or(|byte| matches!(byte, b'#' | b'/' | b'*')) {
        return None;
    }
    let dashed = line.starts_with(b"-");
    let parts = |byte: &u8| byte.is_ascii_whitespace() || (!dashed && matches!(byte, b'=' | b':'));
    let end = line.iter().position(parts).unwrap_or(line.len());
    let (name, rest) = line.split_at_checked(end)?;
    let start = rest.iter().position(|byte| !parts(byte)).unwrap_or(rest.len());
    let value = rest.get(start..).unwrap_or_default();
    let value = match value.strip_prefix(b"\"") {
        Some(quoted) => Some(unquoted(quoted)),
        None => {
            let end = value.iter().position(u8::is_ascii_whitespace).unwrap_or(value.len());
            value.get(..end).filter(|value| !value.is_empty()).map(<[u8]>::to_vec)
        }
    };
    Some(Line { name: name.to_vec(), value })
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
    use crate::interpret;
    use crate::world::World;

    /// Found while fuzzing `curl_config`: the work grew with the fourth power of the lines.
    #[test]
    fn r_fuzz_a_file_that_names_itself_often_is_read_a_few_times() {
        let mut world = World::default();
        let text = format!("{}data = x\n", "config = c\n".repeat(2_000));
        world.files.insert("/home/u/work/c".into(), text.into_bytes());
        let argv = ["curl", "-K", "c", "https://h.example/"].map(std::ffi::OsString::from);
        let invocation = interpret(&argv, &world);
        let read = invocation.options.iter().filter(|option| option.name == "--data").count();
        assert!((1..=FILES).contains(&read), "{read}");
        let told = |text: &&String| *text == "too many files of options are named";
        assert_eq!(invocation.unclear.iter().filter(told).count(), 1);
    }

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
        ];
        for (text, name, value) in cases {
            let line = line(text.as_bytes()).unwrap();
            assert_eq!(str::from_utf8(&line.name).unwrap(), *name, "{text}");
            let read = line.value.map(|value| String::from_utf8(value).unwrap());
            assert_eq!(read.as_deref(), *value, "{text}");
        }
        for comment in ["# x", "  # x", "/ x", "* x", "", "   "] {
            assert_eq!(line(comment.as_bytes()), None, "{comment}");
        }
    }
}
