//! `rate`: how often it was asked lately.

use serde::{Deserialize, Serialize};

use super::{ConditionAbout, Cost, Kind, Leaf, Trial, anywhere, values};
use crate::Truth;
use crate::bytes::{Damaged, decode};
use crate::read::{Item, Reader, Sense};

pub(super) static KIND: Kind = Kind {
    about: ConditionAbout {
        name: "rate",
        summary: "More than `over` calls for which every cheaper condition of the rule holds came \
                  within the time `per`, this one included. Calls that were stopped count, too; \
                  questions (`check`, `explain`) do not.",
        form: "`{ over, per }` with a number and a time (`30s`, `5m`, `1h`, `1d`)",
        example: r#"rate = { over = 10, per = "1h" }"#,
        unknown: "when neither the counter nor the ledger tells, or it cannot be written",
        cost: "a locked file, written anew, and the receipts since it was",
    },
    read,
    test,
    describe,
    seen: |_| String::from("counted only where everything else holds"),
    narrow: anywhere,
};

/// Most calls that are counted: the counter keeps the time of each.
const MOST: u32 = 10_000;

/// Longest time, in seconds: a week.
const LONGEST: u32 = 7 * 24 * 60 * 60;

#[derive(Serialize, Deserialize)]
struct Wanted<'a> {
    /// Id of the rule, which names the counter.
    counter: &'a str,
    over: u32,
    seconds: u32,
}

fn read(item: &Item<'_>, reader: &mut Reader<'_>, _: Sense) -> Option<Leaf> {
    let fields = reader.fields(item, &["over", "per"])?;
    let over = fields.item("over").map(|item| (reader.count(item), item));
    let per = fields.item("per").map(|item| values::duration(item, reader, LONGEST));
    let (Some((over, place)), Some(seconds)) = (over, per) else {
        let help = "write `rate = { over = 10, per = \"1h\" }`";
        reader.error_with_help(fields.span, "`over` and `per` belong together", help);
        return None;
    };
    let (over, seconds) = (over?, seconds?);
    if over > MOST {
        reader.error(place.span(), format!("more than {MOST} calls are not counted"));
        return None;
    }
    let counter = reader.rule.clone();
    Some(Leaf::new(&KIND, Cost::Counter, &Wanted { counter: &counter, over, seconds }))
}

/// The condition for a counter of that name.
pub(crate) fn over(counter: &str, over: u32, seconds: u32) -> Leaf {
    Leaf::new(&KIND, Cost::Counter, &Wanted { counter, over, seconds })
}

fn test(payload: &[u8], trial: &mut Trial<'_>) -> Result<Truth, Damaged> {
    let Wanted { counter, over, seconds } = decode(payload)?;
    let calls = trial.facts.calls(counter, seconds, over);
    Ok(calls.map_or(Truth::Unknown, |calls| Truth::of(calls > over)))
}

fn describe(payload: &[u8]) -> Result<String, Damaged> {
    let Wanted { over, seconds, .. } = decode(payload)?;
    Ok(format!("over {over} in {seconds} seconds"))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{refused, test};
    use crate::{Given, Truth};

    #[test]
    fn only_what_is_beyond_counts() {
        let mut facts = Given::command("git", "/");
        assert_eq!(test("rate = { over = 3, per = '1h' }", &facts), Truth::Unknown);
        facts.calls = Some(3);
        assert_eq!(test("rate = { over = 3, per = '1h' }", &facts), Truth::False);
        facts.calls = Some(4);
        assert_eq!(test("rate = { over = 3, per = '1h' }", &facts), Truth::True);
    }

    #[test]
    fn slips_are_named() {
        for (value, said) in [
            ("{ over = 3 }", "belong together"),
            ("{ over = 0, per = '1h' }", "at least 1"),
            ("{ over = 3, per = '1 hour' }", "`30s`, `5m`, `1h` or `1d`"),
            ("{ over = 3, per = '8d' }", "at most"),
            ("{ over = 3, per = '0s' }", "`30s`"),
            ("{ over = 20000, per = '1h' }", "not counted"),
            ("{ most = 3, per = '1h' }", "unknown key `most`"),
        ] {
            let answer = refused(&format!("rate = {value}"));
            assert!(answer.contains(said), "{value}: {answer}");
        }
    }
}
