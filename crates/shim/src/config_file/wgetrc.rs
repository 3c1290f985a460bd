//! The lines of wget's files of settings, and of `wget -e`.
//!
//! One setting a line, `name = value`, where case, dashes and underscores of the name do not
//! matter, a `#` in front makes a comment, and the value runs to the end of the line (the GNU Wget
//! manual, "Wgetrc Syntax"). Most settings have the name of an option; the profile lists the rest.

use std::borrow::Cow;

use crate::profile::{OptionSpec, Startup, Takes};
use crate::read::{Call, Given, negated_name, printable};
use crate::text::Text;

/// The option that one line stands for. A setting that is not known is told.
pub(super) fn option<'a>(line: &Text<'a>, call: &mut Call<'a>) -> Option<Given<'a>> {
    let line = trimmed(line);
    if line.bytes.is_empty() || line.starts_with(b"#") {
        return None;
    }
    let (name, value) =
        line.split_at_byte(b'=').unwrap_or_else(|| (line.clone(), line.from(usize::MAX)));
    let key = plain(&name.bytes);
    let startup = call.profile.startup.as_ref()?;
    match known(&key, startup, call) {
        Known::Option(spec) => Some(given(spec, &key, trimmed(&value))),
        Known::Nothing => None,
        Known::Not => {
            let key = printable(&key);
            super::untold(call, format!("setting `{key}` is not known to datafog; leave it out"));
            None
        }
    }
}

/// What is known of a setting.
enum Known {
    Not,
    /// It is of no interest.
    Nothing,
    Option(&'static OptionSpec),
}

fn known(key: &[u8], startup: &'static Startup, call: &Call<'_>) -> Known {
    let listed = startup.names.iter().find(|(name, _)| name.as_bytes() == key);
    let scope = call.scope();
    if let Some((_, option)) = listed {
        return scope.option(option.as_bytes()).map_or(Known::Nothing, Known::Option);
    }
    let called = |name: &[u8]| {
        let mut spellings = scope.spellings.iter();
        let (_, index) = spellings.find(|(known, _)| plain(known.as_bytes()) == name)?;
        scope.options.get(usize::from(*index))
    };
    let option = called(key).or_else(|| called(&[b"no", key].concat()));
    option.map_or(Known::Not, Known::Option)
}

fn given<'a>(spec: &'static OptionSpec, key: &[u8], value: Text<'a>) -> Given<'a> {
    let off =
        [b"off".as_slice(), b"no", b"0"].iter().any(|it| value.bytes.eq_ignore_ascii_case(it));
    // `checkcertificate = off` is `--no-check-certificate`.
    let inverse = spec.name.starts_with("--no-") && !key.starts_with(b"no");
    let flag = matches!(spec.takes, Takes::None | Takes::Optional);
    let negated = flag && (off != inverse);
    let place = value.place;
    let value = Some(value).filter(|_| !flag);
    let name = match spec.name {
        name if negated => Cow::Owned(negated_name(name)),
        name => Cow::Borrowed(name),
    };
    Given { spec, name, negated, expanded: false, value, place }
}

fn plain(name: &[u8]) -> Vec<u8> {
    let kept = |byte: &u8| (!matches!(byte, b'-' | b'_')).then_some(byte.to_ascii_lowercase());
    name.trim_ascii().iter().filter_map(kept).collect()
}

/// The text without blanks around it, its place kept.
fn trimmed<'t>(text: &Text<'t>) -> Text<'t> {
    let blank = |byte: &u8| matches!(byte, b'\t'..=b'\r' | b' ');
    let start = text.bytes.iter().take_while(|byte| blank(byte)).count();
    let tail = text.bytes.iter().rev().take_while(|byte| blank(byte)).count();
    text.part(start, text.bytes.len().saturating_sub(tail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::profile;

    /// `name=value`, or what was told.
    fn read(line: &str) -> String {
        let mut call = Call::read(profile("wget").unwrap(), &[]);
        let text = Text::of_file(line.as_bytes().to_vec());
        let Some(given) = option(&text, &mut call) else {
            return call.untold.pop().unwrap_or_default();
        };
        let value = given.value.map(|value| format!("={}", value.utf8().unwrap()));
        format!("{}{}", given.name, value.unwrap_or_default())
    }

    #[test]
    fn a_setting_is_the_option_of_its_name() {
        let cases = [
            ("post_file = /etc/passwd", "--post-file=/etc/passwd"),
            ("  POST-Data=a = b ", "--post-data=a = b"),
            ("header = X-A: b", "--header=X-A: b"),
            ("bodyfile=f", "--body-file=f"),
            ("input = urls", "--input-file=urls"),
            ("http_proxy = p.example", "--http-proxy=p.example"),
            ("use_proxy = off", "--no-proxy"),
            ("use_proxy = on", "--proxy"),
            ("no_proxy = localhost", "--no-proxy-for=localhost"),
            ("check_certificate = off", "--no-check-certificate"),
            ("check_certificate = on", "--check-certificate"),
            ("quiet = on", "--quiet"),
            ("quiet = off", "--no-quiet"),
            ("output_document = x", "--output-document=x"),
            ("dir_prefix = /d", "--directory-prefix=/d"),
            ("robots = off", ""),
            ("# header = x", ""),
            ("", ""),
        ];
        for (line, expected) in cases {
            assert_eq!(read(line), expected, "{line}");
        }
        assert!(read("frobnicate = 1").contains("`frobnicate` is not known"));
    }

    #[test]
    fn a_value_of_argv_keeps_its_place() {
        let argument = std::ffi::OsString::from("header =  X-A: b");
        let mut call = Call::read(profile("wget").unwrap(), &[]);
        let given = option(&Text::of_argument(&argument, 2, 0), &mut call).unwrap();
        let place = given.value.unwrap().place.unwrap();
        assert_eq!((place.argument, place.span.start(), place.span.len()), (2, 10, 6));
    }
}
