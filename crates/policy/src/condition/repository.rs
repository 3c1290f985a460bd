//! `repository`: the repository that the working directory belongs to.

use datafog_core::{Facts, Repository};
use serde::{Deserialize, Serialize};

use super::{ConditionAbout, Cost, Kind, Leaf, Trial, anywhere};
use crate::bytes::{Damaged, List, decode};
use crate::read::{Item, Reader, Sense};
use crate::truth::Which;
use crate::{Truth, path_pattern};

pub(super) static KIND: Kind = Kind {
    about: ConditionAbout {
        name: "repository",
        summary: "The working directory belongs to a repository whose folder is one of these.",
        form: "path pattern or list of them",
        example: r#"repository = "~/work/**""#,
        unknown: "when its folder cannot be read, or git is told to use another repository",
        cost: "a look for the repository's folder",
    },
    read,
    test,
    describe,
    seen: |facts| match of(facts) {
        None => String::from("unknown"),
        Some(None) => String::from("none"),
        Some(Some(found)) => format!("`{}`", found.root.display()),
    },
    narrow: anywhere,
};

#[derive(Serialize, Deserialize)]
struct Folders<'a>(#[serde(borrow)] List<'a>);

fn read(item: &Item<'_>, reader: &mut Reader<'_>, _: Sense) -> Option<Leaf> {
    let folders = Folders(reader.paths(item)?.into_iter().collect());
    Some(Leaf::new(&KIND, Cost::Files, &folders))
}

/// The repository at hand. Options that name another one leave it unknown which one is meant.
pub(super) fn of(facts: &dyn Facts) -> Option<Option<Repository>> {
    let action = facts.action();
    let elsewhere = ["-C", "--git-dir", "--work-tree"];
    let options = &action.invocation.options;
    if options.iter().any(|option| elsewhere.contains(&option.name.as_str())) {
        return None;
    }
    facts.repository(&action.cwd)
}

fn test(payload: &[u8], trial: &mut Trial<'_>) -> Result<Truth, Damaged> {
    let Folders(folders) = decode(payload)?;
    let facts = trial.facts;
    Ok(match of(facts) {
        None => Truth::Unknown,
        Some(None) => Truth::False,
        Some(Some(found)) => {
            Which::Any.join(folders.raw().map(|one| path_pattern::matches(one, &found.root, facts)))
        }
    })
}

fn describe(payload: &[u8]) -> Result<String, Damaged> {
    let Folders(folders) = decode(payload)?;
    Ok(folders.shown())
}

#[cfg(test)]
mod tests {
    use super::super::testing::test;
    use super::*;
    use crate::Given;

    #[test]
    fn repositories_by_folder() {
        let mut facts = Given::command("git", "/home/user/work/a/src");
        assert_eq!(test("repository = '~/work/**'", &facts), Truth::Unknown);
        facts.repository =
            Some(Some(Repository { root: "/home/user/work/a".into(), branch: None }));
        assert_eq!(test("repository = '~/work/**'", &facts), Truth::True);
        assert_eq!(test("repository = '/srv/**'", &facts), Truth::False);
        facts.repository = Some(None);
        assert_eq!(test("repository = '~/work/**'", &facts), Truth::False);
    }
}
