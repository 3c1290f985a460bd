//! Text for people with everything left out that may be secret.

use std::fmt::Write as _;

use datafog_core::{Carrier, Invocation, OperandKind, Place, Span};

use crate::address;

/// A part of an argument that is not shown, and what is shown instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hidden {
    pub(crate) place: Place,
    /// Empty: the number of bytes is told.
    pub(crate) label: String,
}

/// Everything in argv that the invocation uses as content: bodies, headers, credentials,
/// messages; and of URLs the user and the query. Sorted by place.
pub(crate) fn hidden(invocation: &Invocation, arguments: usize) -> Vec<Hidden> {
    let mut all = Vec::new();
    let mut hide = |place: Place| all.push(Hidden { place, label: String::new() });
    for content in &invocation.contents {
        match content.carrier {
            Carrier::Argument(place) if content.role != "url" && place.argument < arguments => {
                hide(place);
            }
            Carrier::Argument(_)
            | Carrier::File(_)
            | Carrier::Inline(_)
            | Carrier::Stdin
            | Carrier::Untold(_) => {}
        }
    }
    for operand in &invocation.operands {
        let Some(place) = operand.place.filter(|place| place.argument < arguments) else {
            continue;
        };
        let text = operand.text.as_encoded_bytes();
        if operand.kind != OperandKind::Text || text.windows(3).any(|it| it == b"://") {
            url_parts(text, place).into_iter().for_each(&mut hide);
        }
    }
    for option in &invocation.options {
        let place = option.place.filter(|place| place.argument < arguments);
        if let (Some(place), Some(value)) = (place, &option.value) {
            url_parts(value.as_encoded_bytes(), place).into_iter().for_each(&mut hide);
        }
    }
    all.sort_unstable_by_key(|hidden| (hidden.place.argument, hidden.place.span.start()));
    all
}

/// User and query of what looks like a URL.
fn url_parts(text: &[u8], place: Place) -> Vec<Place> {
    if !text.iter().any(|byte| matches!(byte, b'@' | b'?')) {
        return Vec::new();
    }
    let within = |start: usize, end: usize| Place {
        argument: place.argument,
        span: Span::at(place.span.start().saturating_add(start), end.saturating_sub(start)),
    };
    let has_scheme = text.windows(3).any(|window| window == b"://");
    let user = address::credential(text).filter(|_| has_scheme).map(|(from, to)| within(from, to));
    let query = address::query(text).map(|from| within(from, text.len()));
    user.into_iter().chain(query).filter(|place| !place.span.is_empty()).collect()
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
