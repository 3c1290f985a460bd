//! `parent`: the processes that a call comes from.

use serde::{Deserialize, Serialize};

use super::values;
use super::{ConditionAbout, Cost, Kind, Leaf, Trial, anywhere};
use crate::Truth;
use crate::bytes::{Damaged, List, decode};
use crate::glob;
use crate::read::{Item, Reader, Sense};

pub(super) static KIND: Kind = Kind {
    about: ConditionAbout {
        name: "parent",
        summary: "A process of one of these names is among those that the call comes from. Any process may take any name, so the condition can stop something and never let it through.",
        form: "name glob or list of them",
        example: r#"parent = ["cron", "sshd"]"#,
        unknown: "when the parent processes cannot be read",
        cost: "a look at the parent processes",
    },
    read,
    test,
    describe,
    seen: |facts| match facts.principal().parents.as_slice() {
        [] => String::from("unknown"),
        parents => parents.join(" < "),
    },
    narrow: anywhere,
};

/// Most bytes of a process's name that Linux tells.
const MOST: usize = 15;

#[derive(Serialize, Deserialize)]
struct Parent<'a>(#[serde(borrow)] List<'a>);

fn read(item: &Item<'_>, reader: &mut Reader<'_>, sense: Sense) -> Option<Leaf> {
    values::refuse_hearsay(&KIND, item, reader, sense)?;
    let names = values::names(item, reader)?;
    for name in names.iter() {
        let (message, help) = match name {
            name if name.contains('/') => {
                ("a process is told by its name", "leave out the folder that its program is in")
            }
            // The kernel keeps 15 bytes of it (proc_pid_stat(5)).
            name if name.len() > MOST && !name.contains(['*', '?', '[']) => (
                "the system keeps 15 letters of a process's name",
                "write the first 15 of them and `*`: `gnome-terminal-*`",
            ),
            _ => continue,
        };
        reader.error_with_help(item.span(), message, help);
        return None;
    }
    let wanted = Parent(names);
    Some(Leaf::new(&KIND, Cost::Principal, &wanted))
}

fn test(payload: &[u8], trial: &mut Trial<'_>) -> Result<Truth, Damaged> {
    let Parent(wanted) = decode(payload)?;
    let parents = &trial.facts.principal().parents;
    if parents.is_empty() {
        return Ok(Truth::Unknown);
    }
    let wanted = |name: &String| wanted.raw().any(|one| glob::matches(one, name.as_bytes()));
    Ok(Truth::of(parents.iter().any(wanted)))
}

fn describe(payload: &[u8]) -> Result<String, Damaged> {
    let Parent(wanted) = decode(payload)?;
    Ok(wanted.shown())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{refused_loosening, test};
    use crate::{Given, Truth};

    #[test]
    fn any_parent_counts() {
        let mut facts = Given::command("git", "/");
        assert_eq!(test("parent = 'sshd'", &facts), Truth::Unknown);
        facts.principal.parents = vec!["bash".into(), "sshd".into()];
        assert_eq!(test("parent = ['ssh*']", &facts), Truth::True);
        assert_eq!(test("parent = 'cron'", &facts), Truth::False);
        assert!(refused_loosening("parent = 'sshd'").contains("cannot let anything through"));
    }
}
