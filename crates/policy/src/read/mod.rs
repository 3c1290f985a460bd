//! Reads a policy file: TOML with spans in, a checked document out, every mistake reported.
//!
//! Nothing here is on the hot path: what is read is compiled once and kept as bytes.

mod dead;
mod document;
mod examples;
mod expectations;
mod lists;
mod obligations;
mod reader;
mod rewrite;
mod risk;
mod role;
mod rule;
mod when;

pub(crate) use document::{Document, read};
pub(crate) use expectations::read as tests;
pub(crate) use reader::{Fields, Item, Reader, SEVERITIES, Sense, quoted};
pub(crate) use rule::RuleSource;
#[cfg(test)]
pub(crate) use when::conditions;
