//! `user`: the account that the process runs as.

use serde::{Deserialize, Serialize};

use super::{ConditionAbout, Cost, Kind, Leaf, Trial, anywhere, values};
use crate::Truth;
use crate::bytes::{Damaged, List, decode};
use crate::glob;
use crate::read::{Item, Reader, Sense};

pub(super) static KIND: Kind = Kind {
    about: ConditionAbout {
        name: "user",
        summary: "The process runs as one of these users, by `/etc/passwd`, and by `users.toml` where \
                  that does not list it.",
        form: "name glob or list of them",
        example: r#"user = ["ann", "deploy-*"]"#,
        unknown: "when the file does not list the user",
        cost: "a look into the file of users",
    },
    read,
    test,
    describe,
    seen: |facts| {
        facts
            .account()
            .map_or_else(|| String::from("unknown"), |account| format!("`{}`", account.user))
    },
    narrow: anywhere,
};

#[derive(Serialize, Deserialize)]
struct User<'a>(#[serde(borrow)] List<'a>);

fn read(item: &Item<'_>, reader: &mut Reader<'_>, _: Sense) -> Option<Leaf> {
    let wanted = User(values::names(item, reader)?);
    Some(Leaf::new(&KIND, Cost::Files, &wanted))
}

fn test(payload: &[u8], trial: &mut Trial<'_>) -> Result<Truth, Damaged> {
    let User(wanted) = decode(payload)?;
    let Some(account) = trial.facts.account() else { return Ok(Truth::Unknown) };
    Ok(Truth::of(wanted.raw().any(|one| glob::matches(one, account.user.as_bytes()))))
}

fn describe(payload: &[u8]) -> Result<String, Damaged> {
    let User(wanted) = decode(payload)?;
    Ok(wanted.shown())
}

#[cfg(test)]
mod tests {
    use super::super::testing::test;
    use crate::{Given, Truth};

    #[test]
    fn users_by_name() {
        let mut facts = Given::command("git", "/");
        assert_eq!(test("user = 'ann'", &facts), Truth::Unknown);
        facts.account =
            Some(datafog_core::Account { user: "ann".into(), groups: Vec::new(), tenant: None });
        assert_eq!(test("user = ['bob', 'a*']", &facts), Truth::True);
        assert_eq!(test("user = 'bob'", &facts), Truth::False);
    }
}
