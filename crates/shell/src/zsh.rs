//! Words for which zsh alone runs something, where other shells see text or refuse the line. The parser
//! reads bash, and nobody says which shell a line is for; so such a line is not understood. The forms are
//! those of zshexpn(1), zshmisc(1) and zshmodules(1).

use rable::{Node, NodeKind};

/// They run words that follow, or will: `repeat 2 a`, `noglob a`, `zpty name a`; or they do by
/// themselves what programs do: `zf_rm -r a`.
pub(crate) const RUNNERS: [&str; 16] = [
    "-",
    "nocorrect",
    "noglob",
    "repeat",
    "sched",
    "zargs",
    "zf_chmod",
    "zf_chown",
    "zf_ln",
    "zf_mv",
    "zf_rm",
    "zf_rmdir",
    "zmv",
    "zpty",
    "zsocket",
    "ztcp",
];

/// Whether a program is named by where it is found: `=rm` is `/bin/rm`.
pub(crate) fn is_found(head: &str) -> bool {
    head.strip_prefix('=').is_some_and(|name| name.starts_with(|one: char| one.is_alphanumeric()))
}

/// Whether zsh runs something of a word beside its substitutions: `=(a)`, `*(e:a:)`, `*(+a)`.
pub(crate) fn runs(word: &Node) -> bool {
    let NodeKind::Word { parts, .. } = &word.kind else { return false };
    parts.iter().enumerate().any(|(place, part)| {
        matches!(&part.kind, NodeKind::WordLiteral { value } if runs_of(value, place == 0))
    })
}

/// Whether flags of a parameter have what it holds substituted: `${(e)x}`. The parser takes them for the
/// name, or for an operator.
pub(crate) fn evaluates(name: &str) -> bool {
    name.strip_prefix('(').is_some_and(|rest| inside(rest.as_bytes()).contains(&b'e'))
}

/// Whether something is run of a text, which comes with its quotes.
fn runs_of(text: &str, first: bool) -> bool {
    let (mut quote, mut before, mut escaped) = (None, [0_u8; 2], false);
    for (at, byte) in text.bytes().enumerate() {
        let rest = text.as_bytes().get(at.saturating_add(1)..).unwrap_or_default();
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quote != Some(b'\'') => escaped = true,
            b'\'' | b'"' if quote.is_none() => quote = Some(byte),
            b'\'' | b'"' if quote == Some(byte) => quote = None,
            b'(' if quote.is_none() && is_run(before, first && at == 1, rest) => return true,
            _ => {}
        }
        before = [before[1], byte];
    }
    false
}

/// Whether something is run for a bracket that opens behind these two bytes.
fn is_run(before: [u8; 2], first: bool, rest: &[u8]) -> bool {
    match before {
        // Else it is a list behind a name.
        [one, b'='] => one == b'=' || first,
        // Qualifiers of files: `e` with any mark, `+` with a name.
        _ => inside(rest).windows(2).any(|pair| match pair {
            [b'e', mark] => !mark.is_ascii_alphanumeric() && *mark != b'|',
            [b'+', name] => name.is_ascii_alphabetic() || *name == b'_',
            _ => false,
        }),
    }
}

/// What stands before the bracket that closes.
fn inside(rest: &[u8]) -> &[u8] {
    rest.split(|byte| *byte == b')').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> bool {
        crate::parse::word(text).is_some_and(|word| runs(&word))
    }

    #[test]
    fn what_zsh_alone_runs_is_told() {
        for word in
            ["=(rm x)", "*(e:'rm x':)", "*(.e'rm x')", "a/*(Noe{rm})", "*(+run)", "$x*(e:a:)"]
        {
            assert!(told(word), "{word}");
        }
        for word in [
            "'*(e:rm:)'",
            "\"=(x)\"",
            "$(a e:b)",
            "$(a; (echo case))",
            "<(e:b)",
            "*(a|be|c)",
            "!(*.txt)",
            "\\(e:x\\)",
            "plain",
        ] {
            assert!(!told(word), "{word}");
        }
        assert!(evaluates("(e)x") && evaluates("(je)x") && !evaluates("(f)x") && !evaluates("e"));
        assert!(is_found("=rm") && !is_found("=") && !is_found("a=b"));
    }
}
