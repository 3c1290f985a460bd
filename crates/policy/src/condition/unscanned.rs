//! `unscanned`: whether content was left unscanned.

use datafog_core::Facts;
use serde::{Deserialize, Serialize};

use super::{ConditionAbout, Cost, Kind, Leaf, Scope, Trial};
use crate::Truth;
use crate::bytes::{Damaged, decode};
use crate::read::{Item, Reader, Sense};

pub(super) static KIND: Kind = Kind {
    about: ConditionAbout {
        name: "unscanned",
        summary: "Content could not be read or scanned.",
        form: "`true` or `false`",
        example: "unscanned = true",
        unknown: "never",
        cost: "nothing",
    },
    read,
    test,
    describe,
    seen: |facts| is_unscanned(facts).to_string(),
    narrow,
};

#[derive(Serialize, Deserialize)]
struct Wanted(bool);

fn read(item: &Item<'_>, reader: &mut Reader<'_>, _: Sense) -> Option<Leaf> {
    let wanted = reader.flag(item)?;
    Some(Leaf::new(&KIND, Cost::Invocation, &Wanted(wanted)))
}

/// The condition that some content could not be scanned.
pub(super) fn some() -> Leaf {
    Leaf::new(&KIND, Cost::Invocation, &Wanted(true))
}

fn test(payload: &[u8], trial: &mut Trial<'_>) -> Result<Truth, Damaged> {
    let Wanted(wanted) = decode(payload)?;
    Ok(Truth::of(is_unscanned(trial.facts) == wanted))
}

fn is_unscanned(facts: &dyn Facts) -> bool {
    !facts.unscanned().is_empty()
}

fn describe(payload: &[u8]) -> Result<String, Damaged> {
    let Wanted(wanted) = decode(payload)?;
    Ok(wanted.to_string())
}

fn narrow(payload: &[u8], scope: &mut Scope) {
    if let Ok(Wanted(true)) = decode(payload) {
        scope.needs_unscanned = true;
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{refused, test};
    use crate::{Given, Truth};

    #[test]
    fn either_way() {
        let mut facts = Given::command("curl", "/");
        assert_eq!(test("unscanned = true", &facts), Truth::False);
        assert_eq!(test("unscanned = false", &facts), Truth::True);
        facts.unscanned.push("x".into());
        assert_eq!(test("unscanned = true", &facts), Truth::True);
        assert!(refused("unscanned = 'yes'").contains("`true` or `false`"));
    }
}
