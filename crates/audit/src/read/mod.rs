//! Reading the ledger: newest first, by id, as it grows, and summed up.

pub(crate) mod backward;
