//! `uncommitted`: whether files that git keeps have changes that no commit holds.

use serde::{Deserialize, Serialize};

use super::{ConditionAbout, Cost, Kind, Leaf, Trial, anywhere};
use crate::Truth;
use crate::bytes::{Damaged, decode};
use crate::read::{Item, Reader, Sense};
use datafog_core::Facts;

pub(super) static KIND: Kind = Kind {
    about: ConditionAbout {
        name: "uncommitted",
        summary: "The working directory belongs to a repository in which files that git keeps have \
                  changes that no commit holds. New files that git does not keep yet do not count.",
        form: "`true` or `false`",
        example: "uncommitted = true",
        unknown: "when git does not answer, or is told to use another repository",
        cost: "a question to git (`git status`), of three seconds at most",
    },
    read,
    test,
    describe,
    seen: |facts| {
        String::from(match of(facts) {
            None => "unknown",
            Some(true) => "changes that no commit holds",
            Some(false) => "none",
        })
    },
    narrow: anywhere,
};

#[derive(Serialize, Deserialize)]
struct Wanted {
    uncommitted: bool,
}

fn read(item: &Item<'_>, reader: &mut Reader<'_>, _: Sense) -> Option<Leaf> {
    Some(Leaf::new(&KIND, Cost::Files, &Wanted { uncommitted: reader.flag(item)? }))
}

/// Whether there are such changes. Options that name another repository leave it unknown.
fn of(facts: &dyn Facts) -> Option<bool> {
    match super::repository::of(facts)? {
        Some(_) => facts.uncommitted(&facts.action().cwd),
        None => Some(false),
    }
}

fn test(payload: &[u8], trial: &mut Trial<'_>) -> Result<Truth, Damaged> {
    let Wanted { uncommitted } = decode(payload)?;
    Ok(of(trial.facts).map_or(Truth::Unknown, |found| Truth::of(found == uncommitted)))
}

fn describe(payload: &[u8]) -> Result<String, Damaged> {
    let Wanted { uncommitted } = decode(payload)?;
    Ok(uncommitted.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::testing::test;
    use super::*;
    use crate::Given;
    use datafog_core::{Opt, Repository};

    #[test]
    fn changes_of_the_repository_at_hand() {
        let mut facts = Given::command("git", "/srv/a");
        assert_eq!(test("uncommitted = true", &facts), Truth::Unknown);
        facts.repository = Some(None);
        assert_eq!(test("uncommitted = true", &facts), Truth::False);
        facts.repository = Some(Some(Repository { root: "/srv/a".into(), branch: None }));
        assert_eq!(test("uncommitted = true", &facts), Truth::Unknown, "git does not answer");
        facts.uncommitted = Some(true);
        assert_eq!(test("uncommitted = true", &facts), Truth::True);
        assert_eq!(test("uncommitted = false", &facts), Truth::False);
        facts.uncommitted = Some(false);
        assert_eq!(test("uncommitted = true", &facts), Truth::False);
        let option = Opt { name: "-C".into(), value: Some("/elsewhere".into()), place: None };
        facts.invocation().options.push(option);
        assert_eq!(test("uncommitted = true", &facts), Truth::Unknown, "another one is meant");
    }
}
