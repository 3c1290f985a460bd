//! One line by its place, and what stands beside it.

use std::path::Path;

use super::Entry;
use crate::Error;
use crate::folder::{ledger_files, ledger_name};
use crate::scan::{Lines, open};

/// A line by its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spotted {
    /// The receipt.
    pub entry: Entry,
    /// The line's bytes, of which its hash is taken.
    pub line: String,
    /// The line after it, which carries that hash; `None` at the end.
    pub next: Option<Entry>,
}

/// The line that begins at byte `offset` of the ledger file `file` in `dir`; `None` where there is no
/// such file any more, or no receipt there.
///
/// # Errors
/// When a file cannot be read.
pub fn at(dir: &Path, file: &str, offset: u64) -> Result<Option<Spotted>, Error> {
    let files = ledger_files(dir).map_err(|source| Error::io("list", dir, source))?;
    // Only names of ledger files are opened, whatever is asked for.
    let Some(number) = files.iter().copied().find(|number| ledger_name(*number) == file) else {
        return Ok(None);
    };
    let found = two(dir, number, offset)?;
    let Some((entry, line)) = found.0 else { return Ok(None) };
    let after = files.iter().copied().find(|later| *later > number);
    let next = match (found.1, after) {
        (Some(next), _) => Some(next),
        (None, Some(later)) => two(dir, later, 0)?.0.map(|(entry, _)| entry),
        (None, None) => None,
    };
    Ok(Some(Spotted { entry, line, next }))
}

type Two = (Option<(Entry, String)>, Option<Entry>);

/// The line at `offset` and the one after it.
fn two(dir: &Path, file: u32, offset: u64) -> Result<Two, Error> {
    let path = dir.join(ledger_name(file));
    let failed = |source| Error::io("read", &path, source);
    let content = open(&path)?;
    let size = content.metadata().map_err(failed)?.len();
    let mut lines = Lines::between(&content, offset.min(size), size).map_err(failed)?;
    let first = lines.read().map_err(failed)?.and_then(|line| {
        let text = core::str::from_utf8(line.bytes).ok()?.to_owned();
        Some((Entry::read(&line, file)?, text))
    });
    let second = lines.read().map_err(failed)?.and_then(|line| Entry::read(&line, file));
    Ok((first, second))
}

#[cfg(test)]
mod tests {
    use datafog_core::Digest;

    use super::*;
    use crate::{Durability, Filter, Ledger, list, sample};

    #[test]
    fn a_line_is_found_with_the_one_that_vouches_for_it() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("receipts");
        let ledger = Ledger::open(&folder).unwrap().with_rotation(3000);
        for number in 0..8 {
            ledger.append(&sample::event(number).unwrap(), Durability::Lazy).unwrap();
        }
        let entries: Vec<Entry> =
            list(&folder, Filter::default()).unwrap().map(Result::unwrap).collect();
        for (place, entry) in entries.iter().enumerate() {
            let found = at(&folder, &entry.file, entry.offset).unwrap().unwrap();
            assert_eq!(found.entry, *entry);
            match found.next {
                Some(next) => assert_eq!(next.receipt.prev, Digest::of(found.line.as_bytes())),
                None => assert_eq!(place, 0),
            }
        }
        for (file, offset) in [("../key", 0), ("00000099.jsonl", 0), ("00000001.jsonl", 7)] {
            assert_eq!(at(&folder, file, offset).unwrap(), None, "{file}");
        }
        assert_eq!(at(&folder, "00000001.jsonl", u64::MAX).unwrap(), None);
    }
}
