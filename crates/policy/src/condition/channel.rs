//! `channel`: where the command takes content from.

use datafog_core::{Carrier, Facts, StdinUse};
use serde::{Deserialize, Serialize};

use super::{ConditionAbout, Cost, Kind, Leaf, Trial, anywhere, values};
use crate::Truth;
use crate::bytes::{Damaged, List, decode};
use crate::read::{Item, Reader, Sense};
use crate::truth::Which;

pub(super) static KIND: Kind = Kind {
    about: ConditionAbout {
        name: "channel",
        summary: "The command takes content from one of these (in a rule that lets something \
                  through: from nowhere else).",
        form: "`argument`, `file`, `stdin`, or list of them",
        example: r#"channel = ["file", "stdin"]"#,
        unknown: "when the program has no profile",
        cost: "nothing",
    },
    read,
    test,
    describe,
    seen: |facts| {
        let used: Vec<&str> = channels(facts).collect();
        if used.is_empty() { String::from("none") } else { used.join(", ") }
    },
    narrow: anywhere,
};

/// The channels that a command line can name.
const NAMES: [&str; 3] = ["argument", "file", "stdin"];

#[derive(Serialize, Deserialize)]
struct Wanted<'a> {
    #[serde(borrow)]
    channels: List<'a>,
    which: Which,
}

fn read(item: &Item<'_>, reader: &mut Reader<'_>, sense: Sense) -> Option<Leaf> {
    let wanted = Wanted { channels: values::channels(item, reader, &NAMES)?, which: sense.which() };
    Some(Leaf::new(&KIND, Cost::Invocation, &wanted))
}

fn test(payload: &[u8], trial: &mut Trial<'_>) -> Result<Truth, Damaged> {
    let Wanted { channels: wanted, which } = decode(payload)?;
    if !trial.facts.action().invocation.known {
        return Ok(Truth::Unknown);
    }
    Ok(which.join(channels(trial.facts).map(|name| Truth::of(wanted.has(name)))))
}

/// The channels in use, each once.
fn channels(facts: &dyn Facts) -> impl Iterator<Item = &'static str> {
    let invocation = &facts.action().invocation;
    let has = |wanted: fn(&Carrier) -> bool| {
        invocation.contents.iter().any(|source| wanted(&source.carrier))
    };
    let argument = has(|carrier| matches!(carrier, Carrier::Argument(_)));
    let file = has(|carrier| matches!(carrier, Carrier::File(_) | Carrier::Inline(_)));
    let stdin = invocation.stdin != StdinUse::Ignore || has(|carrier| *carrier == Carrier::Stdin);
    NAMES.into_iter().zip([argument, file, stdin]).filter(|(_, used)| *used).map(|(name, _)| name)
}

fn describe(payload: &[u8]) -> Result<String, Damaged> {
    let Wanted { channels, which } = decode(payload)?;
    let only = if which == Which::Every { "nothing but " } else { "" };
    Ok(format!("{only}{}", channels.shown()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{refused, test, test_loosening};
    use super::*;
    use crate::Given;
    use datafog_core::{ContentSource, Deliver, Flow};

    #[test]
    fn sources_and_stdin_count() {
        let mut facts = Given::command("curl", "/");
        assert_eq!(test("channel = 'file'", &facts), Truth::False);
        facts.invocation().contents.push(ContentSource {
            carrier: Carrier::File("x".into()),
            flow: Flow::Leaves,
            role: "body".into(),
            deliver: Deliver::Handle,
        });
        assert_eq!(test("channel = 'file'", &facts), Truth::True);
        assert_eq!(test_loosening("channel = 'file'", &facts), Truth::True);
        facts.invocation().stdin = StdinUse::Content;
        assert_eq!(test("channel = 'stdin'", &facts), Truth::True);
        assert_eq!(test_loosening("channel = 'file'", &facts), Truth::False);
        assert!(refused("channel = 'sdtin'").contains("did you mean `stdin`?"));
    }
}
