//! Lines for a shell, beside another parser.
//!
//! Asserts: where nothing is called "not understood", every program that the other parser finds is
//! found.

#![no_main]

#[path = "../../crates/shell/tests/suite/brush.rs"]
mod brush;

use std::collections::BTreeSet;
use std::panic;

use datafog_fuzz::World;
use datafog_shell::{Line, Place, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let script = read(&Line::of(&text, Place::Here), &World::default());
    let left_out = |rest: &str| is_bad(rest) || is_set(rest, &text);
    if !script.opaque.is_empty() || text.len() > 512 || text.split("${").skip(1).any(left_out) {
        return;
    }
    // It panics on some texts, which is no finding.
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let second = brush::second_opinion(&text);
    panic::set_hook(hook);
    let found: BTreeSet<&str> =
        script.commands.iter().flat_map(|it| it.words.iter().take(3)).map(|it| &*it.text).collect();
    for head in &second.heads {
        let known = found.contains(head.as_str()) || second.functions.contains(head);
        let plain = head.chars().all(|one| one.is_ascii_alphanumeric());
        assert!(known || !plain || brush::BY_THE_SHELL.contains(&&**head), "{head:?} in {text:?}");
    }
});

/// Whether behind a parameter's name no operator stands: bash runs nothing of that ("bad
/// substitution"), the other parser reads it. What stands for a missing `$0` no shell runs: it is
/// always set.
fn is_bad(rest: &str) -> bool {
    if rest.starts_with('0') && rest.trim_start_matches('0').starts_with(['-', ':', '=', '?']) {
        return true;
    }
    let behind = rest.trim_start_matches(|one: char| one.is_ascii_alphanumeric() || one == '_');
    !behind.starts_with(|one| "}:-=?+#%/^,@[".contains(one))
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
