//! `unclear`: whether the command line was understood.

use datafog_core::Facts;
use serde::{Deserialize, Serialize};

use super::{ConditionAbout, Cost, Kind, Leaf, Trial, anywhere};
use crate::Truth;
use crate::bytes::{Damaged, decode};
use crate::read::{Item, Reader, Sense};

pub(super) static KIND: Kind = Kind {
    about: ConditionAbout {
        name: "unclear",
        summary: "The command line holds something that was not understood: an option unknown to its profile, a configuration file that cannot be read.",
        form: "`true` or `false`",
        example: "unclear = true",
        unknown: "never",
        cost: "nothing",
    },
    read,
    test,
    describe,
    seen: |facts| is_unclear(facts).to_string(),
    narrow: anywhere,
};

#[derive(Serialize, Deserialize)]
struct Wanted(bool);

fn read(item: &Item<'_>, reader: &mut Reader<'_>, _: Sense) -> Option<Leaf> {
    let wanted = reader.flag(item)?;
    Some(Leaf::new(&KIND, Cost::Invocation, &Wanted(wanted)))
}

fn test(payload: &[u8], trial: &mut Trial<'_>) -> Result<Truth, Damaged> {
    let Wanted(wanted) = decode(payload)?;
    Ok(Truth::of(is_unclear(trial.facts) == wanted))
}

fn is_unclear(facts: &dyn Facts) -> bool {
    !facts.action().invocation.unclear.is_empty()
}

fn describe(payload: &[u8]) -> Result<String, Damaged> {
    let Wanted(wanted) = decode(payload)?;
    Ok(wanted.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{refused, test};
    use crate::{Given, Truth};

    #[test]
    fn either_way() {
        let mut facts = Given::command("curl", "/");
        assert_eq!(test("unclear = true", &facts), Truth::False);
        assert_eq!(test("unclear = false", &facts), Truth::True);
        facts.invocation().unclear.push("x".into());
        assert_eq!(test("unclear = true", &facts), Truth::True);
        assert!(refused("unclear = 'yes'").contains("`true` or `false`"));
    }
}
