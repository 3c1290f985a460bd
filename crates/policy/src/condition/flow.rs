//! `flow`: which way data moves.

use datafog_core::{Flow, Flows, Invocation};
use serde::{Deserialize, Serialize};

use super::values::FLOWS;
use super::{ConditionAbout, Cost, Kind, Leaf, Scope, Trial};
use crate::Truth;
use crate::bytes::{Damaged, decode};
use crate::read::{Item, Reader, Sense};
use crate::truth::Which;

pub(super) static KIND: Kind = Kind {
    about: ConditionAbout {
        name: "flow",
        summary: "Data moves one of these ways (in a rule that lets something through: no other \
                  way).",
        form: "`destroys`, `enters`, `leaves`, `loopback`, `stays`, or list of them",
        example: r#"flow = "leaves""#,
        unknown: "when the program has no profile and the rule lets something through",
        cost: "nothing; resolved destinations for `leaves` and `loopback`, when data may leave",
    },
    read,
    test,
    describe,
    seen: |facts| shown(facts.flows()),
    narrow,
};

#[derive(Serialize, Deserialize)]
struct Wanted {
    /// One bit for each of [`Flow::ALL`].
    flows: u8,
    which: Which,
}

fn read(item: &Item<'_>, reader: &mut Reader<'_>, sense: Sense) -> Option<Leaf> {
    let flows: Flows = reader.words(item, "flow", &FLOWS)?.into_iter().collect();
    let away = flows.has(Flow::Leaves) || flows.has(Flow::Loopback);
    let cost = if away { Cost::Destinations } else { Cost::Invocation };
    Some(Leaf::new(&KIND, cost, &Wanted { flows: bits(flows), which: sense.which() }))
}

/// The condition that data leaves.
pub(super) fn leaves() -> Leaf {
    let wanted = Wanted { flows: bits(Flows::NONE.with(Flow::Leaves)), which: Which::Any };
    Leaf::new(&KIND, Cost::Destinations, &wanted)
}

fn test(payload: &[u8], trial: &mut Trial<'_>) -> Result<Truth, Damaged> {
    let Wanted { flows: wanted, which } = decode(payload)?;
    let invocation = &trial.facts.action().invocation;
    Ok(match which {
        // Where a call really ends is asked only when the profile says that it may go there.
        Which::Any if wanted & possible(invocation) == 0 => Truth::False,
        Which::Any => Truth::of(wanted & bits(trial.facts.flows()) != 0),
        Which::Every if !invocation.known => Truth::Unknown,
        Which::Every => Truth::of(bits(trial.facts.flows()) & !wanted == 0),
    })
}

/// The flows that resolving destinations can leave standing.
pub(crate) const fn possible(invocation: &Invocation) -> u8 {
    let flows = invocation.flows;
    bits(if flows.has(Flow::Leaves) { flows.with(Flow::Loopback) } else { flows })
}

/// One bit for each of [`Flow::ALL`], in that order.
pub(crate) const fn bits(flows: Flows) -> u8 {
    let mut bits = 0;
    let mut index = 0_u8;
    let mut rest: &[Flow] = &Flow::ALL;
    while let Some((flow, after)) = rest.split_first() {
        if flows.has(*flow) {
            bits |= 1 << index;
        }
        index = index.wrapping_add(1);
        rest = after;
    }
    bits
}

fn from_bits(bits: u8) -> Flows {
    let numbered = (0_u32..).zip(Flow::ALL);
    numbered.filter(|(index, _)| bits.wrapping_shr(*index) & 1 == 1).map(|(_, flow)| flow).collect()
}

fn shown(flows: Flows) -> String {
    let names: Vec<&str> = flows.iter().map(Flow::name).collect();
    if names.is_empty() { String::from("none") } else { names.join(", ") }
}

fn describe(payload: &[u8]) -> Result<String, Damaged> {
    let Wanted { flows, which } = decode(payload)?;
    let only = if which == Which::Every { "nothing but " } else { "" };
    Ok(format!("{only}{}", shown(from_bits(flows))))
}

fn narrow(payload: &[u8], scope: &mut Scope) {
    if let Ok(Wanted { flows, which: Which::Any }) = decode(payload) {
        scope.flows = if scope.flows == 0 { flows } else { scope.flows & flows };
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{refused, test, test_loosening};
    use super::*;
    use crate::Given;

    #[test]
    fn bits_read_back() {
        for flow in Flow::ALL {
            let set = Flows::NONE.with(flow);
            assert_eq!(from_bits(bits(set)), set);
        }
        assert_eq!(bits(Flow::ALL.into_iter().collect()), 0b1_1111);
    }

    #[test]
    fn any_stops_and_nothing_else_passes() {
        let mut facts = Given::command("curl", "/");
        facts.invocation().flows = Flows::NONE.with(Flow::Leaves).with(Flow::Stays);
        assert_eq!(test("flow = 'leaves'", &facts), Truth::True);
        assert_eq!(test("flow = ['destroys', 'enters']", &facts), Truth::False);
        assert_eq!(test_loosening("flow = 'stays'", &facts), Truth::False);
        assert_eq!(test_loosening("flow = ['stays', 'leaves']", &facts), Truth::True);
        facts.flows = Some(Flows::NONE.with(Flow::Loopback));
        assert_eq!(test("flow = 'leaves'", &facts), Truth::False);
        assert_eq!(test("flow = 'loopback'", &facts), Truth::True);
    }

    #[test]
    fn nothing_moving_is_nothing_else() {
        let mut facts = Given::command("git", "/");
        assert_eq!(test_loosening("flow = 'stays'", &facts), Truth::True);
        facts.invocation().known = false;
        assert_eq!(test_loosening("flow = 'stays'", &facts), Truth::Unknown);
        assert!(refused("flow = 'leves'").contains("did you mean `leaves`?"));
    }
}
