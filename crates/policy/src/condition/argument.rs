//! `argument`: what stands in the arguments of a tool call.

use datafog_core::Value;
use serde::{Deserialize, Serialize};

use super::operator::{self, Operator};
use super::{ConditionAbout, Cost, Kind, Leaf, Trial, tool, values};
use crate::Truth;
use crate::bytes::{Damaged, List, decode};
use crate::read::{Fields, Item, Reader, Sense};
use crate::truth::Which;

pub(super) static KIND: Kind = Kind {
    about: ConditionAbout {
        name: "argument",
        summary: "The values at a dot path of a tool call's arguments fit all that is given: one \
                  of them (in a rule that lets something through: every one). `*` stands for every \
                  member or element, a number for one element; a name reaches into every element \
                  of a list.",
        form: "`{ path, which, … }` or list of them, with one or more of `between`, `cidr`, \
               `contains`, `domain_in`, `domain_not_in`, `eq`, `exists`, `gt`, `gte`, \
               `length_eq`, `length_gt`, `length_gte`, `length_lt`, `length_lte`, `like`, `lt`, \
               `lte`, `matches`, `one_of`",
        example: r#"argument = [{ path = "amount", gt = 100 }, { path = "to.*.mail", domain_not_in = ["example.com", "*.example.com"] }]"#,
        unknown: "when there is no such argument, or its value is of another type than is asked for",
        cost: "a walk over the arguments",
    },
    read,
    test,
    describe,
    seen: |facts| match facts.tool().map(|tool| &tool.arguments) {
        None => String::from("no tool call"),
        Some(Value::Table(members)) if !members.is_empty() => {
            let shown = members.iter().map(|(name, value)| format!("`{name}` is {}", value.kind()));
            shown.collect::<Vec<_>>().join(", ")
        }
        Some(_) => String::from("no arguments"),
    },
    narrow: tool::any,
};

#[derive(Serialize, Deserialize)]
struct Wanted<'a> {
    /// The steps of the path.
    #[serde(borrow)]
    path: List<'a>,
    #[serde(borrow)]
    operators: Vec<Operator<'a>>,
    which: Which,
}

fn read(item: &Item<'_>, reader: &mut Reader<'_>, sense: Sense) -> Option<Leaf> {
    let wanted: Vec<Option<Wanted<'_>>> = match item.get_ref().as_array() {
        Some(items) if items.is_empty() => {
            reader.error(item.span(), "the list is empty");
            return None;
        }
        Some(items) => items.iter().map(|item| read_one(item, reader, sense)).collect(),
        None => vec![read_one(item, reader, sense)],
    };
    let wanted: Option<Vec<Wanted<'_>>> = wanted.into_iter().collect();
    Some(Leaf::new(&KIND, Cost::Walk, &wanted?))
}

fn read_one(item: &Item<'_>, reader: &mut Reader<'_>, sense: Sense) -> Option<Wanted<'static>> {
    let keys: Vec<&str> = operator::NAMES.iter().copied().chain(["path", "which"]).collect();
    let fields = reader.fields(item, &keys)?;
    let path = read_path(&fields, reader);
    let operators = operator::read(&fields, reader);
    let which = values::which(&fields, reader, sense);
    let (path, operators, which) = (path?, operators?, which?);
    if operators.is_empty() {
        let help = format!("add one of {}", crate::read::quoted(&operator::NAMES));
        reader.error_with_help(fields.span, "the condition asks nothing of the argument", help);
        return None;
    }
    Some(Wanted { path, operators, which })
}

fn read_path(fields: &Fields<'_, '_>, reader: &mut Reader<'_>) -> Option<List<'static>> {
    let Some(item) = fields.item("path") else {
        reader.error(fields.span.clone(), "`path` is missing");
        return None;
    };
    let text = reader.text(item)?;
    if text.split('.').any(str::is_empty) {
        let help = "write the names one behind the other: `to.0.address`";
        reader.error_with_help(item.span(), "a step of the path is empty", help);
        return None;
    }
    if text.contains(['[', ']']) {
        let help = "an element is a step of its own: `items.0`, every element `items.*`";
        reader.error_with_help(item.span(), "paths have no brackets", help);
        return None;
    }
    Some(text.split('.').collect())
}

fn test(payload: &[u8], trial: &mut Trial<'_>) -> Result<Truth, Damaged> {
    let Some(tool) = trial.facts.tool() else { return Ok(Truth::False) };
    let wanted: Vec<Wanted<'_>> = decode(payload)?;
    Ok(wanted.iter().map(|one| one.holds(&tool.arguments)).fold(Truth::True, Truth::and))
}

impl Wanted<'_> {
    fn holds(&self, arguments: &Value) -> Truth {
        let steps: Vec<&str> = self.path.iter().collect();
        let mut found = Vec::new();
        collect(arguments, &steps, &mut found);
        let there = found.iter().any(Option::is_some);
        let asked = self.operators.iter().filter_map(Operator::existence);
        let existence = asked.map(|wanted| Truth::of(there == wanted));
        let existence = existence.fold(Truth::True, Truth::and);
        if self.operators.iter().all(|operator| operator.existence().is_some()) {
            return existence;
        }
        let fits = |value: &Option<&Value>| {
            value.map_or(Truth::Unknown, |value| operator::test(&self.operators, value, self.which))
        };
        existence.and(self.which.join(found.iter().map(fits)))
    }
}

/// The values that `steps` lead to, below `value`; `None` for each place where a step leads
/// nowhere, or to nothing.
fn collect<'v>(value: &'v Value, steps: &[&str], found: &mut Vec<Option<&'v Value>>) {
    let Some((step, rest)) = steps.split_first() else {
        return found.push((*value != Value::Null).then_some(value));
    };
    match (value, *step) {
        (Value::Table(members), "*") => {
            members.iter().for_each(|(_, member)| collect(member, rest, found));
        }
        (Value::Table(_), name) => match value.get(name) {
            Some(member) => collect(member, rest, found),
            None => found.push(None),
        },
        (Value::List(items), "*") => items.iter().for_each(|item| collect(item, rest, found)),
        (Value::List(items), index) => match index.parse::<usize>() {
            Ok(index) => match items.get(index) {
                Some(item) => collect(item, rest, found),
                None => found.push(None),
            },
            // A name reaches into every element.
            Err(_) => items.iter().for_each(|item| collect(item, steps, found)),
        },
        (
            Value::Bool(_) | Value::Float(_) | Value::Integer(_) | Value::Null | Value::Text(_),
            _,
        ) => {
            found.push(None);
        }
    }
}

fn describe(payload: &[u8]) -> Result<String, Damaged> {
    let wanted: Vec<Wanted<'_>> = decode(payload)?;
    let show = |one: &Wanted<'_>| {
        let path = one.path.iter().collect::<Vec<_>>().join(".");
        let asked = one.operators.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ");
        format!("{} `{path}` {asked}", one.which.name())
    };
    Ok(wanted.iter().map(show).collect::<Vec<_>>().join("; "))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, refused, test, test_loosening};
    use super::*;
    use crate::Given;

    const PAID: &str = r#"{"amount":250,"to":[{"mail":"a@example.com","n":1},{"mail":"b@evil.test"}],
        "note":"for Ann","flag":true,"none":null,"tags":["x","y"],"deep":{"0":{"k":5}}}"#;

    fn asked(condition: &str) -> Truth {
        test(&format!("argument = {{ {condition} }}"), &call("pay", PAID))
    }

    #[test]
    fn one_element_answers_all_that_is_asked() {
        let asked = |list: &str, condition: &str| {
            let call = call("pay", &format!("{{\"n\":{list}}}"));
            test(&format!("argument = {{ path = 'n', {condition} }}"), &call)
        };
        for (list, condition, truth) in [
            ("[1,9]", "gt = 3, lt = 8", Truth::False),
            ("[1,5,9]", "gt = 3, lt = 8", Truth::True),
            ("[[1,9],[5]]", "gt = 3, lt = 8", Truth::True),
            ("[1,9]", "gt = 3, lt = 8, which = 'every'", Truth::False),
            ("[4,5]", "gt = 3, lt = 8, which = 'every'", Truth::True),
            ("[1,9]", "gte = 9, length_eq = 2", Truth::True),
            ("[\"a.x\",\"b.y\"]", "like = 'a*', matches = 'y$'", Truth::False),
            ("[\"a.x\",\"b.y\"]", "like = 'a*', contains = 'b.y'", Truth::True),
            ("[1,\"x\"]", "gt = 3, lt = 8", Truth::Unknown),
            ("[]", "gt = 3, lt = 8", Truth::False),
        ] {
            assert_eq!(asked(list, condition), truth, "{list} {condition}");
        }
    }

    #[test]
    fn paths_lead_through_tables_and_lists() {
        for (condition, truth) in [
            ("path = 'amount', gt = 100", Truth::True),
            ("path = 'to.mail', like = '*@evil.test'", Truth::True),
            ("path = 'to.*.mail', like = '*@evil.test'", Truth::True),
            ("path = 'to.0.mail', like = '*@evil.test'", Truth::False),
            ("path = 'to.1.mail', like = '*@evil.test'", Truth::True),
            ("path = 'to.7.mail', like = '*@evil.test'", Truth::Unknown),
            ("path = 'deep.0.k', eq = 5", Truth::True),
            ("path = 'deep.*.k', eq = 5", Truth::True),
            ("path = 'amount.x', eq = 5", Truth::Unknown),
            ("path = 'tags', eq = 'y'", Truth::True),
            ("path = 'tags.*', eq = 'z'", Truth::False),
            // The second one has no `n`: it may be anything.
            ("path = 'to.*.n', gt = 5", Truth::Unknown),
            ("path = 'to.*.n', eq = 1", Truth::True),
        ] {
            assert_eq!(asked(condition), truth, "{condition}");
        }
    }

    #[test]
    fn what_is_missing_is_unknown_unless_asked_for() {
        for (condition, truth) in [
            ("path = 'absent', eq = 1", Truth::Unknown),
            ("path = 'none', eq = 1", Truth::Unknown),
            ("path = 'absent', exists = true", Truth::False),
            ("path = 'absent', exists = false", Truth::True),
            ("path = 'none', exists = false", Truth::True),
            ("path = 'note', exists = true, contains = 'Ann'", Truth::True),
        ] {
            assert_eq!(asked(condition), truth, "{condition}");
        }
        let facts = Given::command("git", "/");
        assert_eq!(test("argument = { path = 'a', exists = false }", &facts), Truth::False);
    }

    #[test]
    fn every_value_must_fit_where_something_is_let_through() {
        let asked = |condition: &str| {
            test_loosening(&format!("argument = {{ {condition} }}"), &call("pay", PAID))
        };
        assert_eq!(asked("path = 'to.mail', domain_in = 'example.com'"), Truth::False);
        assert_eq!(
            asked("path = 'to.mail', domain_in = ['example.com', 'evil.test']"),
            Truth::True
        );
        assert_eq!(
            asked("path = 'to.mail', domain_in = 'example.com', which = 'any'"),
            Truth::True
        );
        assert_eq!(asked("path = 'absent', eq = 1"), Truth::Unknown);
    }

    #[test]
    fn a_list_of_conditions_must_hold_together() {
        let facts = call("pay", PAID);
        let two = "argument = [{ path = 'amount', gt = 100 }, { path = 'note', contains = 'Bob' }]";
        assert_eq!(test(two, &facts), Truth::False);
        assert_eq!(test(&two.replace("Bob", "Ann"), &facts), Truth::True);
    }

    #[test]
    fn slips_are_named() {
        for (condition, said) in [
            ("pth = 'a', eq = 1", "did you mean `path`?"),
            ("path = 'a', greater = 1", "unknown key `greater`"),
            ("path = 'a'", "asks nothing"),
            ("eq = 1", "`path` is missing"),
            ("path = 'a..b', eq = 1", "a step of the path is empty"),
            ("path = 'a[0]', eq = 1", "items.0"),
            ("path = 'a', gt = 'x'", "expected a number"),
            ("path = 'a', between = [5, 1]", "the lower end first"),
            ("path = 'a', between = [5]", "two numbers"),
            ("path = 'a', exists = false, eq = 1", "never fire"),
            ("path = 'a', matches = '('", "bad regular expression"),
            ("path = 'a', cidr = '10.0.0.0/33'", "cidr"),
            ("path = 'a', domain_in = 'https://x.com'", "not a URL"),
            ("path = 'a', length_gt = -1", "whole number"),
            ("path = 'a', eq = [1]", "a text, a number, or true or false"),
            ("path = 'a', gt = nan", "expected a number"),
        ] {
            let answer = refused(&format!("argument = {{ {condition} }}"));
            assert!(answer.contains(said), "{condition}: {answer}");
        }
    }
}
