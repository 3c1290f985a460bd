//! The crate as its users see it: every data file's examples, and what holds for every text.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

mod checksums;
mod contexts;
mod detectors;
mod files;
mod hostile;
mod ids;
mod layers;
mod properties;
#[path = "../shared/mod.rs"]
mod shared;
