//! An index of what was decided, for looking things up.
//!
//! Its rows are made of two chains: the server's own, for every tenant, and the ledger of the
//! installation that the server belongs to, for the tenant without a name. A row is a summary; the
//! whole line is read from its chain when somebody asks for it. The index is filled in the background
//! when the server starts and follows both chains from then on.
//!
//! It is a derived view: nothing is decided from it, nothing is stored in it, and it can be thrown
//! away. It holds the newest [`MOST`] rows of a tenant; what is older is in the chains.

mod fate;
mod fill;
mod filter;
mod names;
mod page;
mod reign;
mod row;
#[cfg(test)]
pub(crate) mod sample;
mod session;
mod shelf;
mod sighting;
mod sums;
mod surface;
mod when;

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use tokio::sync::watch;

pub use fate::{Fate, Noted, asked};
#[cfg(test)]
pub(crate) use fill::catch_up;
pub use fill::{follow_chain, follow_ledger};
pub use filter::{Filter, Wrong};
pub use page::{Cursor, Page};
pub use reign::Reign;
pub use row::{Place, Row, Seen, Spot};
pub use session::Session;
pub use shelf::{MOST, Shelf};
pub use sighting::Sighting;
pub use sums::{Bucket, Door, Slice, Sums, Verdicts};
pub use surface::Surface;

use names::Names;

/// The index of a server.
#[derive(Debug)]
pub struct Board {
    inside: RwLock<Inside>,
    /// Lines that could not be read, or whose place in the chain is empty.
    skipped: AtomicU64,
    chain_is_read: AtomicBool,
    ledger_is_read: AtomicBool,
    grown: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Inside {
    shelves: BTreeMap<String, Shelf>,
    names: Names,
}

impl Default for Board {
    fn default() -> Self {
        Self {
            inside: RwLock::default(),
            skipped: AtomicU64::new(0),
            chain_is_read: AtomicBool::new(false),
            ledger_is_read: AtomicBool::new(false),
            grown: watch::Sender::new(0),
        }
    }
}

impl Board {
    /// Asks the rows of a tenant. Whoever asks much does so on a thread that may block.
    pub fn ask<T>(&self, tenant: &str, ask: impl FnOnce(&Shelf) -> T) -> T {
        let inside = self.read();
        match inside.shelves.get(tenant) {
            Some(shelf) => ask(shelf),
            None => ask(&Shelf::default()),
        }
    }

    /// How many lines were passed over because they are broken.
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.skipped.load(Ordering::Relaxed)
    }

    /// Whether both chains were read up to their ends once.
    #[must_use]
    pub fn is_filled(&self) -> bool {
        self.chain_is_read.load(Ordering::Relaxed) && self.ledger_is_read.load(Ordering::Relaxed)
    }

    /// Changes when rows were added.
    #[must_use]
    pub fn grown(&self) -> watch::Receiver<u64> {
        self.grown.subscribe()
    }

    /// Adds rows with their tenants. `make` gets the names that rows share.
    fn add(&self, make: impl FnOnce(&mut Names) -> Vec<(String, Row)>) {
        let mut inside = self.write();
        let rows = make(&mut inside.names);
        let added = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        if rows.is_empty() {
            return;
        }
        let mut by_tenant: BTreeMap<String, Vec<Row>> = BTreeMap::new();
        for (tenant, row) in rows {
            by_tenant.entry(tenant).or_default().push(row);
        }
        let mut dropped = 0_usize;
        for (tenant, rows) in by_tenant {
            dropped = dropped.saturating_add(inside.shelves.entry(tenant).or_default().add(rows));
        }
        inside.names.dropped(dropped);
        drop(inside);
        self.grown.send_modify(|version| *version = version.wrapping_add(added));
    }

    /// Forgets what came from one chain, which is about to be read anew.
    fn forget(&self, place: Place) {
        self.write().shelves.values_mut().for_each(|shelf| shelf.forget(place));
    }

    fn skip(&self, lines: u64) {
        self.skipped.fetch_add(lines, Ordering::Relaxed);
    }

    fn caught_up(&self, place: Place) {
        let flag = match place {
            Place::Local => &self.ledger_is_read,
            Place::Server => &self.chain_is_read,
        };
        flag.store(true, Ordering::Relaxed);
    }

    fn read(&self) -> RwLockReadGuard<'_, Inside> {
        self.inside.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Inside> {
        self.inside.write().unwrap_or_else(PoisonError::into_inner)
    }
}
