//! `stdin`: what the command does with standard input.

use datafog_core::StdinUse;
use serde::{Deserialize, Serialize};

use super::{ConditionAbout, Cost, Kind, Leaf, Trial, anywhere};
use crate::Truth;
use crate::bytes::{Damaged, List, decode};
use crate::read::{Item, Reader, Sense};

pub(super) static KIND: Kind = Kind {
    about: ConditionAbout {
        name: "stdin",
        summary: "Standard input is sent away after being judged (`content`), sent away while it \
                  comes and judged as it flows (`stream`), or of no interest (`ignore`).",
        form: "`content`, `ignore`, `stream`, or list of them",
        example: r#"stdin = "stream""#,
        unknown: "when the program has no profile",
        cost: "nothing",
    },
    read,
    test,
    describe,
    seen: |facts| name(facts.action().invocation.stdin).to_owned(),
    narrow: anywhere,
};

#[derive(Serialize, Deserialize)]
struct Wanted<'a>(#[serde(borrow)] List<'a>);

const fn name(stdin: StdinUse) -> &'static str {
    match stdin {
        StdinUse::Content => "content",
        StdinUse::Ignore => "ignore",
        StdinUse::Stream => "stream",
    }
}

fn read(item: &Item<'_>, reader: &mut Reader<'_>, _: Sense) -> Option<Leaf> {
    let known = [StdinUse::Content, StdinUse::Ignore, StdinUse::Stream].map(name);
    let words = reader.words(item, "use of standard input", &known.map(|name| (name, name)))?;
    if words.len() == known.len() {
        let help = "leave the condition out, or name some uses";
        reader.error_with_help(
            item.span(),
            "every use is named, so the condition always holds",
            help,
        );
        return None;
    }
    Some(Leaf::new(&KIND, Cost::Invocation, &Wanted(words.into_iter().collect())))
}

fn test(payload: &[u8], trial: &mut Trial<'_>) -> Result<Truth, Damaged> {
    let Wanted(wanted) = decode(payload)?;
    let invocation = &trial.facts.action().invocation;
    Ok(if invocation.known {
        Truth::of(wanted.has(name(invocation.stdin)))
    } else {
        Truth::Unknown
    })
}

fn describe(payload: &[u8]) -> Result<String, Damaged> {
    let Wanted(wanted) = decode(payload)?;
    Ok(wanted.shown())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{refused, test};
    use super::*;
    use crate::Given;

    #[test]
    fn uses() {
        let mut facts = Given::command("ssh", "/");
        facts.invocation().stdin = StdinUse::Stream;
        assert_eq!(test("stdin = ['content', 'stream']", &facts), Truth::True);
        assert_eq!(test("stdin = 'ignore'", &facts), Truth::False);
        facts.invocation().known = false;
        assert_eq!(test("stdin = 'ignore'", &facts), Truth::Unknown);
        assert!(refused("stdin = 'steam'").contains("did you mean `stream`?"));
    }
}
