//! Reads one `[[rewrite]]`: a rewrite of the user's own, described by steps.

use core::ops::Range;

use datafog_core::{CustomRewrite, RewriteStep, RewriteValue};
use toml::de::DeValue;

use super::examples::value;
use super::reader::{Fields, Item, Reader};
use super::rule::required;
use crate::condition::entity_globs;
use crate::diagnostic::Level;
use crate::{RewriteExample, RewriteSample};

/// A rewrite as its file states it.
#[derive(Clone, Debug)]
pub(crate) struct RewriteSource {
    pub(crate) rewrite: CustomRewrite,
    pub(crate) span: Range<usize>,
    pub(crate) examples: Vec<RewriteExample>,
}

const KEYS: [&str; 3] = ["examples", "name", "steps"];

/// The steps, and the fields that each has beside its own name.
const STEPS: [(&str, &[&str]); 6] = [
    ("append", &[]),
    ("cap", &["at"]),
    ("drop_flag", &[]),
    ("redact", &[]),
    ("replace_scheme", &[]),
    ("set", &["to"]),
];

/// The rewrites of a document; `builtin` are the names that are taken.
pub(super) fn rewrites(item: Option<&Item<'_>>, reader: &mut Reader<'_>) -> Vec<RewriteSource> {
    let Some(item) = item else { return Vec::new() };
    let DeValue::Array(items) = item.get_ref() else {
        let help = "write `[[rewrite]]` with two brackets for each rewrite";
        reader.error_with_help(item.span(), "rewrites are a list of tables", help);
        return Vec::new();
    };
    let mut all: Vec<RewriteSource> = Vec::new();
    for item in items {
        let Some(one) = rewrite(item, reader) else { continue };
        let name = one.rewrite.name.as_str();
        let built_in = reader.vocabulary.rewrites().contains(&name);
        if built_in || all.iter().any(|other| other.rewrite.name == name) {
            let message = format!("there is a rewrite `{name}` already");
            reader.error_with_help(one.span.clone(), message, "choose another name");
        }
        all.push(one);
    }
    all
}

fn rewrite(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<RewriteSource> {
    let fields = reader.fields(item, &KEYS)?;
    let name = required(&fields, "name", reader).and_then(|item| name(item, reader));
    let steps = required(&fields, "steps", reader).and_then(|item| list(item, reader, step));
    let span = fields.key_span("name");
    let (name, steps) = (name?, steps?);
    let rewrite = CustomRewrite { name, steps };
    let read = |item, reader: &mut Reader<'_>| example(item, &rewrite, reader);
    let examples = match fields.item("examples") {
        Some(item) => list(item, reader, read).unwrap_or_default(),
        None => {
            let help = "add `examples = [{ before = \"…\", after = \"…\" }]`; they are checked";
            let message = format!("rewrite `{}` has no examples", rewrite.name);
            reader.warn(span.clone(), message, help);
            Vec::new()
        }
    };
    Some(RewriteSource { rewrite, span, examples })
}

fn name(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<String> {
    let name = reader.text(item)?;
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name.len() > 64 || !name.bytes().all(plain) {
        let help = "use up to 64 lower-case letters, digits and `-`";
        reader.error_with_help(item.span(), "the name cannot be used", help);
        return None;
    }
    Some(name.to_owned())
}

/// Every element of a list that is not empty; `None` when one of them has a mistake.
fn list<'i, 'd, T>(
    item: &'i Item<'d>,
    reader: &mut Reader<'_>,
    mut read: impl FnMut(&'i Item<'d>, &mut Reader<'_>) -> Option<T>,
) -> Option<Vec<T>> {
    let Some(items) = item.get_ref().as_array().filter(|items| !items.is_empty()) else {
        reader.error(item.span(), "expected a list of tables that is not empty");
        return None;
    };
    let read: Vec<Option<T>> = items.iter().map(|item| read(item, reader)).collect();
    read.into_iter().collect()
}

fn step(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<RewriteStep> {
    let names = STEPS.map(|(name, _)| name);
    let Some(table) = item.get_ref().as_table() else {
        let help = format!("write a table with one of {}", super::quoted(&names));
        reader.error_with_help(item.span(), "a step is a table", help);
        return None;
    };
    let known = STEPS.iter().find(|(name, _)| table.get(*name).is_some());
    let Some((kind, more)) = known else {
        match table.iter().next() {
            Some((key, _)) => reader.unknown_word(key.span(), "step", key.get_ref(), &names),
            None => reader.error(item.span(), "the step says nothing"),
        }
        return None;
    };
    let keys: Vec<&str> = [*kind].into_iter().chain(more.iter().copied()).collect();
    let fields = reader.fields(item, &keys)?;
    let own = fields.item(kind)?;
    match *kind {
        "append" => Some(RewriteStep::Append(texts(own, reader)?)),
        "cap" => {
            let place = place(own, reader)?;
            let most = required(&fields, "at", reader).and_then(|item| reader.count(item))?;
            Some(RewriteStep::Cap { place, at: i64::from(most) })
        }
        "drop_flag" => {
            let names = texts(own, reader)?;
            if let Some(odd) = names.iter().find(|name| !name.starts_with('-')) {
                reader.error(own.span(), format!("`{odd}` is no option; it begins with `-`"));
                return None;
            }
            Some(RewriteStep::DropFlag(names))
        }
        "redact" => Some(RewriteStep::Redact(
            entity_globs(own, reader)?.iter().map(str::to_owned).collect(),
        )),
        "replace_scheme" => scheme(own, reader),
        _ => set(own, &fields, reader),
    }
}

fn texts(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<Vec<String>> {
    Some(reader.texts(item)?.into_iter().map(|text| text.into_inner().to_owned()).collect())
}

/// The name of an option, or the dot path of an argument.
fn place(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<String> {
    let place = reader.text(item)?;
    let odd = place.contains(char::is_whitespace) || place.split('.').any(str::is_empty);
    if odd && !place.starts_with('-') {
        let help = "write an option with its dashes (`--max-time`), or the dot path of an argument";
        reader.error_with_help(item.span(), "it names no place", help);
        return None;
    }
    Some(place.to_owned())
}

fn scheme(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<RewriteStep> {
    let fields = reader.fields(item, &["from", "to"])?;
    let mut one = |key: &str| {
        let item = required(&fields, key, reader)?;
        let text = reader.text(item)?;
        let plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte);
        if !text.bytes().all(plain) {
            reader.error(item.span(), "a scheme is written in small letters, without `:`");
            return None;
        }
        Some(text.to_owned())
    };
    let (from, to) = (one("from"), one("to"));
    let (from, to) = (from?, to?);
    if from == to {
        reader.error(item.span(), "both schemes are the same");
        return None;
    }
    Some(RewriteStep::ReplaceScheme { from, to })
}

fn set(own: &Item<'_>, fields: &Fields<'_, '_>, reader: &mut Reader<'_>) -> Option<RewriteStep> {
    let place = place(own, reader)?;
    let item = required(fields, "to", reader)?;
    let to = match value(item, reader)? {
        datafog_core::Value::Bool(flag) => RewriteValue::Bool(flag),
        datafog_core::Value::Integer(number) => RewriteValue::Integer(number),
        datafog_core::Value::Text(text) => RewriteValue::Text(text),
        datafog_core::Value::Float(_)
        | datafog_core::Value::List(_)
        | datafog_core::Value::Null
        | datafog_core::Value::Table(_) => {
            reader.error(item.span(), "expected a text, a whole number, `true` or `false`");
            return None;
        }
    };
    Some(RewriteStep::Set { place, to })
}

fn example(
    item: &Item<'_>,
    rewrite: &CustomRewrite,
    reader: &mut Reader<'_>,
) -> Option<RewriteExample> {
    let fields = reader.fields(item, &["after", "before", "tool"])?;
    let tool = fields.item("tool").map(|item| reader.text(item).map(str::to_owned));
    let is_tool = tool.is_some();
    let mut side = |key: &str| {
        let item = required(&fields, key, reader)?;
        Some(match is_tool {
            true => RewriteSample::Arguments(value(item, reader)?),
            false => RewriteSample::Command(reader.text(item)?.to_owned()),
        })
    };
    let (before, after) = (side("before"), side("after"));
    let place = reader.source.diagnostic(Level::Error, item.span(), String::new());
    let (tool, rewrite) = (tool.unwrap_or(Some(String::new()))?, rewrite.clone());
    Some(RewriteExample { rewrite, tool, before: before?, after: after?, place })
}
