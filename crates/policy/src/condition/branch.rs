//! `branch`: the branch that is checked out.

use serde::{Deserialize, Serialize};

use super::{ConditionAbout, Cost, Kind, Leaf, Trial, anywhere};
use crate::Truth;
use crate::bytes::{Damaged, List, decode};
use crate::glob;
use crate::read::{Item, Reader, Sense};
use datafog_core::Repository;

pub(super) static KIND: Kind = Kind {
    about: ConditionAbout {
        name: "branch",
        summary: "The working directory belongs to a repository that has one of these branches checked out. Which branch a push goes to is an `operand`.",
        form: "name glob or list of them",
        example: r#"branch = ["main", "release/*"]"#,
        unknown: "when a commit is checked out and no branch, or git is told to use another repository",
        cost: "a look for the repository's folder and into its `HEAD`",
    },
    read,
    test,
    describe,
    seen: |facts| match super::repository::of(facts) {
        None => String::from("unknown"),
        Some(None) => String::from("no repository"),
        Some(Some(found)) => {
            found.branch.map_or_else(|| String::from("a commit"), |it| format!("`{it}`"))
        }
    },
    narrow: anywhere,
};

#[derive(Serialize, Deserialize)]
struct Branch<'a>(#[serde(borrow)] List<'a>);

fn read(item: &Item<'_>, reader: &mut Reader<'_>, _: Sense) -> Option<Leaf> {
    let names = reader.names(item)?;
    if let Some(name) = names.iter().find_map(|name| name.strip_prefix("refs/heads/")) {
        let message = "a branch is meant, not a reference";
        reader.error_with_help(item.span(), message, format!("write `{name}`"));
        return None;
    }
    let wanted = Branch(names.into_iter().collect());
    Some(Leaf::new(&KIND, Cost::Files, &wanted))
}

fn test(payload: &[u8], trial: &mut Trial<'_>) -> Result<Truth, Damaged> {
    let Branch(wanted) = decode(payload)?;
    Ok(match super::repository::of(trial.facts) {
        Some(None) => Truth::False,
        Some(Some(Repository { branch: Some(branch), .. })) => {
            Truth::of(wanted.raw().any(|one| glob::matches(one, branch.as_bytes())))
        }
        None | Some(Some(Repository { branch: None, .. })) => Truth::Unknown,
    })
}

fn describe(payload: &[u8]) -> Result<String, Damaged> {
    let Branch(wanted) = decode(payload)?;
    Ok(wanted.shown())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{refused, test};
    use super::*;
    use crate::Given;
    use datafog_core::Opt;

    #[test]
    fn slips_are_named() {
        assert!(refused("branch = ['x', 'refs/heads/main']").contains("write `main`"));
    }

    #[test]
    fn branches_of_the_repository_at_hand() {
        let mut facts = Given::command("git", "/srv/a");
        assert_eq!(test("branch = 'main'", &facts), Truth::Unknown);
        facts.repository = Some(None);
        assert_eq!(test("branch = 'main'", &facts), Truth::False);
        let repository = |branch: Option<&str>| {
            Some(Some(Repository { root: "/srv/a".into(), branch: branch.map(str::to_owned) }))
        };
        facts.repository = repository(None);
        assert_eq!(test("branch = 'main'", &facts), Truth::Unknown);
        facts.repository = repository(Some("release/1"));
        assert_eq!(test("branch = ['main', 'release/*']", &facts), Truth::True);
        assert_eq!(test("branch = 'main'", &facts), Truth::False);
        let option = Opt { name: "-C".into(), value: Some("/elsewhere".into()), place: None };
        facts.invocation().options.push(option);
        assert_eq!(test("branch = 'main'", &facts), Truth::Unknown, "another repository is meant");
    }
}
