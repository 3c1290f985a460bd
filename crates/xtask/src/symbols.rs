//! The order in which functions are laid out in the installed binary.
//!
//! A shim runs some hundred functions of many thousand. Laid out by chance they lie in dozens of
//! pages, and each page costs a fault; laid out together they lie in a handful. The linker takes
//! the order from a file; names it does not know are skipped, so an old file only costs speed.

use std::collections::HashSet;
use std::fs;

use anyhow::Result;

use crate::arena::{Arena, LEAK, STATUS, repository};
use crate::{callgrind, report};

pub(crate) fn write() -> Result<()> {
    let arena = Arena::new()?;
    let allowed = callgrind::profile(&arena, &arena.shim("allowed", "git", STATUS, 0))?;
    let denied = callgrind::profile(&arena, &arena.shim("denied", "curl", LEAK, 126))?;
    let mut seen = HashSet::new();
    let both = allowed.functions.into_iter().chain(denied.functions);
    let ordered: Vec<String> = both.filter(|name| seen.insert(name.clone())).collect();
    fs::write(repository().join("benches/symbols.txt"), ordered.join("\n") + "\n")?;
    report(&format!("{} functions in order\n", ordered.len()));
    Ok(())
}
