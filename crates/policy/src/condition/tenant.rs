//! `tenant`: the tenant that the user belongs to.

use datafog_core::Facts;
use serde::{Deserialize, Serialize};

use super::{ConditionAbout, Cost, Kind, Leaf, Trial, anywhere};
use crate::Truth;
use crate::bytes::{Damaged, List, decode};
use crate::glob;
use crate::read::{Item, Reader, Sense};

pub(super) static KIND: Kind = Kind {
    about: ConditionAbout {
        name: "tenant",
        summary: "The user belongs to one of these tenants, by `users.toml`.",
        form: "name glob or list of them",
        example: r#"tenant = ["acme", "acme-*"]"#,
        unknown: "when there is no such file, it names two tenants for the user, or the user is \
                  unknown",
        cost: "a look into the files of users and groups",
    },
    read,
    test,
    describe,
    seen: |facts| match of(facts) {
        None => String::from("unknown"),
        Some(None) => String::from("none"),
        Some(Some(tenant)) => format!("`{tenant}`"),
    },
    narrow: anywhere,
};

#[derive(Serialize, Deserialize)]
struct Tenant<'a>(#[serde(borrow)] List<'a>);

fn read(item: &Item<'_>, reader: &mut Reader<'_>, _: Sense) -> Option<Leaf> {
    let wanted = Tenant(reader.globs(item)?.into_iter().collect());
    Some(Leaf::new(&KIND, Cost::Files, &wanted))
}

fn of(facts: &dyn Facts) -> Option<Option<&str>> {
    facts.account()?.tenant.as_ref().map(Option::as_deref)
}

fn test(payload: &[u8], trial: &mut Trial<'_>) -> Result<Truth, Damaged> {
    let Tenant(wanted) = decode(payload)?;
    Ok(match of(trial.facts) {
        None => Truth::Unknown,
        Some(None) => Truth::False,
        Some(Some(tenant)) => {
            Truth::of(wanted.raw().any(|one| glob::matches(one, tenant.as_bytes())))
        }
    })
}

fn describe(payload: &[u8]) -> Result<String, Damaged> {
    let Tenant(wanted) = decode(payload)?;
    Ok(wanted.shown())
}

#[cfg(test)]
mod tests {
    use super::super::testing::test;
    use crate::{Given, Truth};
    use datafog_core::Account;

    #[test]
    fn tenants_by_name() {
        let mut facts = Given::command("git", "/");
        assert_eq!(test("tenant = 'acme'", &facts), Truth::Unknown, "nobody knows the user");
        let account = |tenant| Some(Account { tenant, ..Account::default() });
        for (tenant, answer) in [
            (None, Truth::Unknown),
            (Some(None), Truth::False),
            (Some(Some("acme-labs".to_owned())), Truth::True),
            (Some(Some("umbrella".to_owned())), Truth::False),
        ] {
            facts.account = account(tenant);
            assert_eq!(test("tenant = ['acme', 'acme-*']", &facts), answer);
        }
    }
}
