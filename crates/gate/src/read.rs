//! A command line or the call of a tool → the action that it is, and what it starts.

use std::ffi::OsString;

use datafog_core::{Action, ActionKind, Id, Surroundings, Value};
use datafog_shim::ToolReading;

use crate::started::{self, Files, Started};

/// A command line → action, its paths made canonical, and what it starts.
pub(crate) fn command(
    (id, kind): (Id, ActionKind),
    argv: Vec<OsString>,
    world: &dyn Surroundings,
    files: Files,
) -> (Action, Vec<Started>) {
    let cwd = world.cwd().to_owned();
    let mut invocation = datafog_shim::interpret(&argv, world);
    files.fill(&mut invocation, &cwd);
    let (wrapped, starts) = match invocation.starts {
        true => {
            let starts = started::by_command(id, &argv, world, files);
            (datafog_shim::wrapped(&argv, world), starts)
        }
        false => (None, Vec::new()),
    };
    let parts = started::nested(id, wrapped, files);
    (Action { id, kind, argv, cwd, invocation, tool: None, parts }, starts)
}

/// A call of a tool → action. What it runs, where that can be read, is judged as the command it is.
pub(crate) fn tool(
    (id, kind): (Id, ActionKind),
    (name, arguments): (&str, Value),
    world: &dyn Surroundings,
    files: Files,
) -> (Action, Vec<Started>) {
    let cwd = world.cwd().to_owned();
    let reading = datafog_shim::interpret_tool(name, arguments, world);
    let ToolReading { call, argv, mut invocation, starts } = reading;
    files.fill(&mut invocation, &cwd);
    let parts = started::nested(id, datafog_shim::wrapped(&argv, world), files);
    let mut all = started::by_command(id, &argv, world, files);
    all.extend(started::by_tool(id, starts, world, files));
    let tool = Some(Box::new(call));
    (Action { id, kind, argv, cwd, invocation, tool, parts }, all)
}
