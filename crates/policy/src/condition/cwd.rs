//! `cwd`: the folder that the command stands in.

use datafog_core::is_somewhere;
use serde::{Deserialize, Serialize};

use super::{ConditionAbout, Cost, Kind, Leaf, Trial, anywhere};
use crate::bytes::{Damaged, List, decode};
use crate::read::{Item, Reader, Sense};
use crate::truth::Which;
use crate::{Truth, path_pattern};

pub(super) static KIND: Kind = Kind {
    about: ConditionAbout {
        name: "cwd",
        summary: "The command's working directory is one of these folders: where programs write \
                  when they are told no other place.",
        form: "path pattern or list of them",
        example: r#"cwd = ["~", "<root>/**"]"#,
        unknown: "when a pattern starts at a home nobody knows, or only the run tells the folder \
                  and a pattern does not start at `<root>`",
        cost: "nothing",
    },
    read,
    test,
    describe,
    seen: |facts| format!("`{}`", facts.action().cwd.display()),
    narrow: anywhere,
};

/// Where patterns of this installation's folder start.
const OWN: &[u8] = b"<root>";

#[derive(Serialize, Deserialize)]
struct Folders<'a>(#[serde(borrow)] List<'a>);

fn read(item: &Item<'_>, reader: &mut Reader<'_>, _: Sense) -> Option<Leaf> {
    let paths = reader.paths(item)?;
    if paths.iter().any(|path| matches!(*path, "**" | "/**")) {
        let help = "leave the condition out, or name folders";
        reader.error_with_help(
            item.span(),
            "every folder fits, so the condition always holds",
            help,
        );
        return None;
    }
    let folders = Folders(paths.into_iter().collect());
    Some(Leaf::new(&KIND, Cost::Invocation, &folders))
}

fn test(payload: &[u8], trial: &mut Trial<'_>) -> Result<Truth, Damaged> {
    let Folders(folders) = decode(payload)?;
    let (cwd, facts) = (&trial.facts.action().cwd, trial.facts);
    let found = Which::Any.join(folders.raw().map(|one| path_pattern::matches(one, cwd, facts)));
    if found != Truth::False || !is_somewhere(cwd) {
        return Ok(found);
    }
    // It may be any folder. That it is datafog's own nobody is suspected of: the files in it are known
    // by their names, and what runs there by a wrapper is judged where it stands.
    let may_be = folders.raw().any(|one| !one.starts_with(OWN));
    Ok(if may_be { Truth::Unknown } else { Truth::False })
}

fn describe(payload: &[u8]) -> Result<String, Damaged> {
    let Folders(folders) = decode(payload)?;
    Ok(folders.shown())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{refused, test};
    use crate::{Given, Truth};

    #[test]
    fn the_folder_is_taken_as_a_path() {
        let facts = Given::command("curl", "/home/user/work");
        assert_eq!(test("cwd = ['/srv', '/home/user/**']", &facts), Truth::True);
        assert_eq!(test("cwd = '/home/user'", &facts), Truth::False);
        assert_eq!(test("cwd = '<cwd>'", &facts), Truth::True);
        let facts = Given::command("curl", "/home/user/(unknown)");
        assert_eq!(test("cwd = '/srv'", &facts), Truth::Unknown);
        assert_eq!(test("cwd = '/home/user/**'", &facts), Truth::Unknown, "it may be elsewhere");
        assert_eq!(test("cwd = '<cwd>'", &facts), Truth::True);
        assert_eq!(test("cwd = '<root>/**'", &facts), Truth::False);
        assert_eq!(test("cwd = ['<root>/**', '/srv']", &facts), Truth::Unknown);
        assert!(refused("cwd = 'work'").contains("where it starts"));
    }
}
