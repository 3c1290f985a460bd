//! Conditions of the native language, as text.

use super::{list, quote};
use crate::names::{self, Class};

/// A condition: one inline table.
pub(super) type Condition = String;

/// Every one of these.
pub(super) fn all(conditions: &[Condition]) -> Condition {
    match conditions {
        [one] => one.clone(),
        several => format!("{{ all = [{}] }}", several.join(", ")),
    }
}

/// Any of these.
pub(super) fn any(conditions: &[Condition]) -> Condition {
    match conditions {
        [one] => one.clone(),
        several => format!("{{ any = [{}] }}", several.join(", ")),
    }
}

/// None of these.
pub(super) fn none(conditions: &[Condition]) -> Condition {
    format!("{{ none = [{}] }}", conditions.join(", "))
}

/// A call of one of these tools, globs.
pub(super) fn tool<T: AsRef<str>>(globs: &[T]) -> Condition {
    format!("{{ tool = {} }}", list(globs))
}

/// What no tool asks for.
pub(super) fn no_tool() -> Condition {
    none(&[tool(&["*"])])
}

/// One of these commands.
pub(super) fn command<T: AsRef<str>>(names: &[T]) -> Condition {
    format!("{{ command = {} }}", list(names))
}

/// The argument is there, and fits.
pub(super) fn argument(path: &str, test: &str) -> Condition {
    let comma = if test.is_empty() { "" } else { ", " };
    format!("{{ argument = {{ path = {}, exists = true{comma}{test} }} }}", quote(path))
}

/// One of these arguments is there, and fits.
pub(super) fn arguments(paths: &[&str], test: &str) -> Condition {
    any(&paths.iter().map(|path| argument(path, test)).collect::<Vec<_>>())
}

/// A regular expression, as the value of a key.
pub(super) fn matches(pattern: &str) -> String {
    format!("matches = {}", quote(pattern))
}

/// The names of tools that these stand for, as globs: every tool that does the same, and those of
/// servers.
pub(super) fn tools_alike(wanted: &[String]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for name in wanted {
        match names::class(name) {
            Some(class) => all.extend(tools_of(class)),
            None => all.push(name.clone()),
        }
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// The names of tools of that class, as globs.
pub(super) fn tools_of(class: Class) -> Vec<String> {
    let of = |name: &str| [name.to_owned(), format!("*__{name}")];
    names::tools_of(class).iter().copied().flat_map(of).collect()
}

/// Whatever runs commands: a tool for it, a wrapped command, a tool that is seen to run some.
pub(super) fn shell(tools: &[String]) -> Condition {
    let runs = String::from("{ category = \"code_execution\" }");
    // Of tools that tell nothing nobody knows the category; only those with a command are meant.
    let told = arguments(names::COMMAND_FIELDS, "");
    any(&[tool(tools), no_tool(), all(&[runs, told])])
}

/// What a request over HTTP is sent by: these tools, or a command.
pub(super) fn is_http(tools: &[String]) -> bool {
    tools.iter().any(|name| names::class(name) == Some(Class::Http))
}
