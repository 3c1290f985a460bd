//! Reading the ledger: newest first, by id, as it grows, and summed up.
//!
//! Readers see what the head vouches for and never a half-written line. Lines that cannot be read
//! are passed over and counted; what is wrong with them is for [`verify`](fn@crate::verify) to say.

pub(crate) mod backward;
mod counted;
mod entry;
mod filter;
mod follow;
mod moment;
mod newest;
mod spot;
mod stats;

pub use counted::{Counted, Mark, counted};
pub use entry::Entry;
pub use filter::Filter;
pub use follow::{Follow, follow};
pub use moment::{Moment, ParseMomentError};
pub use newest::{Newest, find, list};
pub use spot::{Spotted, at};
pub use stats::{Count, Stats, stats};

#[cfg(test)]
mod tests;
