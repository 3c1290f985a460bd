//! What lines for a shell are read as: by a table, beside the real bash
//! and another parser, and for any text at all.

mod agreement;
#[cfg(test)]
mod brush;
#[cfg(test)]
mod differential;
mod folders;
mod functions;
#[cfg(test)]
mod generator;
mod snippets;
mod support;
mod taking;
mod values;
