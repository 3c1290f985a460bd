//! `ci`: whether a machine runs this by itself.

use datafog_core::Automation;
use serde::{Deserialize, Serialize};

use super::{ConditionAbout, Cost, Kind, Leaf, Trial, anywhere};
use crate::Truth;
use crate::bytes::{Damaged, decode};
use crate::read::{Item, Reader, Sense};
use crate::truth::Which;

pub(super) static KIND: Kind = Kind {
    about: ConditionAbout {
        name: "ci",
        summary: "Continuous integration runs this: a runner is among the parent processes, or a \
                  variable such as `CI` says so. Anybody can set a variable, so it never lets \
                  something through.",
        form: "`true` or `false`",
        example: "ci = true",
        unknown: "when only a variable says so and the answer would let something through",
        cost: "a look at the environment and the parent processes",
    },
    read,
    test,
    describe,
    seen: |facts| {
        String::from(match facts.automation() {
            Automation::Absent => "nothing points to it",
            Automation::Certain => "a runner is a parent process",
            Automation::Claimed => "a variable says so",
            Automation::Unknown => "unknown",
        })
    },
    narrow: anywhere,
};

#[derive(Serialize, Deserialize)]
struct Wanted {
    ci: bool,
    /// The condition, where it holds, makes the decision stricter.
    tightens: bool,
}

fn read(item: &Item<'_>, reader: &mut Reader<'_>, sense: Sense) -> Option<Leaf> {
    let wanted = Wanted { ci: reader.flag(item)?, tightens: sense.which() == Which::Any };
    Some(Leaf::new(&KIND, Cost::Principal, &wanted))
}

fn test(payload: &[u8], trial: &mut Trial<'_>) -> Result<Truth, Damaged> {
    let Wanted { ci, tightens } = decode(payload)?;
    Ok(match trial.facts.automation() {
        Automation::Unknown => Truth::Unknown,
        Automation::Absent => Truth::of(!ci),
        Automation::Certain => Truth::of(ci),
        // A claim is believed where that is the stricter reading.
        Automation::Claimed if ci == tightens => Truth::of(ci),
        Automation::Claimed => Truth::Unknown,
    })
}

fn describe(payload: &[u8]) -> Result<String, Damaged> {
    let Wanted { ci, .. } = decode(payload)?;
    Ok(ci.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{test, test_loosening};
    use super::*;
    use crate::Given;

    #[test]
    fn a_claim_never_loosens() {
        let mut facts = Given::command("git", "/");
        for (automation, stops, not, lets, not_lets) in [
            (Automation::Absent, Truth::False, Truth::True, Truth::False, Truth::True),
            (Automation::Certain, Truth::True, Truth::False, Truth::True, Truth::False),
            (Automation::Claimed, Truth::True, Truth::Unknown, Truth::Unknown, Truth::False),
            (Automation::Unknown, Truth::Unknown, Truth::Unknown, Truth::Unknown, Truth::Unknown),
        ] {
            facts.automation = automation;
            assert_eq!(test("ci = true", &facts), stops, "{automation:?}");
            assert_eq!(test("ci = false", &facts), not, "{automation:?}");
            assert_eq!(test_loosening("ci = true", &facts), lets, "{automation:?}");
            assert_eq!(test_loosening("ci = false", &facts), not_lets, "{automation:?}");
        }
    }
}
