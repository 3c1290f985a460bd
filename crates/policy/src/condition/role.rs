//! `role`: the part that a user plays, by the roles of the file.

use datafog_core::Account;
use serde::{Deserialize, Serialize};

use super::{ConditionAbout, Cost, Kind, Leaf, Trial, anywhere};
use crate::Truth;
use crate::bytes::{Damaged, List, decode};
use crate::glob;
use crate::read::{Item, Reader, Sense};

pub(super) static KIND: Kind = Kind {
    about: ConditionAbout {
        name: "role",
        summary: "The user has this role, by the `[[role]]` tables of the same file: it lists the \
                  user or one of the user's groups, both as `user` and `group` know them, or it is the default and no other role lists \
                  them.",
        form: "name of a role or list of them",
        example: r#"role = "analyst""#,
        unknown: "when the system's files do not tell the user or the groups",
        cost: "a look into the files of users and groups",
    },
    read,
    test,
    describe,
    seen: |facts| {
        let shown =
            |account: &Account| format!("`{}` of {}", account.user, account.groups.join(", "));
        facts.account().map_or_else(|| String::from("unknown"), shown)
    },
    narrow: anywhere,
};

/// A role: its name, and who has it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Members {
    pub(crate) name: String,
    pub(crate) users: Vec<String>,
    pub(crate) groups: Vec<String>,
    /// Whoever has no other role has this one.
    pub(crate) default: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct Listed<'a> {
    #[serde(borrow)]
    users: List<'a>,
    #[serde(borrow)]
    groups: List<'a>,
}

#[derive(Serialize, Deserialize)]
struct Wanted<'a> {
    /// Names, for people.
    #[serde(borrow)]
    names: List<'a>,
    /// One of these lists the user.
    #[serde(borrow)]
    listed: Vec<Listed<'a>>,
    /// Or none of these does; `None` when no default role is wanted.
    #[serde(borrow)]
    others: Option<Vec<Listed<'a>>>,
}

impl Listed<'_> {
    fn of(role: &Members) -> Self {
        Self { users: role.users.iter().collect(), groups: role.groups.iter().collect() }
    }

    fn holds(&self, account: &Account) -> bool {
        let named = |list: &List<'_>, name: &str| {
            list.raw().any(|glob| glob::matches(glob, name.as_bytes()))
        };
        named(&self.users, &account.user)
            || account.groups.iter().any(|group| named(&self.groups, group))
    }
}

fn read(item: &Item<'_>, reader: &mut Reader<'_>, _: Sense) -> Option<Leaf> {
    let texts = reader.texts(item)?;
    if !reader.check_whole(&texts, "role") {
        return None;
    }
    let mut names = Vec::new();
    for text in texts {
        let name = *text.get_ref();
        if !reader.roles.iter().any(|role| role.name == name) {
            let known: Vec<String> = reader.roles.iter().map(|role| role.name.clone()).collect();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            if known.is_empty() {
                let help = "add `[[role]]` with `name`, and `users` or `groups`";
                reader.error_with_help(text.span(), "this file has no roles", help);
            } else {
                reader.unknown_word(text.span(), "role", name, &known);
            }
            return None;
        }
        reader.asked_roles.push(name.to_owned());
        names.push(name);
    }
    Some(held(&names, &reader.roles))
}

/// The condition that the user has one of these roles.
pub(crate) fn held(names: &[&str], roles: &[Members]) -> Leaf {
    let wanted = |role: &&Members| names.contains(&role.name.as_str());
    let (mine, other): (Vec<&Members>, Vec<&Members>) = roles.iter().partition(wanted);
    let others = mine.iter().any(|role| role.default);
    let wanted = Wanted {
        names: names.iter().collect(),
        listed: mine.into_iter().map(Listed::of).collect(),
        others: others.then(|| other.into_iter().map(Listed::of).collect()),
    };
    Leaf::new(&KIND, Cost::Files, &wanted)
}

fn test(payload: &[u8], trial: &mut Trial<'_>) -> Result<Truth, Damaged> {
    let Wanted { listed, others, .. } = decode(payload)?;
    let Some(account) = trial.facts.account() else { return Ok(Truth::Unknown) };
    let by_default = others.is_some_and(|others| !others.iter().any(|role| role.holds(account)));
    Ok(Truth::of(by_default || listed.iter().any(|role| role.holds(account))))
}

fn describe(payload: &[u8]) -> Result<String, Damaged> {
    let Wanted { names, .. } = decode(payload)?;
    Ok(names.shown())
}
