//! An action in DataFog's words as a question for the gate.
//!
//! What the caller calls a thing is never believed where it could be read: a command is interpreted
//! by its own option table, a line for a shell by a shell's grammar, everything else as the call of a
//! tool whose name and arguments tell what it may do.

use std::ffi::OsString;
use std::path::PathBuf;

use datafog_core::{ActionKind, Finding, Principal, PrincipalKind, Value};
use datafog_gate::{Inquiry, What};

use super::body::{Action, Names};

/// Where it would be done, since nobody says.
pub(crate) const FOLDER: &str = "/home/caller/work";

/// The question that a request asks. `stated` are findings of the caller's own.
pub(super) fn question(
    action: &Action,
    (text, stated): (&str, Vec<Finding>),
    names: &Names,
) -> Inquiry {
    let (kind, what) = what(action);
    let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let principal = Principal {
        // Who is on the other side is not known, and counts as an agent.
        kind: PrincipalKind::Unknown,
        uid: NOBODY,
        agent: None,
        session: given(&names.session_id),
        ..Principal::default()
    };
    Inquiry { what, kind, text: given(text), stated, cwd: PathBuf::from(FOLDER), principal }
}

/// The user that no account of this machine has (the kernel's overflow id).
pub(crate) const NOBODY: u32 = 65_534;

fn what(action: &Action) -> (ActionKind, What) {
    let name = action.kind.trim().to_lowercase();
    match name.as_str() {
        "shell.exec" => (ActionKind::ShellExec, shell(action)),
        "command.exec" => (ActionKind::CommandExec, command(action)),
        "file.read" => (ActionKind::FileRead, tool("read_file", "path", action)),
        "file.write" => (ActionKind::FileWrite, tool("write_file", "path", action)),
        "http.request" => (ActionKind::HttpRequest, tool("http_request", "url", action)),
        _ => {
            let name = format!("{} {name}", action.tool.trim());
            (ActionKind::ToolCall, tool(name.trim(), "resource", action))
        }
    }
}

/// `command` with `args`; a command that is more than a word, and has no arguments beside it, is a
/// line for a shell.
fn shell(action: &Action) -> What {
    let Action { command, resource, args, .. } = action;
    let program = if command.is_empty() { resource } else { command };
    let is_word = |letter: char| letter.is_alphanumeric() || "_-./+@%:,=".contains(letter);
    if args.is_empty() && !program.chars().all(is_word) {
        return What::Command(["sh", "-c", program].map(OsString::from).to_vec());
    }
    words(program, args)
}

/// A wrapper's call: the program is `resource` and `command` its first argument. Who has no
/// resource, or another first argument, names the program by `command`.
fn command(action: &Action) -> What {
    let Action { command, resource, args, .. } = action;
    let by_wrapper = command.is_empty() || args.first() == Some(command);
    match (resource.is_empty(), by_wrapper) {
        (false, true) => words(resource, args),
        (true, _) | (false, false) => shell(action),
    }
}

fn words(program: &str, args: &[String]) -> What {
    let words = core::iter::once(program).chain(args.iter().map(String::as_str));
    What::Command(words.map(OsString::from).collect())
}

/// The call of a tool; `place` is what its resource is called.
fn tool(name: &str, place: &str, action: &Action) -> What {
    let Action { command, resource, args, .. } = action;
    let text = |text: &str| Value::Text(text.to_owned());
    let mut members = Vec::new();
    if !resource.is_empty() {
        members.push((place.to_owned(), text(resource)));
    }
    if !command.is_empty() {
        members.push((String::from("command"), text(command)));
    }
    if !args.is_empty() {
        let args = args.iter().map(|argument| text(argument)).collect();
        members.push((String::from("args"), Value::List(args)));
    }
    What::Tool(name.to_owned(), Value::Table(members))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action(kind: &str, resource: &str, command: &str, args: &[&str]) -> Action {
        let text = str::to_owned;
        Action {
            kind: text(kind),
            resource: text(resource),
            command: text(command),
            args: args.iter().map(|argument| text(argument)).collect(),
            ..Action::default()
        }
    }

    #[test]
    fn commands_are_what_would_run() {
        for (asked, expected) in [
            (action("shell.exec", "ls", "ls", &["-l"]), &["ls", "-l"][..]),
            (action(" Shell.Exec", "", "ls -l | wc", &[]), &["sh", "-c", "ls -l | wc"]),
            (action("shell.exec", "/opt/a b", "", &["x"]), &["/opt/a b", "x"]),
            (action("command.exec", "git", "push", &["push", "-f"]), &["git", "push", "-f"]),
            (action("command.exec", "git", "", &[]), &["git"]),
            (action("command.exec", "", "git", &["push"]), &["git", "push"]),
            (action("command.exec", "/srv", "git", &["push"]), &["git", "push"]),
            (action("command.exec", "", "rm -rf x", &[]), &["sh", "-c", "rm -rf x"]),
        ] {
            let What::Command(words) = what(&asked).1 else { panic!("{asked:?}") };
            assert_eq!(words, expected, "{asked:?}");
        }
    }

    #[test]
    fn everything_else_is_the_call_of_a_tool() {
        let asked = Action { tool: "crm".into(), ..action("db.query", "users", "select 1", &[]) };
        let (kind, What::Tool(name, arguments)) = what(&asked) else { panic!() };
        assert_eq!((kind, &*name), (ActionKind::ToolCall, "crm db.query"));
        assert_eq!(arguments.get("resource").and_then(Value::as_text), Some("users"));
        let (kind, What::Tool(name, arguments)) = what(&action("file.write", "/a", "", &[])) else {
            panic!()
        };
        assert_eq!((kind, &*name), (ActionKind::FileWrite, "write_file"));
        assert_eq!(arguments.get("path").and_then(Value::as_text), Some("/a"));
    }
}
