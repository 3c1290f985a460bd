/*!
Reads the policies of other systems, decides by them in their own order, and translates them.

Five systems are understood: DataFog, DataGuard, pi-governance, Enforgate and AgentGov.
[`Policy::load`] reads a file strictly: an unknown key is an error with its line and the nearest known
word, and every key that is understood but does not hold here is named in [`Policy::notices`].
[`Policy::decide`] judges a [`Call`] as the policy's own system would, except where that would let
something through that nobody meant to let through; each such place is written down in the module
of the system. What cannot be told never allows.

This crate does no I/O: files that a policy names are read through [`Files`], and commands are
understood through [`Interpret`], both supplied by whoever loads the policy.
*/

mod agentgov;
mod answer;
mod call;
mod command;
mod datafog;
mod dataguard;
mod enforgate;
mod format;
mod import;
mod json;
mod lookup;
mod names;
mod node;
mod pattern;
mod pi;
mod policy;
mod reader;
mod view;
mod words;
mod yaml;

pub use agentgov::Confine;
#[cfg(feature = "rego")]
pub use agentgov::Rego;
pub use call::Call;
pub use command::{Command, Interpret, NoTables};
pub use format::{Format, ParseFormatError};
pub use import::{Import, NotTranslatable, PROBES};
pub use policy::{Files, NoFiles, Policy};

#[cfg(test)]
mod tables;
