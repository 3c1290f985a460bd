//! How the index is filled, and kept up with its chains.
//!
//! Both chains are read from behind what is too old to be held, and then followed for ever. A line that
//! cannot be read is counted and passed over; a chain that cannot be read is tried again.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use datafog_audit::{Entry as Recorded, Error, Filter, Follow, follow, list};

use super::names::Names;
use super::row::{Place, Placed, Row};
use super::{Board, MOST};
use crate::server::context::Stored;
use crate::store::{Entry, Store};

/// How many lines of the server's chain are read at first: all tenants share them.
const CHAIN: u64 = 1_000_000;

/// How often a chain is looked at when nobody says that it grew.
const OFTEN: Duration = Duration::from_millis(500);

/// How long after a failure a chain is tried again.
const AGAIN: Duration = Duration::from_secs(2);

/// Follows the server's chain until it is ended.
pub async fn follow_chain(board: Arc<Board>, store: Arc<dyn Store>) {
    let mut grown = store.grown();
    let mut after = loop {
        match store.head().await {
            Ok(head) => break head.saturating_sub(CHAIN),
            Err(_) => tokio::time::sleep(AGAIN).await,
        }
    };
    loop {
        match store.tail(after).await {
            Ok(added) if added.is_empty() => {
                board.caught_up(Place::Server);
                // Whether it was told or looks by itself, it looks.
                let _told_or_not: Result<_, _> = tokio::time::timeout(OFTEN, grown.changed()).await;
            }
            Ok(added) => {
                after = added.last().map_or(after, |(_, entry)| entry.seq);
                let board = Arc::clone(&board);
                let taken = tokio::task::spawn_blocking(move || take_chain(&board, &added));
                let _ended: Result<(), _> = taken.await;
            }
            Err(_) => tokio::time::sleep(AGAIN).await,
        }
    }
}

fn take_chain(board: &Board, added: &[(String, Entry)]) {
    let lines: Vec<_> = added
        .iter()
        .filter_map(|(tenant, entry)| Some((tenant, entry.seq, Stored::of(entry).ok()?)))
        .collect();
    let broken = added.len().saturating_sub(lines.len());
    board.skip(u64::try_from(broken).unwrap_or(u64::MAX));
    board.add(|names| {
        let row = |(tenant, seq, line): &(&String, u64, Stored)| {
            let context = Some(&line.server);
            let placed = Placed { place: Place::Server, seq: *seq, spot: None, context };
            Some(((*tenant).clone(), Row::of(&line.event, &placed, names)?))
        };
        lines.iter().filter_map(row).collect()
    });
}

/// Reads what the chain has more than the index, for tests.
#[cfg(test)]
pub(crate) async fn catch_up(board: &Board, store: &dyn Store) {
    board.forget(Place::Server);
    let mut after = 0;
    loop {
        let added = store.tail(after).await.unwrap();
        let Some((_, last)) = added.last() else { break };
        after = last.seq;
        take_chain(board, &added);
    }
    board.caught_up(Place::Server);
    board.caught_up(Place::Local);
}

/// Follows the ledger in that folder until it is ended. Its rows are those of the tenant without a name.
pub async fn follow_ledger(board: Arc<Board>, folder: PathBuf) {
    loop {
        let (inside, path) = (Arc::clone(&board), folder.clone());
        let filled = tokio::task::spawn_blocking(move || Following::fill(&inside, &path)).await;
        // What cannot be read now is not waited for by those who look.
        board.caught_up(Place::Local);
        let Ok(Ok(mut following)) = filled else {
            tokio::time::sleep(AGAIN).await;
            continue;
        };
        loop {
            tokio::time::sleep(OFTEN).await;
            let inside = Arc::clone(&board);
            let looked = tokio::task::spawn_blocking(move || {
                let looked = following.look(&inside);
                (following, looked)
            });
            match looked.await {
                Ok((same, Ok(()))) => following = same,
                // Files that it stood in are gone, or the system fails: from the beginning.
                Ok((_, Err(_))) | Err(_) => break,
            }
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Where the reading of a ledger stands.
#[derive(Debug)]
struct Following {
    follow: Follow,
    last: u64,
}

impl Following {
    /// Reads the newest lines, in place of whatever was there before.
    fn fill(board: &Board, folder: &Path) -> Result<Self, Error> {
        // Taken first: what is added while the list is read is then seen twice, and never missed.
        let follow = follow(folder)?;
        board.forget(Place::Local);
        let mut following = Self { follow, last: 0 };
        let wanted = datafog_audit::Filter { limit: Some(MOST), ..Filter::default() };
        let mut newest = match list(folder, wanted) {
            Ok(newest) => newest,
            Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                return Ok(following);
            }
            Err(error) => return Err(error),
        };
        let mut some = Vec::new();
        for entry in &mut newest {
            let entry = entry?;
            following.last = following.last.max(entry.receipt.seq);
            some.push(entry);
            if some.len() >= AT_ONCE {
                take_ledger(board, &some);
                some.clear();
            }
        }
        take_ledger(board, &some);
        board.skip(newest.unreadable());
        Ok(following)
    }

    /// Takes what was added.
    fn look(&mut self, board: &Board) -> Result<(), Error> {
        loop {
            let mut added = self.follow.look()?;
            if added.is_empty() {
                return Ok(());
            }
            added.retain(|entry| entry.receipt.seq > self.last);
            for entry in &added {
                let gap = entry.receipt.seq.saturating_sub(self.last).saturating_sub(1);
                if self.last > 0 {
                    board.skip(gap);
                }
                self.last = entry.receipt.seq;
            }
            take_ledger(board, &added);
        }
    }
}

/// So many lines of a ledger are put into the index at once.
const AT_ONCE: usize = 5_000;

fn take_ledger(board: &Board, entries: &[Recorded]) {
    board.add(|names: &mut Names| {
        let row = |entry: &Recorded| {
            let spot = Some((entry.file.as_str(), entry.offset));
            let seq = entry.receipt.seq;
            let placed = Placed { place: Place::Local, seq, spot, context: None };
            Some((String::new(), Row::of(&entry.receipt.event, &placed, names)?))
        };
        entries.iter().filter_map(row).collect()
    });
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::io::Write as _;

    use datafog_audit::{Durability, Ledger};
    use serde_json::json;

    use super::*;
    use crate::board::sample;
    use crate::store::{NewEntry, Place as StorePlace, Write};

    fn count(board: &Board, tenant: &str) -> usize {
        board.ask(tenant, super::super::Shelf::len)
    }

    #[test]
    fn a_ledger_is_read_and_followed_through_its_files() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("receipts");
        let board = Board::default();
        Following::fill(&board, &folder).unwrap();
        assert_eq!(count(&board, ""), 0);
        // Every line begins a new file.
        let ledger = Ledger::open(&folder).unwrap().with_rotation(1);
        let add = |number| ledger.append(&sample::event(number), Durability::Lazy).unwrap();
        (0..3).for_each(add);
        let mut following = Following::fill(&board, &folder).unwrap();
        assert_eq!(count(&board, ""), 3);
        (3..6).for_each(add);
        following.look(&board).unwrap();
        assert_eq!((count(&board, ""), count(&board, "north"), board.skipped()), (6, 0, 0));
        let row = board.ask("", |shelf| shelf.find(sample::event(4).receipt_id)).unwrap();
        assert_eq!((row.seq, row.spot.as_ref().map(|spot| spot.offset)), (5, Some(0)));
        // Old files may be taken away; who stood in one begins anew.
        std::fs::remove_file(folder.join("00000001.jsonl")).unwrap();
        Following::fill(&board, &folder).unwrap();
        assert_eq!(count(&board, ""), 5);
    }

    #[test]
    fn a_broken_line_is_counted_and_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("receipts");
        let ledger = Ledger::open(&folder).unwrap();
        let add = |number| ledger.append(&sample::event(number), Durability::Lazy).unwrap();
        (0..2).for_each(add);
        let file = folder.join("00000001.jsonl");
        let text = std::fs::read_to_string(&file).unwrap();
        let broken = text.replacen("\"receipt_id\"", "\"receipt_xx\"", 1);
        OpenOptions::new().write(true).open(&file).unwrap().write_all(broken.as_bytes()).unwrap();
        let board = Board::default();
        let mut following = Following::fill(&board, &folder).unwrap();
        assert_eq!((count(&board, ""), board.skipped()), (1, 1));
        (2..4).for_each(add);
        following.look(&board).unwrap();
        assert_eq!((count(&board, ""), board.skipped()), (3, 1));
    }

    #[tokio::test]
    async fn the_chain_is_read_and_followed_for_every_tenant() {
        let dir = tempfile::tempdir().unwrap();
        let store = StorePlace::File(dir.path().join("server.db")).open().await.unwrap();
        let write = async |number: u64, tenant: &str| {
            let mut event = serde_json::to_value(sample::event(number)).unwrap();
            event["server"] = json!({ "tenant": tenant, "actor_id": "bot" });
            let entry = Some(NewEntry::of(&event).unwrap());
            let _written = store.write(Write { entry, answer: None }).await.unwrap();
        };
        write(1, "").await;
        write(2, "north").await;
        let board = Arc::new(Board::default());
        let mut grown = board.grown();
        let following = tokio::spawn(follow_chain(Arc::clone(&board), Arc::clone(&store)));
        while count(&board, "north") < 1 {
            grown.changed().await.unwrap();
        }
        write(3, "north").await;
        while count(&board, "north") < 2 {
            grown.changed().await.unwrap();
        }
        following.abort();
        assert_eq!((count(&board, ""), count(&board, "south")), (1, 0));
    }
}
