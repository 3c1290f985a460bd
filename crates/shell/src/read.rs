//! The one function: text in, commands out.

use std::thread;

use datafog_core::Surroundings;

use crate::limits::{self, STACK};
use crate::outside::{self, Outside};
use crate::script::Script;
use crate::walk::Walker;

/// Where the line would run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// On another machine: nothing is known of its variables.
    Elsewhere,
    /// Here, with the variables of `world`.
    Here,
}

/// A line for a shell, and what is known about it.
#[derive(Clone, Debug)]
pub struct Line<'t> {
    /// The line.
    pub text: &'t str,
    /// Whether the text is all of it. Otherwise what only the run can tell stands in it as it was
    /// written (`$x`, `$(…)`), and a variable that nobody set is not empty but unknown.
    pub known: bool,
    /// `$0`, `$1` and so on, as far as they are given; `None` when nobody knows them.
    pub arguments: Option<Vec<String>>,
    /// Where it would run.
    pub place: Place,
}

impl<'t> Line<'t> {
    /// A line that is known as a whole and gets no arguments.
    #[must_use]
    pub const fn of(text: &'t str, place: Place) -> Self {
        Self { text, known: true, arguments: Some(Vec::new()), place }
    }
}

/// What a line would do.
///
/// Never fails and never panics: what cannot be read is told in [`Script::opaque`]. Text over 64 KiB
/// and text that is nested deeper than anybody writes is not parsed at all. A variable that neither
/// the line nor the environment sets is empty, as it is to a shell.
#[must_use]
pub fn read(line: &Line<'_>, world: &dyn Surroundings) -> Script {
    let refused = |why: &str| Script { commands: Vec::new(), opaque: vec![why.to_owned()] };
    if let Some(why) = limits::refusal(line.text) {
        return refused(why);
    }
    let (outside, questions) = Outside::of(world);
    // The tree of a long list is as deep as the list is long, so it gets a stack of its own.
    let work = || Walker::new(outside, line).read(line.text);
    let script = thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work).ok()?;
        outside::answer(&questions, world);
        thread.join().ok()
    });
    script.unwrap_or_else(|| refused("the line could not be read"))
}
