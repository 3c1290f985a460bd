//! `category`: what a tool does, by its name and its arguments.

use datafog_core::Category;
use serde::{Deserialize, Serialize};

use super::{ConditionAbout, Cost, Kind, Leaf, Trial, tool};
use crate::Truth;
use crate::bytes::{Damaged, List, decode};
use crate::read::{Item, Reader, Sense};
use crate::truth::Which;

pub(super) static KIND: Kind = Kind {
    about: ConditionAbout {
        name: "category",
        summary: "An agent calls a tool that does one of these things (in a rule that lets \
                  something through: nothing else), as its name and the names of its arguments \
                  tell. What the caller says of it plays no part.",
        form: "`auth`, `code_execution`, `database`, `file_system`, `http_request`, \
               `message_send`, `payment`, or list of them",
        example: r#"category = ["payment", "message_send"]"#,
        unknown: "when neither name nor arguments tell what the tool does",
        cost: "nothing",
    },
    read,
    test,
    describe,
    seen: |facts| match facts.tool().map(|tool| tool.categories.as_slice()) {
        None | Some([]) => String::from("none"),
        Some(some) => some.iter().map(|one| one.name()).collect::<Vec<_>>().join(", "),
    },
    narrow: tool::any,
};

#[derive(Serialize, Deserialize)]
struct Wanted<'a> {
    #[serde(borrow)]
    names: List<'a>,
    which: Which,
}

fn read(item: &Item<'_>, reader: &mut Reader<'_>, sense: Sense) -> Option<Leaf> {
    let known = Category::ALL.map(|category| (category.name(), category.name()));
    let names = reader.words(item, "category", &known)?.into_iter().collect();
    Some(Leaf::new(&KIND, Cost::Invocation, &Wanted { names, which: sense.which() }))
}

fn test(payload: &[u8], trial: &mut Trial<'_>) -> Result<Truth, Damaged> {
    let Wanted { names, which } = decode(payload)?;
    let Some(tool) = trial.facts.tool() else { return Ok(Truth::False) };
    if tool.categories.is_empty() {
        return Ok(Truth::Unknown);
    }
    Ok(which.join(tool.categories.iter().map(|one| Truth::of(names.has(one.name())))))
}

fn describe(payload: &[u8]) -> Result<String, Damaged> {
    let Wanted { names, which } = decode(payload)?;
    let only = if which == Which::Every { "nothing but " } else { "" };
    Ok(format!("{only}{}", names.shown()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, refused, test, test_loosening};
    use super::*;
    use crate::Given;

    #[test]
    fn one_or_all_and_none_told() {
        let mut facts = call("x", "{}");
        assert_eq!(test("category = 'payment'", &facts), Truth::Unknown);
        facts.action.tool.as_mut().unwrap().categories =
            vec![Category::Database, Category::Payment];
        assert_eq!(test("category = 'payment'", &facts), Truth::True);
        assert_eq!(test_loosening("category = 'database'", &facts), Truth::False);
        assert_eq!(test_loosening("category = ['database', 'payment']", &facts), Truth::True);
        assert_eq!(test("category = 'payment'", &Given::command("git", "/")), Truth::False);
        assert!(refused("category = 'paymnet'").contains("did you mean `payment`?"));
    }
}
