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
        sound &= known.is_empty() || check(name, &known, reader);
    }
    // A program is told by the name of its profile, whatever alias is written here.
    let canonical = |name: toml::Spanned<&str>| {
        vocabulary.profile_of(name.get_ref()).unwrap_or_else(|| name.get_ref()).to_owned()
    };
    sound.then(|| names.into_iter().map(canonical).collect())
}

/// Whether a name can be one of a command; what is wrong with it is reported.
fn check(name: &toml::Spanned<&str>, known: &[&str], reader: &mut Reader<'_>) -> bool {
    let word = *name.get_ref();
    let lower = word.to_lowercase();
    let profile = reader.vocabulary.profile_of(word);
    let (message, help) = if let Some(profile) = profile.filter(|profile| *profile != word) {
        let message = format!("`{word}` goes by the profile of `{profile}`");
        reader.warn(name.span(), message, "the condition is about each program of that profile");
        return true;
    } else if known.contains(&word) || profile.is_some() {
        return true;
    } else if word.contains('/') {
        (format!("`{word}` is a path"), "use the program's name; its path plays no part".to_owned())
    } else if let Some((first, _)) = word.split_once(char::is_whitespace) {
        let help = format!(
            "write `{first}` here, and what follows under `subcommand`, `option` or `operand`"
        );
        (format!("`{word}` is more than the name of a program"), help)
    } else if reader.vocabulary.is_program(word) {
        warn_unknown(name, reader);
        return true;
    } else if let Some(near) = known.iter().find(|one| **one == lower) {
        (format!("unknown command `{word}`"), format!("did you mean `{near}`?"))
    } else if let Some(near) = nearest(word, known.iter().copied()) {
        (format!("unknown command `{word}`"), format!("did you mean `{near}`?"))
    } else {
        warn_unknown(name, reader);
        return true;
    };
    reader.error_with_help(name.span(), message, help);
    false
}

fn warn_unknown(name: &toml::Spanned<&str>, reader: &mut Reader<'_>) {
    let help = "its options and operands are not understood; conditions on them are unknown";
    reader.warn(name.span(), format!("there is no profile for `{}`", name.get_ref()), help);
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
    fn a_program_is_known_by_each_of_its_names() {
        let told = refused("command = 'git3'");
        assert!(told.contains("warning: `git3` goes by the profile of `git`"), "{told}");
        let told = refused("command = 'gut'");
        assert!(told.contains("warning: there is no profile for `gut`"), "{told}");
    }

    #[test]
    fn slips_are_named() {
        assert!(refused("command = 'gti'").contains("did you mean `git`?"));
        assert!(refused("command = 'GIT'").contains("did you mean `git`?"));
        assert!(refused("command = '/usr/bin/git'").contains("is a path"));
        let told = refused("command = 'git push'");
        assert!(told.contains("write `git` here, and what follows under `subcommand`"), "{told}");
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
