/*!
The append-only, hash-chained ledger of receipts.

Writing: [`Ledger`] puts an [`Event`](datafog_core::Event) into the chain, and [`Recorded`] is the
proof that it did; only this crate makes one, so nothing can run that was not first recorded.
Reading: [`verify`](fn@verify) names the first bad line; [`list`], [`find`], [`follow`] and
[`stats`] show what is there. The form on disk is described in `docs/AUDIT_FORMAT.md`. This crate
decides nothing about actions and reads no configuration; it takes neither the time of day nor
randomness, so that equal events make equal files.

INVARIANT: every change of the folder happens under one lock, the one on its head file, and in an
order that a process killed between any two system calls leaves a state the next one can mend.
*/

mod bound;
mod chain;
mod disk;
mod error;
mod folder;
mod head;
mod ledger;
mod line;
mod locked;
mod mend;
mod quarantine;
mod read;
mod recorded;
mod report;
mod scan;
mod snapshot;
mod verify;

pub use error::Error;
pub use ledger::{Durability, Ledger};
pub use read::{
    Count, Counted, Entry, Filter, Follow, Mark, Moment, Newest, ParseMomentError, Spotted, Stats,
    at, counted, find, follow, list, stats,
};
pub use recorded::Recorded;
pub use report::{Bad, Flaw, Place, Recovery, Report};
pub use verify::verify;

#[cfg(test)]
#[path = "../tests/common/sample.rs"]
mod sample;
