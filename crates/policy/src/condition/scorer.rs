//! `scorer`: what a scorer outside of datafog says.

use serde::{Deserialize, Serialize};

use super::{ConditionAbout, Cost, Kind, Leaf, Trial, anywhere, values};
use crate::Truth;
use crate::bytes::{Damaged, decode};
use crate::read::{Item, Reader, Sense};

pub(super) static KIND: Kind = Kind {
    about: ConditionAbout {
        name: "scorer",
        summary: "The program or the address that config.toml names as scorer gives at least so many \
                  points, of 100. It is asked when everything else of the rule or signal holds, is told what \
                  receipts hold and no values, and can only make a decision stricter.",
        form: "`{ at_least, on_error }` with a number from 1 to 100; `on_error` says what holds when \
               there is no scorer or it fails: `match` (when missing) or `ignore`",
        example: r#"scorer = { at_least = 60, on_error = "ignore" }"#,
        unknown: "when it fails, unless `on_error` is `ignore`",
        cost: "a process or a call over the network, of three seconds at most; once for each call",
    },
    read,
    test,
    describe,
    seen: |_| String::from("asked only where everything else holds"),
    narrow: anywhere,
};

#[derive(Serialize, Deserialize)]
struct Wanted {
    at_least: u32,
    /// Without an answer it does not hold.
    ignores: bool,
}

fn read(item: &Item<'_>, reader: &mut Reader<'_>, sense: Sense) -> Option<Leaf> {
    values::refuse_hearsay(&KIND, item, reader, sense)?;
    let fields = reader.fields(item, &["at_least", "on_error"])?;
    let Some(number) = fields.item("at_least") else {
        let help = "write `scorer = { at_least = 60 }`";
        reader.error_with_help(fields.span, "`at_least` is missing", help);
        return None;
    };
    let at_least = reader.count(number)?;
    if at_least > super::risk::MOST {
        reader.error(number.span(), format!("{} points are the most", super::risk::MOST));
        return None;
    }
    let ignores = match fields.item("on_error") {
        Some(item) => {
            reader.word(item, "answer to errors", &[("ignore", true), ("match", false)])?
        }
        None => false,
    };
    Some(Leaf::new(&KIND, Cost::Scorer, &Wanted { at_least, ignores }))
}

fn test(payload: &[u8], trial: &mut Trial<'_>) -> Result<Truth, Damaged> {
    let Wanted { at_least, ignores } = decode(payload)?;
    Ok(match trial.facts.outside_score() {
        Some(points) => Truth::of(points >= at_least),
        None if ignores => Truth::False,
        None => Truth::Unknown,
    })
}

fn describe(payload: &[u8]) -> Result<String, Damaged> {
    let Wanted { at_least, ignores } = decode(payload)?;
    let failing = if ignores { "; an error is ignored" } else { "" };
    Ok(format!("at least {at_least} points{failing}"))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{refused, refused_loosening, test};
    use crate::{Given, Truth};

    #[test]
    fn points_count_and_errors_count_unless_they_are_ignored() {
        let mut facts = Given::command("git", "/");
        assert_eq!(test("scorer = { at_least = 60 }", &facts), Truth::Unknown);
        assert_eq!(test("scorer = { at_least = 60, on_error = 'ignore' }", &facts), Truth::False);
        for (points, answer) in [(0, Truth::False), (59, Truth::False), (60, Truth::True)] {
            facts.outside_score = Some(points);
            assert_eq!(test("scorer = { at_least = 60 }", &facts), answer, "{points}");
        }
    }

    #[test]
    fn slips_are_named_and_nothing_is_let_through() {
        for (value, said) in [
            ("{ at_least = 0 }", "at least 1"),
            ("{ at_least = 101 }", "100 points are the most"),
            ("{ on_error = 'ignore' }", "`at_least` is missing"),
            ("{ at_least = 5, on_error = 'allow' }", "unknown answer to errors `allow`"),
            ("{ atleast = 5 }", "did you mean `at_least`?"),
            ("60", "table"),
        ] {
            let answer = refused(&format!("scorer = {value}"));
            assert!(answer.contains(said), "{value}: {answer}");
        }
        assert!(refused_loosening("scorer = { at_least = 5 }").contains("cannot let anything"));
        let exception = "none = [{ scorer = { at_least = 5 } }]";
        assert!(refused(exception).contains("cannot let anything through"));
    }
}
