//! Judges examples by the real profiles, on a machine with nothing on it.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use datafog_core::{
    Action, ActionKind, Facts, Flows, Id, Invented, Invocation, OperandKind, Value,
};
use datafog_policy::{Example, Given, Interpreter, Vocabulary};

pub(crate) const HOME: &str = "/home/example";
pub(crate) const ROOT: &str = "/home/example/.datafog";

/// A machine without files, variables and other programs.
pub(crate) struct Nowhere;

impl Interpreter for Nowhere {
    fn facts<'a>(&'a self, example: &'a Example) -> Result<Box<dyn Facts + 'a>, String> {
        let (home, root) = (Path::new(HOME), Path::new(ROOT));
        let cwd = example.cwd(home, root);
        let mut given = match &example.tool {
            Some((name, arguments)) => tool(name, arguments.clone(), &cwd),
            None => facts(&example.argv(home, root), &cwd),
        };
        if !given.action.invocation.known {
            return Err(format!("there is no profile for `{}`", given.action.invocation.program));
        }
        example.apply(&mut given);
        Ok(Box::new(given))
    }
}

/// The facts of a call of a tool, made by a person.
pub(crate) fn tool(name: &str, arguments: Value, cwd: &Path) -> Given {
    let surroundings = Invented::at(HOME, cwd);
    let reading = datafog_shim::interpret_tool(name, arguments, &surroundings);
    let mut given = Given::command("", cwd).home(HOME).root(ROOT);
    given.action.kind = ActionKind::ToolCall;
    given.action.argv = reading.argv;
    given.action.invocation = reading.invocation;
    given.action.tool = Some(Box::new(reading.call));
    canonical(given.invocation(), cwd);
    given
}

fn canonical(invocation: &mut Invocation, cwd: &Path) {
    for operand in &mut invocation.operands {
        if operand.kind == OperandKind::Path {
            operand.canonical = Some(by_text(&cwd.join(&operand.text)));
        }
    }
}

/// The facts of a command line, run by a person.
pub(crate) fn facts(argv: &[OsString], cwd: &Path) -> Given {
    let surroundings = Invented::at(HOME, cwd);
    let mut invocation = datafog_shim::interpret(argv, &surroundings);
    datafog_shim::resolve(&mut invocation, &surroundings);
    canonical(&mut invocation, cwd);
    let action = Action {
        id: Id::new(0, [0; 10]),
        kind: ActionKind::CommandExec,
        argv: argv.to_vec(),
        cwd: cwd.to_path_buf(),
        invocation,
        tool: None,
        parts: Vec::new(),
    };
    Given::action(action).home(HOME).root(ROOT)
}

/// The facts of a line of words parted by blanks.
pub(crate) fn line(text: &str) -> Given {
    let argv: Vec<OsString> = text.split(' ').map(Into::into).collect();
    facts(&argv, "/home/example/project".as_ref())
}

fn by_text(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut plain, part| {
        match part {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            Component::Normal(_) | Component::Prefix(_) | Component::RootDir => plain.push(part),
        }
        plain
    })
}

/// The words of the real profiles.
pub(crate) struct Profiles;

impl Vocabulary for Profiles {
    fn commands(&self) -> Vec<&str> {
        datafog_shim::profiles().map(|profile| profile.name).collect()
    }

    fn families(&self) -> Vec<&str> {
        datafog_shim::families()
    }

    fn options(&self, command: &str) -> Option<Vec<(&str, &str)>> {
        Some(datafog_shim::profile(command)?.spellings())
    }

    fn has_subcommands(&self, command: &str) -> Option<bool> {
        Some(datafog_shim::profile(command)?.has_subcommands())
    }

    fn family(&self, command: &str) -> Option<&str> {
        Some(datafog_shim::profile(command)?.family)
    }

    fn flows(&self, command: &str) -> Option<Flows> {
        datafog_shim::profile(command)?.flows()
    }

    fn subcommands(&self, command: &str) -> Option<Vec<&str>> {
        datafog_shim::profile(command)?.subcommands()
    }
}
