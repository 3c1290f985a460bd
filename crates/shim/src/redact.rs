//! Text for people with everything left out that may be secret.

use std::fmt::Write as _;

use datafog_core::{Carrier, ContentSource, Invocation, Place, Span};

use crate::{address, naming};

/// A part of an argument that is not shown, and what is shown instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hidden {
    pub(crate) place: Place,
    /// Empty: the number of bytes is told.
    pub(crate) label: String,
}

/// Everything in argv that the invocation uses as content: bodies, headers, credentials,
/// messages; what its place or its name makes a secret; and of URLs the user and the query. Sorted
/// by place.
pub(crate) fn hidden(invocation: &Invocation, arguments: usize) -> Vec<Hidden> {
    let mut all = Vec::new();
    let mut hide = |place: Place| {
        if place.argument < arguments {
            all.push(Hidden { place, label: String::new() });
        }
    };
    invocation.contents.iter().filter_map(written).for_each(&mut hide);
    invocation.secrets.iter().for_each(|secret| hide(secret.place));
    for operand in &invocation.operands {
        let Some(place) = operand.place else { continue };
        let text = operand.text.as_encoded_bytes();
        if invocation.known {
            telling(text, place).for_each(&mut hide);
        } else {
            unexplained(text, place).into_iter().for_each(&mut hide);
        }
    }
    for option in &invocation.options {
        let (Some(place), Some(value)) = (option.place, &option.value) else { continue };
        if naming::says(option.name.as_bytes()).is_some() {
            hide(place);
        }
        telling(value.as_encoded_bytes(), place).for_each(&mut hide);
    }
    all.sort_unstable_by_key(|hidden| (hidden.place.argument, hidden.place.span.start()));
    all
}

/// Where a content is written in argv; a URL is told part by part.
fn written(content: &ContentSource) -> Option<Place> {
    match content.carrier {
        Carrier::Argument(place) if content.role != "url" => Some(place),
        Carrier::Argument(_)
        | Carrier::File(_)
        | Carrier::Inline(_)
        | Carrier::Stdin
        | Carrier::Untold(_) => None,
    }
}

/// The parts of a text that tell a secret by how it is written.
fn telling(text: &[u8], place: Place) -> impl Iterator<Item = Place> {
    url_parts(text, place).into_iter().chain(assigned(text, place))
}

/// What nobody can explain is not shown: arguments of an unknown command, but for option names.
fn unexplained(text: &[u8], place: Place) -> Option<Place> {
    let shown = match text.iter().position(|byte| *byte == b'=') {
        _ if !text.starts_with(b"-") => 0,
        Some(equals) => equals.saturating_add(1),
        // A short option may hold a value: `-pX`.
        None if !text.starts_with(b"--") => text.len().min(2),
        None => text.len(),
    };
    (shown < text.len()).then(|| within(place, shown, text.len()))
}

/// The part of `place` from byte `start` of its text to `end`.
fn within(place: Place, start: usize, end: usize) -> Place {
    let start_there = place.span.start().saturating_add(start);
    Place { argument: place.argument, span: Span::at(start_there, end.saturating_sub(start)) }
}

/// User and query of what looks like a URL; without a scheme, a password before an `@`.
fn url_parts(text: &[u8], place: Place) -> Vec<Place> {
    if !text.iter().any(|byte| matches!(byte, b'@' | b'?')) {
        return Vec::new();
    }
    let has_scheme = text.windows(3).any(|window| window == b"://");
    let user = if has_scheme { address::credential(text) } else { bare_credential(text) };
    let query = address::query(text).filter(|from| *from < text.len());
    let places = [user, query.map(|from| (from, text.len()))];
    places.into_iter().flatten().map(|(from, to)| within(place, from, to)).collect()
}

/// The `user:password` of `user:password@host`. Behind a slash it is part of a path.
fn bare_credential(text: &[u8]) -> Option<(usize, usize)> {
    let at = text.iter().rposition(|byte| *byte == b'@')?;
    let before = text.get(..at)?;
    let colon = before.iter().position(|byte| *byte == b':')?;
    let plain = !before.get(..colon)?.contains(&b'/') && colon.saturating_add(1) < at;
    plain.then_some((0, at))
}

/// The value of `name=value` where the name says that it is a secret; and whatever stands behind
/// a second `=`, where nobody knows what the first name means (`SetEnv=A=value`).
fn assigned(text: &[u8], place: Place) -> Option<Place> {
    let equals = text.iter().position(|byte| *byte == b'=')?;
    let (name, value) = text.split_at_checked(equals)?;
    if naming::says(name).is_some() {
        return Some(within(place, equals.saturating_add(1), text.len()));
    }
    let second = value.iter().skip(1).position(|byte| *byte == b'=')?.saturating_add(1);
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let named = name.iter().all(plain) && value.get(1..second)?.iter().all(plain);
    let from = equals.saturating_add(second).saturating_add(1);
    (named && from < text.len()).then(|| within(place, from, text.len()))
}

/// Writes `text`, the bytes of one argument from `start` on, with hidden parts replaced and odd
/// characters escaped, until `out` is longer than `limit`.
pub(crate) fn write(out: &mut String, text: &[u8], start: usize, hidden: &[Hidden], limit: usize) {
    let mut at = 0_usize;
    let end = start.saturating_add(text.len());
    let mut parts = hidden
        .iter()
        .filter(|it| it.place.span.end() > start && it.place.span.start() < end)
        .peekable();
    while let Some(part) = parts.next() {
        let (mut from, mut to) = (part.place.span.start(), part.place.span.end());
        let mut label = part.label.as_str();
        // Parts that overlap are one; the name of a finding says more than a number.
        while let Some(next) = parts.next_if(|next| next.place.span.start() < to) {
            to = to.max(next.place.span.end());
            label = if label.is_empty() { &next.label } else { label };
        }
        from = from.max(start).saturating_sub(start).max(at);
        to = to.min(end).saturating_sub(start).max(from);
        escape(out, text.get(at..from).unwrap_or_default(), limit);
        if out.len() > limit {
            return;
        }
        replaced(out, label, to.saturating_sub(from));
        at = to;
    }
    escape(out, text.get(at..).unwrap_or_default(), limit);
}

/// `‹label›`, or `‹n bytes›`.
pub(crate) fn replaced(out: &mut String, label: &str, bytes: usize) {
    let written = if label.is_empty() {
        write!(out, "‹{bytes} byte{}›", if bytes == 1 { "" } else { "s" })
    } else {
        write!(out, "‹{label}›")
    };
    // Writing to a string cannot fail.
    written.unwrap_or_default();
}

/// Text as it is, with control characters, marks that turn or hide text, and bytes that are no
/// UTF-8 written as escapes. Stops soon after `limit`.
pub(crate) fn escape(out: &mut String, text: &[u8], limit: usize) {
    for chunk in text.utf8_chunks() {
        for letter in chunk.valid().chars() {
            if out.len() > limit {
                return;
            }
            match letter {
                '\n' => out.push_str("\\n"),
                '\t' => out.push_str("\\t"),
                '\\' => out.push_str("\\\\"),
                letter if letter.is_control() || turns_text(letter) => {
                    write!(out, "\\u{{{:x}}}", u32::from(letter)).unwrap_or_default();
                }
                letter => out.push(letter),
            }
        }
        for byte in chunk.invalid() {
            write!(out, "\\x{byte:02x}").unwrap_or_default();
        }
    }
}

/// Characters that change how others are shown, or are not shown at all.
fn turns_text(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}' | '‹' | '›'
    )
}
