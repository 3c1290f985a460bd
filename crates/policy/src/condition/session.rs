//! `session`: an agent's session, by the id that the agent gives.

use serde::{Deserialize, Serialize};

use super::values;
use super::{ConditionAbout, Cost, Kind, Leaf, Trial, anywhere};
use crate::Truth;
use crate::bytes::{Damaged, List, decode};
use crate::glob;
use crate::read::{Item, Reader, Sense};
use datafog_core::PrincipalKind;

pub(super) static KIND: Kind = Kind {
    about: ConditionAbout {
        name: "session",
        summary: "The agent's session has one of these ids. The id stands in a variable that the agent sets, so the condition can stop something and never let it through.",
        form: "glob or list of them",
        example: r#"session = "ci-*""#,
        unknown: "when an agent may be asking that gives no id",
        cost: "a look at the parent processes",
    },
    read,
    test,
    describe,
    seen: |facts| {
        let session = facts.principal().session.as_ref();
        session.map_or_else(|| String::from("none"), |session| format!("`{session}`"))
    },
    narrow: anywhere,
};

#[derive(Serialize, Deserialize)]
struct Session<'a>(#[serde(borrow)] List<'a>);

fn read(item: &Item<'_>, reader: &mut Reader<'_>, sense: Sense) -> Option<Leaf> {
    values::refuse_hearsay(&KIND, item, reader, sense)?;
    let names = reader.names(item)?;
    values::warn_of_any(item, &names, "session", reader);
    let wanted = Session(names.into_iter().collect());
    Some(Leaf::new(&KIND, Cost::Principal, &wanted))
}

fn test(payload: &[u8], trial: &mut Trial<'_>) -> Result<Truth, Damaged> {
    let Session(wanted) = decode(payload)?;
    let principal = trial.facts.principal();
    Ok(match (&principal.session, principal.kind) {
        (Some(session), _) => {
            Truth::of(wanted.raw().any(|one| glob::matches(one, session.as_bytes())))
        }
        (None, PrincipalKind::Human) => Truth::False,
        (None, PrincipalKind::Agent | PrincipalKind::Unknown) => Truth::Unknown,
    })
}

fn describe(payload: &[u8]) -> Result<String, Damaged> {
    let Session(wanted) = decode(payload)?;
    Ok(wanted.shown())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{refused_loosening, test};
    use super::*;
    use crate::Given;

    #[test]
    fn sessions_by_id() {
        let mut facts = Given::command("git", "/");
        assert_eq!(test("session = 'ci-*'", &facts), Truth::False);
        facts.principal.kind = PrincipalKind::Agent;
        assert_eq!(test("session = 'ci-*'", &facts), Truth::Unknown);
        facts.principal.session = Some("ci-7".into());
        assert_eq!(test("session = 'ci-*'", &facts), Truth::True);
        assert!(refused_loosening("session = 'x'").contains("cannot let anything through"));
    }
}
