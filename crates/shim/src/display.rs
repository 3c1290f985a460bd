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
/// index) becomes `‹label›`. Of a command without a profile only the names of options are shown,
/// of short ones the letter.
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

/// One argument, in quotes when it holds blanks or quotes, or is empty.
fn word(out: &mut String, argument: &OsString, hidden: &[Hidden]) {
    let bytes = argument.as_encoded_bytes();
    let mut text = String::new();
    redact::write(&mut text, bytes, 0, hidden, LIMIT);
    if text.is_empty() || needs_quotes(&text) {
        out.push('\'');
        out.push_str(&text.replace('\'', "'\\''"));
        out.push('\'');
    } else {
        out.push_str(&text);
    }
}

/// Whether blanks or quotes stand outside of what was replaced. The marks themselves are escaped
/// where the argument holds them.
fn needs_quotes(text: &str) -> bool {
    let mut replaced = false;
    text.chars().any(|letter| {
        replaced = letter == '‹' || (replaced && letter != '›');
        !replaced && matches!(letter, ' ' | '\'' | '"')
    })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interpret;
    use crate::world::World;

    fn shown(argv: &[&str]) -> String {
        let argv: Vec<OsString> = argv.iter().map(OsString::from).collect();
        display(&argv, &interpret(&argv, &World::default()), &|_| Vec::new())
    }

    #[test]
    fn what_may_be_secret_is_a_number_of_bytes() {
        let cases: &[(&[&str], &str)] = &[
            (
                &[
                    "curl",
                    "-sd",
                    "key=value",
                    "-H",
                    "Authorization: Bearer x",
                    "https://u:p@h.example/a?q=1",
                ],
                "curl -sd ‹9 bytes› -H 'Authorization: ‹8 bytes›' https://‹3 bytes›@h.example/a?‹3 bytes›",
            ),
            (
                &["curl", "-dkey", "-F", "f=@a.txt", "h.example"],
                "curl -d‹3 bytes› -F f=@a.txt h.example",
            ),
            (&["git", "commit", "-m", "secret plan"], "git commit -m ‹11 bytes›"),
            (
                &["git", "-c", "http.extraHeader=X: y", "push", "origin"],
                "git -c http.extraHeader=‹4 bytes› push origin",
            ),
            (&["docker", "login", "-pX", "ghcr.io"], "docker login -p‹1 byte› ghcr.io"),
            (&["env", "A=b", "ls", "a b"], "env A=‹1 byte› ls 'a b'"),
            (
                &["unknown-tool", "--token=abc", "-x", "def"],
                "unknown-tool --token=‹3 bytes› -x ‹3 bytes›",
            ),
            (&["rm", "-rf", "", "it's"], r"rm -rf '' 'it'\''s'"),
            (&["cat", "a\nb\u{202e}\u{1b}[1m\\"], r"cat a\nb\u{202e}\u{1b}[1m\\"),
        ];
        for (argv, expected) in cases {
            assert_eq!(shown(argv), *expected);
        }
    }

    #[test]
    fn findings_are_named_and_win_over_numbers() {
        let argv: Vec<OsString> =
            ["curl", "-d", "key=abcdef", "h.example/abc"].map(Into::into).into();
        let invocation = interpret(&argv, &World::default());
        let mask = |index: usize| match index {
            2 => vec![Mask { span: Span::at(4, 6), label: "secret.x".into() }],
            3 => vec![Mask { span: Span::at(10, 99), label: "secret.y".into() }],
            _ => Vec::new(),
        };
        assert_eq!(display(&argv, &invocation, &mask), "curl -d ‹secret.x› h.example/‹secret.y›");
    }

    #[test]
    fn the_line_is_bounded_and_cut_at_a_letter() {
        let long = "é".repeat(10_000);
        let line = shown(&["cat", &long, "b"]);
        assert!(line.len() <= LIMIT && line.ends_with('…'), "{}", line.len());
        let many = vec!["x"; 10_000];
        assert!(shown(&many).len() <= LIMIT);
    }
}
