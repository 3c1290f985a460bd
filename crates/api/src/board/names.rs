//! Texts that many rows share, each held once.

use std::collections::HashSet;
use std::sync::Arc;

/// After so many dropped rows the texts that nobody holds any more are let go.
const SWEPT: usize = 10_000;

/// Texts of rows.
#[derive(Debug, Default)]
pub(super) struct Names {
    known: HashSet<Arc<str>>,
    dropped: usize,
}

impl Names {
    /// The one copy of the text.
    pub(super) fn of(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.known.get(text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = Arc::from(text);
        self.known.insert(Arc::clone(&new));
        new
    }

    /// So many rows were dropped.
    pub(super) fn dropped(&mut self, rows: usize) {
        self.dropped = self.dropped.saturating_add(rows);
        if self.dropped >= SWEPT {
            self.dropped = 0;
            self.known.retain(|text| Arc::strong_count(text) > 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_held_once_and_no_longer_than_somebody_needs_it() {
        let mut names = Names::default();
        let (one, same) = (names.of("git push"), names.of("git push"));
        assert!(Arc::ptr_eq(&one, &same));
        drop(names.of("gone"));
        names.dropped(SWEPT);
        assert_eq!(names.known.len(), 1);
        assert!(Arc::ptr_eq(&names.of("git push"), &one));
    }
}
