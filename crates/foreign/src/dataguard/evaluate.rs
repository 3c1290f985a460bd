//! Decides by a DataGuard policy.

use std::io;

use datafog_core::{HostName, Obligation, Verdict};
use datafog_policy::Truth;
use serde_json::Value;
use serde_json::ser::{Formatter, Serializer};

use super::face::{Face, faces};
use super::{Category, DataGuard, Field, Names, Rule, Test, category, signs};
use crate::answer::{Answer, Hit};
use crate::call::Call;
use crate::lookup;
use crate::names::{self, Class};
use crate::pattern::{Pattern, Search};

/// What a rule says about a call.
struct Said {
    verdict: Verdict,
    /// More than the rule's own reason; empty when there is nothing more.
    why: &'static str,
    certain: bool,
}

impl DataGuard {
    pub(crate) fn decide(&self, call: &Call) -> Answer<'_> {
        let faces = faces(call);
        let mut holds: Vec<Hit<'_>> = Vec::new();
        for (index, rule) in self.rules.iter().enumerate() {
            let Some(said) = rule.ask(&faces, call) else { continue };
            if said.certain {
                let later = self.rules.iter().skip(index.saturating_add(1));
                return settle(rule, &said, holds, later, &faces, call);
            }
            // Nobody can tell: somebody must look, unless a later rule says no for certain.
            holds.push(Hit::new(&rule.head, Verdict::RequireApproval));
        }
        let Some(own) = faces.first() else {
            return Answer::default(Verdict::Deny, "there is nothing to judge");
        };
        let mut answer = self.thresholds.decide(own, call);
        if let Some(held) = Answer::strictest(holds) {
            if held.verdict > answer.verdict {
                return held;
            }
            answer.hits = held.hits;
        }
        answer
    }
}

/// The answer of the first rule that matches for certain.
fn settle<'a>(
    rule: &'a Rule,
    said: &Said,
    mut hits: Vec<Hit<'a>>,
    later: impl Iterator<Item = &'a Rule>,
    faces: &[Face<'_>],
    call: &Call,
) -> Answer<'a> {
    hits.push(Hit::new(&rule.head, said.verdict).with(rewrite(rule, said.verdict)));
    let rewrites = later.filter(|one| one.verdict == Verdict::Rewrite);
    let also: Vec<&Rule> = rewrites
        .filter(|one| one.ask(faces, call).is_some_and(|said| said.verdict == Verdict::Rewrite))
        .collect();
    let mut instead = None;
    if said.verdict == Verdict::Rewrite {
        // Every rewrite that applies is carried out, not only the first.
        hits.extend(
            also.iter().map(|one| {
                Hit::new(&one.head, Verdict::Rewrite).with(rewrite(one, Verdict::Rewrite))
            }),
        );
    } else if said.verdict == Verdict::RequireApproval
        && let Some(one) = also.first()
    {
        let name = one.rewrite.as_deref().unwrap_or_default();
        instead = Some(format!("the rewrite `{name}` also applies: {}", one.head.reason));
    }
    let mut answer = Answer::strictest(hits).unwrap_or_else(|| Answer::default(Verdict::Deny, ""));
    if !said.why.is_empty() && answer.verdict == said.verdict {
        answer.reason = format!("{}: {}", said.why, rule.head.reason);
    }
    answer.instead = instead;
    answer
}

fn rewrite(rule: &Rule, verdict: Verdict) -> Option<Obligation> {
    (verdict == Verdict::Rewrite).then(|| rule.rewrite.clone().map(Obligation::Rewrite)).flatten()
}

impl Rule {
    /// What the rule says, by the face that fits best.
    fn ask(&self, faces: &[Face<'_>], call: &Call) -> Option<Said> {
        let mut unknown = None;
        for face in faces.iter().filter(|face| face.own || self.verdict != Verdict::Allow) {
            match self.ask_face(face, call) {
                Some(said) if said.certain => return Some(said),
                Some(said) => unknown = Some(said),
                None => {}
            }
        }
        unknown
    }

    fn ask_face(&self, face: &Face<'_>, call: &Call) -> Option<Said> {
        let stricter = self.verdict != Verdict::Allow;
        let named = self.tool.as_ref().is_none_or(|names| is_tool(names, face, stricter))
            && self.category.as_ref().is_none_or(|names| is_category(names, face, call, stricter));
        if !named {
            return None;
        }
        let guarded = self.tool.is_some() || self.category.is_some();
        let field =
            self.field.as_ref().map_or(Truth::True, |field| field.ask(face, guarded, stricter));
        let (verdict, why, found) = match (&self.contains, self.known) {
            (None, _) => (self.verdict, "", Truth::True),
            (Some(pattern), Some(known)) => {
                let (verdict, why) = known.ask(self.verdict, face, call, pattern)?;
                (verdict, why, Truth::True)
            }
            (Some(pattern), None) => (self.verdict, "", search(pattern, face, call, stricter)),
        };
        match field.and(found) {
            Truth::True => Some(Said { verdict, why, certain: true }),
            Truth::Unknown if stricter => Some(Said { verdict, why, certain: false }),
            Truth::False | Truth::Unknown => None,
        }
    }
}

fn is_tool(names: &Names<String>, face: &Face<'_>, stricter: bool) -> bool {
    let alias = |name: &String| {
        *name == face.tool || (stricter && face.class.is_some() && names::class(name) == face.class)
    };
    match names {
        Names::In(list) => list.iter().any(alias),
        // To let something through, no other name of the tool may be on the list either.
        Names::NotIn(list) if stricter => !list.contains(&face.tool),
        Names::NotIn(list) => !list.iter().any(|name| {
            *name == face.tool || (face.class.is_some() && names::class(name) == face.class)
        }),
    }
}

fn is_category(names: &Names<Category>, face: &Face<'_>, call: &Call, stricter: bool) -> bool {
    let all = category::of(call, &face.tool);
    let listed = |one: &Category| match names {
        Names::In(list) => list.contains(one),
        Names::NotIn(list) => !list.contains(one),
    };
    if stricter { all.iter().any(listed) } else { all.iter().all(listed) }
}

/// Looks for a pattern in the arguments.
fn search(pattern: &Pattern, face: &Face<'_>, call: &Call, stricter: bool) -> Truth {
    let whole = pattern.search(&as_python_writes(&face.arguments));
    let mut commands = call.commands.iter().map(|one| one.words.join(" "));
    if !stricter {
        // What stands beside the allowed command must be allowed as well.
        let alone = call.commands.len() <= 1 && !call.unclear;
        let all = alone || (!call.unclear && commands.all(|text| pattern.finds(&text)));
        return Truth::of(whole == Search::Found && all);
    }
    let texts = lookup::texts(&face.arguments);
    Truth::of(
        whole != Search::Missed
            || texts.iter().any(|(_, text)| pattern.search(text) != Search::Missed)
            || (face.class == Some(Class::Shell)
                && commands.any(|text| pattern.search(&text) != Search::Missed)),
    )
}

impl Field {
    fn ask(&self, face: &Face<'_>, guarded: bool, stricter: bool) -> Truth {
        let Some(value) = self.value(face) else {
            return if guarded { Truth::Unknown } else { Truth::False };
        };
        let test = |test: &Test| match test {
            Test::DomainIn(list) => self.hosts(value, face, stricter, &|text| listed(text, list)),
            // Of a host that nobody can tell it is at least told that it is none of these.
            Test::DomainNotIn(list) => self.hosts(value, face, stricter, &|text| {
                let other = listed(text, list).negated();
                if stricter { other.or(Truth::of(other == Truth::Unknown)) } else { other }
            }),
            Test::Contains(_)
            | Test::Equals(_)
            | Test::Greater(_)
            | Test::Less(_)
            | Test::LongerThan(_)
            | Test::Matches(_)
            | Test::ShorterThan(_) => self.test(test, value, face),
        };
        self.tests.iter().fold(Truth::True, |so_far, one| so_far.and(test(one)))
    }

    /// What holds for one host (in a rule that lets something through: for each) that the call would
    /// contact, whichever argument names it.
    fn hosts(
        &self,
        value: &Value,
        face: &Face<'_>,
        stricter: bool,
        test: &dyn Fn(&str) -> Truth,
    ) -> Truth {
        let items = value.as_array().filter(|items| !items.is_empty());
        let mut all = items.map_or_else(|| vec![value], |items| items.iter().collect());
        let others: Vec<Value> = names::URL_FIELDS
            .iter()
            .filter(|_| names::URL_FIELDS.contains(&self.name.as_str()))
            .filter_map(|name| lookup::at(&face.arguments, name))
            .filter(|other| !core::ptr::eq(*other, value))
            .flat_map(lookup::texts)
            .filter(|(_, text)| names_host(text))
            .map(|(_, text)| Value::from(text))
            .collect();
        all.extend(&others);
        let answers = all.into_iter().map(|one| one.as_str().map_or(Truth::Unknown, test));
        if stricter {
            answers.fold(Truth::False, Truth::or)
        } else {
            answers.reduce(Truth::and).unwrap_or(Truth::Unknown)
        }
    }

    /// The field, or the one of its other names that is there; null is missing.
    fn value<'f>(&self, face: &'f Face<'_>) -> Option<&'f Value> {
        let groups = [
            names::RECIPIENT_FIELDS,
            names::URL_FIELDS,
            names::COMMAND_FIELDS,
            names::QUERY_FIELDS,
        ];
        let others = groups
            .into_iter()
            .find(|group| group.contains(&self.name.as_str()))
            .unwrap_or_default();
        core::iter::once(self.name.as_str())
            .chain(others.iter().copied())
            .find_map(|name| lookup::at(&face.arguments, name).filter(|value| !value.is_null()))
    }

    fn test(&self, test: &Test, value: &Value, face: &Face<'_>) -> Truth {
        let number = value.as_f64();
        match test {
            Test::Equals(wanted) => Truth::of(lookup::equal(wanted, value)),
            Test::Greater(bound) => {
                number.map_or(Truth::Unknown, |number| Truth::of(number > *bound))
            }
            Test::Less(bound) => number.map_or(Truth::Unknown, |number| Truth::of(number < *bound)),
            Test::LongerThan(bound) => {
                self.length(value, face).map_or(Truth::Unknown, |length| Truth::of(length > *bound))
            }
            Test::ShorterThan(bound) => {
                self.length(value, face).map_or(Truth::Unknown, |length| Truth::of(length < *bound))
            }
            Test::Contains(part) => each(value, &|text| Truth::of(text.contains(part.as_str()))),
            Test::Matches(pattern) => each(value, &|text| match pattern.search(text) {
                Search::Found => Truth::True,
                Search::GivenUp => Truth::Unknown,
                Search::Missed => Truth::False,
            }),
            // These look at more than the one value; see `hosts`.
            Test::DomainIn(_) | Test::DomainNotIn(_) => Truth::Unknown,
        }
    }

    /// The length of a list; of those who get a mail all that are named, in every field, once.
    fn length(&self, value: &Value, face: &Face<'_>) -> Option<i64> {
        if face.class == Some(Class::Mail) && names::RECIPIENT_FIELDS.contains(&self.name.as_str())
        {
            let mut all: Vec<String> = Vec::new();
            for field in names::RECIPIENT_FIELDS {
                let texts = face.arguments.get(*field).map(lookup::texts).unwrap_or_default();
                let addresses = texts.iter().flat_map(|(_, text)| text.split([',', ';', '\n']));
                all.extend(
                    addresses.map(|one| one.trim().to_lowercase()).filter(|one| !one.is_empty()),
                );
            }
            all.sort_unstable();
            all.dedup();
            return i64::try_from(all.len()).ok();
        }
        value.as_array().and_then(|items| i64::try_from(items.len()).ok())
    }
}

/// One text, or any of a list of texts; anything else cannot be told.
fn each(value: &Value, test: &dyn Fn(&str) -> Truth) -> Truth {
    match value {
        Value::String(text) => test(text),
        Value::Array(items) if !items.is_empty() => {
            items.iter().fold(Truth::False, |so_far, item| {
                so_far.or(item.as_str().map_or(Truth::Unknown, test))
            })
        }
        Value::Array(_) | Value::Bool(_) | Value::Null | Value::Number(_) | Value::Object(_) => {
            Truth::Unknown
        }
    }
}

/// Whether a text in another field than the one asked for names a host: a URL, or what stands for
/// one; no path and no words.
fn names_host(text: &str) -> bool {
    let text = text.trim();
    let first = text.split('/').next().unwrap_or_default();
    text.contains("://")
        || text.starts_with("//")
        || (!text.contains(char::is_whitespace) && first.contains(['.', ':', '\\']))
}

/// Whether the URL's host is on the list. Where the list names this machine, every name and
/// address of it is meant.
fn listed(text: &str, list: &[String]) -> Truth {
    let Some((_, host)) = signs::host(text) else { return Truth::Unknown };
    let loopback = ["127.0.0.1", "::1", "localhost"];
    let ours = host.is_loopback() && list.iter().any(|one| loopback.contains(&one.as_str()));
    Truth::of(ours || list.iter().any(|pattern| host.matches(pattern)) || is_named(&host, list))
}

fn is_named(host: &HostName, list: &[String]) -> bool {
    list.contains(&host.to_string())
}

/// JSON as Python's encoder writes it: blanks after separators, everything beyond ASCII escaped.
/// Patterns were written against this form.
fn as_python_writes(value: &Value) -> String {
    let mut bytes = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut bytes, Python);
    match serde::Serialize::serialize(value, &mut serializer) {
        Ok(()) => String::from_utf8(bytes).unwrap_or_default(),
        // Writing to memory does not fail.
        Err(_) => String::new(),
    }
}

struct Python;

impl Formatter for Python {
    fn begin_array_value<W: io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn write_string_fragment<W: io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        for letter in fragment.chars() {
            if letter.is_ascii() {
                writer.write_all(letter.encode_utf8(&mut [0; 4]).as_bytes())?;
            } else {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_written_as_the_original_does() {
        let value = serde_json::json!({"a": [1, "é😀\t\"x"], "b": null});
        assert_eq!(as_python_writes(&value), r#"{"a": [1, "\u00e9\ud83d\ude00\t\"x"], "b": null}"#);
    }
}
