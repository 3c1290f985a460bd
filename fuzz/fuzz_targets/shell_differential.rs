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
    if !script.opaque.is_empty() || text.len() > 512 || text.split("${").skip(1).any(is_bad) {
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
    if rest.starts_with("0:-") || rest.starts_with("0-") || rest.starts_with("0:=") {
        return true;
    }
    let behind = rest.trim_start_matches(|one: char| one.is_ascii_alphanumeric() || one == '_');
    !behind.starts_with(|one| "}:-=?+#%/^,@[".contains(one))
}
