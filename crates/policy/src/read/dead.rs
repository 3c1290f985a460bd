//! Conditions that can never hold for the commands that a rule names: what a command is, and which
//! way data can move by it, is settled by its name.

use datafog_core::{Flow, Flows};
use toml::de::DeTable;

use super::quoted;
use super::reader::{Item, Reader};
use super::when::words_of;

/// Tells of conditions of a table that hold for none of the commands which it, or what stands around
/// it, names.
pub(super) fn check(table: &DeTable<'_>, reader: &mut Reader<'_>) {
    if reader.commands.is_empty() {
        return;
    }
    families(table, reader);
    subcommands(table, reader);
    flows(table, reader);
}

fn families(table: &DeTable<'_>, reader: &mut Reader<'_>) {
    let Some((item, wanted)) = words_of(table, "family") else { return };
    let vocabulary = reader.vocabulary;
    let known: Option<Vec<&str>> =
        reader.commands.iter().map(|command| vocabulary.family(command)).collect();
    let Some(known) = known else { return };
    if known.iter().any(|family| wanted.iter().any(|one| one == family)) {
        return;
    }
    let message = match known.iter().find(|family| !family.is_empty()) {
        Some(family) => format!("{} is of the family `{family}`", named(reader)),
        None => format!("{} is of no family", named(reader)),
    };
    tell(item, &message, reader);
}

fn subcommands(table: &DeTable<'_>, reader: &mut Reader<'_>) {
    let Some(item) = table.get("subcommand") else { return };
    let vocabulary = reader.vocabulary;
    let mut all = reader.commands.iter().map(|command| vocabulary.has_subcommands(command));
    if all.all(|has| has == Some(false)) {
        let message = format!("{} has no subcommands", named(reader));
        tell(item, &message, reader);
    }
}

/// Which way data moves is told by more than tables in the end, so this one is a warning.
fn flows(table: &DeTable<'_>, reader: &mut Reader<'_>) {
    let Some((item, wanted)) = words_of(table, "flow") else { return };
    let vocabulary = reader.vocabulary;
    let known: Option<Vec<Flows>> =
        reader.commands.iter().map(|command| vocabulary.flows(command)).collect();
    let Some(known) = known else { return };
    let possible = known.into_iter().fold(Flows::NONE, Flows::union);
    let is_possible = |flow: &Flow| {
        possible.has(*flow) || (*flow == Flow::Loopback && possible.has(Flow::Leaves))
    };
    let mut asked = Flow::ALL.iter().filter(|flow| wanted.iter().any(|one| one == flow.name()));
    if asked.clone().next().is_some() && !asked.any(is_possible) {
        let ways: Vec<&str> = possible.iter().map(Flow::name).collect();
        let message = match ways.as_slice() {
            [] => format!("{} moves no data", named(reader)),
            ways => format!("data {} by {}", ways.join(" or "), named(reader)),
        };
        let help = "take it out, or name a command that does that";
        reader.warn(item.span(), format!("this never holds: {message}"), help);
    }
}

fn named(reader: &Reader<'_>) -> String {
    quoted(&reader.commands.iter().map(String::as_str).collect::<Vec<_>>())
}

/// An error where the rule can never fire for it, a warning where only one of several ways is dead.
pub(super) fn tell(item: &Item<'_>, why: &str, reader: &mut Reader<'_>) {
    let message = format!("this never holds: {why}");
    let help = "take it out, or put it beside the other in a list of `any`";
    if reader.branches == 0 {
        reader.error_with_help(item.span(), message, help);
    } else {
        reader.warn(item.span(), message, help);
    }
}

#[cfg(test)]
mod tests {
    use crate::condition::testing::{refused, test_known};
    use crate::{Given, Truth};

    #[test]
    fn what_a_command_never_is_or_does_is_told() {
        for (toml, why) in [
            ("command = 'git'\nfamily = 'http'", "`git` is of the family `vcs`"),
            ("command = ['git', 'rm']\nfamily = 'http'", "is of the family"),
            ("family = 'http'\nall = [{ command = 'rm', family = 'vcs' }]", "`file`"),
            ("command = 'rm'\nsubcommand = 'push'", "`rm` has no subcommands"),
            ("command = 'rm'\nany = [{ subcommand = 'x' }, { option = '-r' }]", "no subcommands"),
            ("command = 'rm'\nflow = 'leaves'", "data destroys by `rm`"),
            ("command = 'rm'\nflow = ['leaves', 'loopback']", "this never holds"),
            ("command = 'git'\nsubcommand = 'push'\nall = [{ subcommand = 'status' }]", "`push`"),
        ] {
            let told = refused(toml);
            assert!(told.contains("this never holds") && told.contains(why), "{toml}: {told}");
        }
    }

    #[test]
    fn what_may_hold_is_left_alone() {
        let mut facts = Given::command("git", "/");
        facts.invocation().family = String::from("vcs");
        facts.invocation().subcommand = vec!["remote".into(), "add".into()];
        for toml in [
            "command = ['git', 'curl']\nfamily = 'vcs'",
            "command = ['rm', 'git']\nsubcommand = 'remote'",
            "command = 'git'\nsubcommand = 'remote'\nall = [{ subcommand = 'remote add' }]",
            "command = ['git', 'rm']\nany = [{ flow = 'leaves' }, { subcommand = 'remote' }]",
        ] {
            assert_eq!(test_known(toml, &facts), Truth::True, "{toml}");
        }
    }
}
