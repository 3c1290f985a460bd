//! `tool`: which tool an agent calls.

use serde::{Deserialize, Serialize};

use super::{ConditionAbout, Cost, Kind, Leaf, Scope, Trial};
use crate::Truth;
use crate::bytes::{Damaged, List, decode};
use crate::compiled::ANY_TOOL;
use crate::glob;
use crate::read::{Item, Reader, Sense};

pub(super) static KIND: Kind = Kind {
    about: ConditionAbout {
        name: "tool",
        summary: "An agent calls a tool of one of these names; the case of ASCII letters plays no \
                  part.",
        form: "name glob or list of them",
        example: r#"tool = ["Bash", "mcp__*__delete_*"]"#,
        unknown: "never; a command that no tool call stands behind is no call of any tool",
        cost: "nothing",
    },
    read,
    test,
    describe,
    seen: |facts| {
        facts.tool().map_or_else(|| String::from("none"), |tool| format!("`{}`", tool.name))
    },
    narrow,
};

#[derive(Serialize, Deserialize)]
struct Tool<'a>(#[serde(borrow)] List<'a>);

fn read(item: &Item<'_>, reader: &mut Reader<'_>, _: Sense) -> Option<Leaf> {
    let names = reader.names(item)?;
    Some(named(names.into_iter()))
}

/// The condition that a tool of one of these names is called.
pub(crate) fn named<'n>(names: impl Iterator<Item = &'n str>) -> Leaf {
    let names = Tool(names.map(str::to_ascii_lowercase).collect());
    Leaf::new(&KIND, Cost::Invocation, &names)
}

fn test(payload: &[u8], trial: &mut Trial<'_>) -> Result<Truth, Damaged> {
    let Tool(names) = decode(payload)?;
    let Some(tool) = trial.facts.tool() else { return Ok(Truth::False) };
    let name = tool.name.to_ascii_lowercase();
    Ok(Truth::of(names.raw().any(|glob| glob::matches(glob, name.as_bytes()))))
}

fn describe(payload: &[u8]) -> Result<String, Damaged> {
    let Tool(names) = decode(payload)?;
    Ok(names.shown())
}

fn narrow(payload: &[u8], scope: &mut Scope) {
    let Ok(Tool(names)) = decode(payload) else { return };
    if names.iter().any(|name| name.contains(['*', '?', '['])) {
        any(&[], scope);
    } else {
        scope.tools.extend(names.iter().map(str::to_owned));
    }
}

/// For conditions that hold for calls of tools alone.
pub(super) fn any(_: &[u8], scope: &mut Scope) {
    if scope.tools.is_empty() {
        scope.tools.push(String::from(ANY_TOOL));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, refused, test};
    use crate::{Given, Truth};

    #[test]
    fn names_are_globs_in_any_case() {
        let facts = call("mcp__Mail__send", "{}");
        assert_eq!(test("tool = 'mcp__mail__*'", &facts), Truth::True);
        assert_eq!(test("tool = ['Bash', 'MCP__MAIL__SEND']", &facts), Truth::True);
        assert_eq!(test("tool = 'Bash'", &facts), Truth::False);
        assert_eq!(test("tool = '*'", &Given::command("git", "/")), Truth::False);
        assert!(refused("tool = ''").contains("empty"));
    }
}
