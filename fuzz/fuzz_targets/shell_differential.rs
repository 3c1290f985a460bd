//! Lines for a shell, beside another parser.
//!
//! Asserts: where nothing is called "not understood", every program that the other parser finds is
//! found. What bash refuses to run is left out.

#![no_main]

#[path = "../../crates/shell/tests/suite/brush.rs"]
mod brush;

use std::collections::BTreeSet;
use std::panic;
use std::process::{Command, Stdio};

use datafog_fuzz::World;
use datafog_shell::{Line, Place, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    if missed(&text).is_none() {
        return;
    }
    // The other parser reads texts that no shell runs. Bash runs the lines above the one that it
    // refuses, and is asked only where something was missed: that takes milliseconds.
    let whole = text.split_inclusive('\n').scan(0, |end, line| {
        *end += line.len();
        Some(*end)
    });
    let mut accepted = 0;
    for end in whole {
        if runs(&text[..end]) {
            accepted = end;
        }
    }
    let head = missed(&text[..accepted]);
    assert!(head.is_none(), "{head:?} in {text:?}");
});

/// A program that the other parser finds in `text` and the reader does not, though it calls nothing
/// "not understood".
fn missed(text: &str) -> Option<String> {
    let script = read(&Line::of(text, Place::Here), &World::default());
    let left_out = |rest: &str| is_bad(rest) || is_set(rest, text);
    // Within `((…))` a `$'` begins no quotes; the other parser thinks that it does, and bash sees only
    // when it runs the line that what stands behind ends nowhere.
    let counts = text.contains("((") && text.contains("$'");
    // Shells join lines in a document before they look for its end; the other parser does not.
    // To it, a carriage return ends a document's first line, too; to shells it is part of the name.
    let joined = text.contains("<<") && (text.contains("\\\n") || text.contains('\r'));
    let bad = counts || joined || text.split("${").skip(1).any(left_out);
    if !script.opaque.is_empty() || text.len() > 512 || bad || is_nested(text) {
        return None;
    }
    // It panics on some texts, which is no finding.
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let second = brush::second_opinion(text);
    panic::set_hook(hook);
    let found: BTreeSet<&str> =
        script.commands.iter().flat_map(|it| it.words.iter().take(3)).map(|it| &*it.text).collect();
    second.heads.into_iter().find(|head| {
        let known = found.contains(head.as_str()) || second.functions.contains(head);
        let plain = head.chars().all(|one| one.is_ascii_alphanumeric());
        !known && plain && !brush::BY_THE_SHELL.contains(&&**head)
    })
}

/// Whether parameters stand in parameters, four deep: each takes the other parser many times as long as
/// the one around it.
fn is_nested(text: &str) -> bool {
    let mut depth = 0_usize;
    text.split("${").skip(1).any(|rest| {
        depth = (depth + 1).saturating_sub(rest.matches('}').count());
        depth > 3
    })
}

/// Whether bash takes the text for a program. Nothing of it is run.
fn runs(text: &str) -> bool {
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-n", "-c", text]).env_clear();
    bash.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    bash.status().is_ok_and(|status| status.success())
}

/// Whether behind a parameter's name no operator stands: bash runs nothing of that ("bad
/// substitution"), the other parser reads it; nor of a subscript that does not end, which takes the other
/// parser half a minute among others. What stands for a missing `$0` no shell runs: it is always set.
fn is_bad(rest: &str) -> bool {
    if rest.starts_with('0') && rest.trim_start_matches('0').starts_with(['-', ':', '=', '?']) {
        return true;
    }
    let behind = rest.trim_start_matches(|one: char| one.is_ascii_alphanumeric() || one == '_');
    let ends = !behind.starts_with('[') || behind.contains(']');
    !ends || !behind.starts_with(|one| "}:-=?+#%/^,@[".contains(one))
}

/// Whether the line sets the variable whose missing value would be made here (`x=1; a ${x-$(b)}`): the
/// other parser does not know what it holds. Lines with and without a value are in the tables of
/// `crates/shell/tests/suite/snippets.rs`.
fn is_set(rest: &str, text: &str) -> bool {
    let is_name = |one: char| one.is_ascii_alphanumeric() || one == '_';
    let behind = rest.trim_start_matches(is_name);
    let name = &rest[..rest.len() - behind.len()];
    let sets = |operator: &str| text.matches(&format!("{name}{operator}")).count();
    let here = usize::from(behind.starts_with('=') || behind.starts_with(":="));
    !name.is_empty() && behind.starts_with(['-', ':', '=', '?']) && sets("=") + sets(":=") > here
}
