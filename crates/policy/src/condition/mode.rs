//! `mode`: whether decisions are carried out.

use datafog_core::Mode;
use serde::{Deserialize, Serialize};

use super::{ConditionAbout, Cost, Kind, Leaf, Trial, anywhere};
use crate::Truth;
use crate::bytes::{Damaged, decode};
use crate::read::{Item, Reader, Sense};

pub(super) static KIND: Kind = Kind {
    about: ConditionAbout {
        name: "mode",
        summary: "Decisions are carried out (`enforced`) or only recorded (`observe`).",
        form: "`enforced` or `observe`",
        example: r#"mode = "enforced""#,
        unknown: "never",
        cost: "nothing",
    },
    read,
    test,
    describe,
    seen: |facts| facts.mode().to_string(),
    narrow: anywhere,
};

#[derive(Serialize, Deserialize)]
struct Wanted(Mode);

fn read(item: &Item<'_>, reader: &mut Reader<'_>, _: Sense) -> Option<Leaf> {
    let known = [("enforced", Mode::Enforced), ("observe", Mode::Observe)];
    let mode = reader.word(item, "mode", &known)?;
    Some(Leaf::new(&KIND, Cost::Invocation, &Wanted(mode)))
}

fn test(payload: &[u8], trial: &mut Trial<'_>) -> Result<Truth, Damaged> {
    let Wanted(mode) = decode(payload)?;
    Ok(Truth::of(trial.facts.mode() == mode))
}

fn describe(payload: &[u8]) -> Result<String, Damaged> {
    let Wanted(mode) = decode(payload)?;
    Ok(mode.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{refused, test};
    use crate::{Given, Truth};

    #[test]
    fn modes() {
        let facts = Given::command("git", "/");
        assert_eq!(test("mode = 'enforced'", &facts), Truth::True);
        assert_eq!(test("mode = 'observe'", &facts), Truth::False);
        assert!(refused("mode = 'obsrve'").contains("did you mean `observe`?"));
    }
}
