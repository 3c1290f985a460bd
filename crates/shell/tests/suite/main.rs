//! What lines for a shell are read as: by a table, beside the real bash, and for any text at all.

mod agreement;
mod snippets;
mod support;
