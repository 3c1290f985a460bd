/*!
Turns a command, a line for a shell or the call of a tool into a safer form of itself.

[`rewrite()`] finds the command that a rule matched in the whole that it stands in, takes it apart by
its option table, changes words, and prints what was changed and nothing else: words that stay keep
their bytes, and so does everything around them. What rewrites there are stands in [`builtins`], one
file each; a policy may describe more by steps ([`datafog_core::CustomRewrite`]).

It proves nothing by itself: whoever asks must read the result again and judge it as if it had been
asked for. When there is no safe form, the answer is a [`Refusal`] with its reason, and when a rewrite
finds nothing to change, it says so. It decides nothing, runs nothing and sees the world only through
[`datafog_core::Surroundings`].
*/

mod address;
mod builtin;
mod command;
mod custom;
mod draft;
mod locate;
mod mark;
mod quote;
mod sql;
mod tool;

use std::ffi::OsString;
use std::path::Path;

use datafog_core::{CustomRewrite, Finding, Surroundings, Value};

pub use builtin::{Builtin, builtin, builtins};
pub use quote::shell_word;

/// Something that can be rewritten.
#[derive(Clone, Debug, PartialEq)]
pub enum Form {
    /// A command line as the program receives it, its name first.
    Command(Vec<OsString>),
    /// The call of a tool: its name and its arguments.
    Tool(String, Value),
}

/// What is to be changed of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// Whatever concerns the rewrite: nobody can tell which command it is.
    Any,
    /// The command with these words, wherever it stands, and what it starts.
    Command(&'a [OsString]),
    /// The call of the tool itself.
    Tool,
}

/// Which rewrite.
#[derive(Clone, Copy, Debug)]
pub enum Way<'a> {
    /// One of ours.
    Builtin(&'static Builtin),
    /// One of the policy's.
    Custom(&'a CustomRewrite),
}

/// A rewrite that is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Demand<'a> {
    /// By which way.
    pub way: Way<'a>,
    /// What is to be changed.
    pub target: Target<'a>,
    /// What was found in the target: in its arguments, or in the fields of the tool's call.
    pub findings: &'a [Finding],
    /// The path of our own program, which some safe forms begin with.
    pub own: &'a Path,
}

/// There is no safe form; the text says why, for a person, and holds no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(pub String);

impl Refusal {
    pub(crate) fn because<T>(why: &str) -> Result<T, Self> {
        Err(Self(why.to_owned()))
    }
}

/// The form with the demand met; `None` when there is nothing that the rewrite would change.
///
/// # Errors
/// When there is no safe form.
pub fn rewrite(
    form: &Form,
    demand: &Demand<'_>,
    world: &dyn Surroundings,
) -> Result<Option<Form>, Refusal> {
    let work = locate::Work { demand, world };
    match form {
        Form::Command(argv) => Ok(work.in_argv(argv)?.map(Form::Command)),
        Form::Tool(name, arguments) => {
            let changed = match demand.target {
                Target::Tool => tool::changed(name, arguments, demand, world)?,
                Target::Any | Target::Command(_) => work.in_call(name, arguments)?,
            };
            Ok(changed.map(|arguments| Form::Tool(name.clone(), arguments)))
        }
    }
}

#[cfg(test)]
mod tests;
