//! `group`: the groups that the process belongs to.

use serde::{Deserialize, Serialize};

use super::{ConditionAbout, Cost, Kind, Leaf, Trial, anywhere, values};
use crate::Truth;
use crate::bytes::{Damaged, List, decode};
use crate::glob;
use crate::read::{Item, Reader, Sense};

pub(super) static KIND: Kind = Kind {
    about: ConditionAbout {
        name: "group",
        summary: "The process belongs to one of these groups, by `/etc/group`; those that \
                  `users.toml` gives the user count, too.",
        form: "name glob or list of them",
        example: r#"group = ["wheel", "admin"]"#,
        unknown: "when the files do not tell",
        cost: "a look into the files of users and groups",
    },
    read,
    test,
    describe,
    seen: |facts| {
        facts.account().map_or_else(|| String::from("unknown"), |account| account.groups.join(", "))
    },
    narrow: anywhere,
};

#[derive(Serialize, Deserialize)]
struct Group<'a>(#[serde(borrow)] List<'a>);

fn read(item: &Item<'_>, reader: &mut Reader<'_>, _: Sense) -> Option<Leaf> {
    let wanted = Group(values::names(item, reader)?);
    Some(Leaf::new(&KIND, Cost::Files, &wanted))
}

fn test(payload: &[u8], trial: &mut Trial<'_>) -> Result<Truth, Damaged> {
    let Group(wanted) = decode(payload)?;
    let Some(account) = trial.facts.account() else { return Ok(Truth::Unknown) };
    let wanted = |group: &String| wanted.raw().any(|one| glob::matches(one, group.as_bytes()));
    Ok(Truth::of(account.groups.iter().any(wanted)))
}

fn describe(payload: &[u8]) -> Result<String, Damaged> {
    let Group(wanted) = decode(payload)?;
    Ok(wanted.shown())
}

#[cfg(test)]
mod tests {
    use super::super::testing::test;
    use crate::{Given, Truth};

    #[test]
    fn one_group_suffices() {
        let mut facts = Given::command("git", "/");
        assert_eq!(test("group = 'wheel'", &facts), Truth::Unknown);
        let groups = vec!["users".into(), "wheel".into()];
        facts.account = Some(datafog_core::Account { user: "ann".into(), groups, tenant: None });
        assert_eq!(test("group = 'wheel'", &facts), Truth::True);
        assert_eq!(test("group = 'admin'", &facts), Truth::False);
    }
}
