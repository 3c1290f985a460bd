//! `agent`: which agent asks, by name.

use datafog_core::PrincipalKind;
use serde::{Deserialize, Serialize};

use super::{ConditionAbout, Cost, Kind, Leaf, Trial, anywhere};
use crate::Truth;
use crate::bytes::{Damaged, List, decode};
use crate::glob;
use crate::read::{Item, Reader, Sense};

pub(super) static KIND: Kind = Kind {
    about: ConditionAbout {
        name: "agent",
        summary: "An agent of one of these names asks.",
        form: "name glob or list of them",
        example: r#"agent = ["claude-code", "codex"]"#,
        unknown: "when an agent may be asking whose name is not known",
        cost: "a look at the parent processes",
    },
    read,
    test,
    describe,
    seen: |facts| {
        facts
            .principal()
            .agent
            .as_ref()
            .map_or_else(|| String::from("none"), |name| format!("`{name}`"))
    },
    narrow: anywhere,
};

#[derive(Serialize, Deserialize)]
struct Agent<'a>(#[serde(borrow)] List<'a>);

fn read(item: &Item<'_>, reader: &mut Reader<'_>, _: Sense) -> Option<Leaf> {
    let names = Agent(reader.names(item)?.into_iter().collect());
    Some(Leaf::new(&KIND, Cost::Principal, &names))
}

fn test(payload: &[u8], trial: &mut Trial<'_>) -> Result<Truth, Damaged> {
    let Agent(names) = decode(payload)?;
    let principal = trial.facts.principal();
    Ok(match (&principal.agent, principal.kind) {
        (Some(agent), _) => {
            Truth::of(names.raw().any(|name| glob::matches(name, agent.as_bytes())))
        }
        (None, PrincipalKind::Human) => Truth::False,
        (None, PrincipalKind::Agent | PrincipalKind::Unknown) => Truth::Unknown,
    })
}

fn describe(payload: &[u8]) -> Result<String, Damaged> {
    let Agent(names) = decode(payload)?;
    Ok(names.shown())
}

#[cfg(test)]
mod tests {
    use super::super::testing::test;
    use super::*;
    use crate::Given;

    #[test]
    fn an_unnamed_agent_may_be_any() {
        let mut facts = Given::command("git", "/");
        assert_eq!(test("agent = 'codex'", &facts), Truth::False);
        facts.principal.kind = PrincipalKind::Unknown;
        assert_eq!(test("agent = 'codex'", &facts), Truth::Unknown);
        facts.principal.agent = Some("claude-code".into());
        assert_eq!(test("agent = 'codex'", &facts), Truth::False);
        assert_eq!(test("agent = ['codex', 'claude-*']", &facts), Truth::True);
    }
}
