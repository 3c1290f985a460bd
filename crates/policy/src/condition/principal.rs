//! `principal`: a person or an agent.

use datafog_core::PrincipalKind;
use serde::{Deserialize, Serialize};

use super::{ConditionAbout, Cost, Kind, Leaf, Trial, anywhere};
use crate::Truth;
use crate::bytes::{Damaged, decode};
use crate::read::{Item, Reader, Sense};

pub(super) static KIND: Kind = Kind {
    about: ConditionAbout {
        name: "principal",
        summary: "A person asks (`human`) or an agent does (`agent`); whoever is neither for \
                  certain counts as an agent.",
        form: "`agent` or `human`",
        example: r#"principal = "agent""#,
        unknown: "never",
        cost: "a look at the parent processes",
    },
    read,
    test,
    describe,
    seen: |facts| facts.principal().kind.name().to_owned(),
    narrow: anywhere,
};

#[derive(Serialize, Deserialize)]
struct Wanted {
    human: bool,
}

fn read(item: &Item<'_>, reader: &mut Reader<'_>, _: Sense) -> Option<Leaf> {
    let human = reader.word(item, "principal", &[("agent", false), ("human", true)])?;
    Some(Leaf::new(&KIND, Cost::Principal, &Wanted { human }))
}

fn test(payload: &[u8], trial: &mut Trial<'_>) -> Result<Truth, Damaged> {
    let Wanted { human } = decode(payload)?;
    Ok(Truth::of((trial.facts.principal().kind == PrincipalKind::Human) == human))
}

fn describe(payload: &[u8]) -> Result<String, Damaged> {
    let Wanted { human } = decode(payload)?;
    Ok(String::from(if human { "human" } else { "agent" }))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{refused, test};
    use super::*;
    use crate::Given;

    #[test]
    fn whoever_is_not_certainly_a_person_is_an_agent() {
        let mut facts = Given::command("git", "/");
        for (kind, agent) in [
            (PrincipalKind::Human, Truth::False),
            (PrincipalKind::Agent, Truth::True),
            (PrincipalKind::Unknown, Truth::True),
        ] {
            facts.principal.kind = kind;
            assert_eq!(test("principal = 'agent'", &facts), agent);
            assert_eq!(test("principal = 'human'", &facts), agent.negated());
        }
        assert!(refused("principal = 'robot'").contains("`agent` or `human`"));
    }
}
