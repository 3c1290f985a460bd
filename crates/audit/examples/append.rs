//! Appends receipts to a ledger, to be counted with `strace -c` and `valgrind --tool=callgrind`.
//!
//! `append DIR [COUNT]`: the difference between two counts is what one append costs, start and end
//! of the process left out.

use std::path::Path;
use std::process::ExitCode;

use datafog_audit::{Durability, Error, Ledger};

#[path = "../tests/common/sample.rs"]
mod sample;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let dir = arguments.next();
    let count = arguments.next().and_then(|count| count.to_str()?.parse().ok()).unwrap_or(1);
    match dir.map(|dir| append(Path::new(&dir), count)) {
        Some(Ok(())) => ExitCode::SUCCESS,
        Some(Err(_)) => ExitCode::FAILURE,
        None => ExitCode::from(2),
    }
}

/// Opens the ledger for each receipt anew, as processes do that write one each. It is always the
/// same receipt, so that making it does not count.
fn append(dir: &Path, count: u64) -> Result<(), Error> {
    let Some(event) = sample::event(1) else { return Ok(()) };
    for _ in 0..count {
        Ledger::open(dir)?.append(&event, Durability::Lazy)?;
    }
    Ok(())
}
