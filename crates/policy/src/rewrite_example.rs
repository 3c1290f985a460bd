//! Examples of rewrites, as a policy file states them.

use datafog_core::{CustomRewrite, Value};

use crate::Diagnostic;

/// What a rewrite makes of something. Whoever can rewrite checks it when the file is loaded.
#[derive(Clone, Debug)]
pub struct RewriteExample {
    /// The rewrite.
    pub rewrite: CustomRewrite,
    /// The tool that is called; empty where a command is run.
    pub tool: String,
    /// What is asked for.
    pub before: RewriteSample,
    /// What comes of it.
    pub after: RewriteSample,
    /// Where it stands, as a message without words.
    pub place: Diagnostic,
}

/// One side of an example.
#[derive(Clone, Debug, PartialEq)]
pub enum RewriteSample {
    /// The arguments of a tool.
    Arguments(Value),
    /// A command line as a shell reads it, without expansions.
    Command(String),
}
