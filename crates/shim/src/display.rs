//! One line for receipts and notices: the command, with every value left out that may be secret.

use std::ffi::OsString;

use datafog_core::{Invocation, Place, Span};

use crate::redact::{self, Hidden};

/// No display form is longer than this, in bytes.
const LIMIT: usize = 512;

/// A part of an argument that a finding covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask {
    /// Which bytes of the argument.
    pub span: Span,
    /// What is shown instead: the entity type (`secret.github.pat`).
    pub label: String,
}

/// The command as one line of at most 512 bytes.
///
/// Shown are names of options, subcommands, paths and hosts. Content, headers, credentials, users
/// and queries of URLs become `‹n bytes›`; what `mask` covers (asked for each argument, by its
/// index) becomes `‹label›`. Of a command without a profile only the names of options are shown.
#[must_use]
pub fn display(
    argv: &[OsString],
    invocation: &Invocation,
    mask: &dyn Fn(usize) -> Vec<Mask>,
) -> String {
    let mut out = String::new();
    // Each argument shows at least one byte, so no later one can be seen.
    let mut hidden = redact::hidden(invocation, LIMIT).into_iter().peekable();
    for (index, argument) in argv.iter().enumerate().take(LIMIT) {
        let mut parts: Vec<Hidden> = Vec::new();
        while let Some(part) = hidden.next_if(|part| part.place.argument <= index) {
            parts.push(part);
        }
        parts.extend(unexplained(invocation, index, argument));
        let found = mask(index).into_iter().map(|mask| Hidden {
            place: Place { argument: index, span: mask.span },
            label: mask.label,
        });
        parts.extend(found);
        parts.sort_by_key(|part| part.place.span.start());
        if index > 0 {
            out.push(' ');
        }
        word(&mut out, argument, &parts);
        if out.len() > LIMIT {
            break;
        }
    }
    cut(out)
}

/// What nobody can explain is not shown: arguments of an unknown command, but for option names.
fn unexplained(invocation: &Invocation, index: usize, argument: &OsString) -> Option<Hidden> {
    if invocation.known || index == 0 {
        return None;
    }
    let bytes = argument.as_encoded_bytes();
    let shown = match bytes.iter().position(|byte| *byte == b'=') {
        _ if !bytes.starts_with(b"-") => 0,
        Some(equals) => equals.saturating_add(1),
        None => bytes.len(),
    };
    let span = Span::new(shown, bytes.len()).filter(|span| !span.is_empty())?;
    Some(Hidden { place: Place { argument: index, span }, label: String::new() })
}

/// One argument, in quotes when it holds blanks or quotes, or is empty.
fn word(out: &mut String, argument: &OsString, hidden: &[Hidden]) {
    let bytes = argument.as_encoded_bytes();
    let mut text = String::new();
    redact::write(&mut text, bytes, 0, hidden, LIMIT);
    let blank = |letter: char| letter == ' ' || letter == '\'' || letter == '"';
    let replaced = text.starts_with('‹') && text.ends_with('›');
    if !replaced && (text.is_empty() || text.contains(blank)) {
        out.push('\'');
        out.push_str(&text.replace('\'', "'\\''"));
        out.push('\'');
    } else {
        out.push_str(&text);
    }
}

/// Cuts at a letter, with a mark.
fn cut(mut out: String) -> String {
    const MARK: &str = "…";
    if out.len() > LIMIT {
        let room = LIMIT.saturating_sub(MARK.len());
        let end = (0..=room).rev().find(|at| out.is_char_boundary(*at)).unwrap_or(0);
        out.truncate(end);
        out.push_str(MARK);
    }
    out
}
