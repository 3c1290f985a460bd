//! `command`: the program, by the name of its profile.

use datafog_core::ActionKind;
use serde::{Deserialize, Serialize};

use super::{ConditionAbout, Cost, Kind, Leaf, Scope, Trial};
use crate::Truth;
use crate::bytes::{Damaged, List, decode};
use crate::read::{Item, Reader, Sense};
use crate::spelling::nearest;

pub(super) static KIND: Kind = Kind {
    about: ConditionAbout {
        name: "command",
        summary: "The program is one of these, by the name of its profile, whatever path or \
                  alias it was started by.",
        form: "name or list of names",
        example: r#"command = ["curl", "wget"]"#,
        unknown: "never",
        cost: "nothing",
    },
    read,
    test,
    describe,
    seen: |facts| format!("`{}`", facts.action().invocation.program),
    narrow,
};

#[derive(Serialize, Deserialize)]
struct Command<'a>(#[serde(borrow)] List<'a>);

fn read(item: &Item<'_>, reader: &mut Reader<'_>, _: Sense) -> Option<Leaf> {
    Some(named(&names(item, reader)?))
}

/// Names of commands; a slip is an error, a command without a profile a warning.
pub(crate) fn names(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<Vec<String>> {
    let names = reader.texts(item)?;
    if !reader.check_whole(&names, "command") {
        return None;
    }
    let vocabulary = reader.vocabulary;
    let known = vocabulary.commands();
    let mut sound = true;
    for name in &names {
        let word = *name.get_ref();
        if known.is_empty() || known.contains(&word) {
            continue;
        }
        if word.contains('/') {
            let help = "use the program's name; its path plays no part";
            reader.error_with_help(name.span(), format!("`{word}` is a path"), help);
            sound = false;
        } else if let Some(near) = nearest(word, known.iter().copied()) {
            let help = format!("did you mean `{near}`?");
            reader.error_with_help(name.span(), format!("unknown command `{word}`"), help);
            sound = false;
        } else {
            let help = "its options and operands are not understood; conditions on them are \
                        unknown";
            reader.warn(name.span(), format!("there is no profile for `{word}`"), help);
        }
    }
    let names = names.into_iter().map(|name| name.into_inner().to_owned()).collect();
    sound.then_some(names)
}

/// The condition that one of these commands is run. `tool:` stands for every call of a tool that
/// runs none, `shell:` for what a shell does by itself: a line, whose commands are judged beside it,
/// and its redirections.
pub(crate) fn named(names: &[String]) -> Leaf {
    Leaf::new(&KIND, Cost::Invocation, &Command(names.iter().collect()))
}

fn test(payload: &[u8], trial: &mut Trial<'_>) -> Result<Truth, Damaged> {
    let Command(names) = decode(payload)?;
    let action = trial.facts.action();
    let program = action.invocation.program.as_str();
    let by_shell = action.kind == ActionKind::ShellExec && names.has(SHELL);
    let by_tool = program.starts_with(TOOL) && names.has(TOOL);
    Ok(Truth::of(names.has(program) || by_tool || by_shell))
}

/// How the program of a tool call begins that runs no command.
const TOOL: &str = "tool:";

/// Stands for what is no program; see [`named`].
const SHELL: &str = "shell:";

fn describe(payload: &[u8]) -> Result<String, Damaged> {
    let Command(names) = decode(payload)?;
    Ok(names.shown())
}

fn narrow(payload: &[u8], scope: &mut Scope) {
    if let Ok(Command(names)) = decode(payload) {
        scope.commands.extend(names.iter().map(str::to_owned));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{refused, test};
    use crate::{Given, Truth};

    #[test]
    fn names_are_whole() {
        let facts = Given::command("git", "/");
        assert_eq!(test("command = 'git'", &facts), Truth::True);
        assert_eq!(test("command = ['curl', 'git']", &facts), Truth::True);
        assert_eq!(test("command = 'gi'", &facts), Truth::False);
    }

    #[test]
    fn slips_are_named() {
        assert!(refused("command = 'gti'").contains("did you mean `git`?"));
        assert!(refused("command = '/usr/bin/git'").contains("is a path"));
        assert!(refused("command = []").contains("the list is empty"));
        for glob in ["*", "git*", "?it", "[a-z]it"] {
            let told = refused(&format!("command = ['git', '{glob}']"));
            assert!(told.contains("leave `command` out to mean every command"), "{told}");
        }
        assert_eq!(test("command = '['", &Given::command("[", "/")), Truth::True);
        assert!(refused("command = 3").contains("expected a string"));
        assert!(refused("command = ['git', 'git']").contains("listed twice"));
    }
}
