//! Values that several kinds of conditions take, and how they are read.

use std::borrow::Cow;

use datafog_core::{Channel, Flow, Flows};

use super::Kind;
use crate::bytes::List;
use crate::read::{Fields, Item, Reader, Sense};
use crate::spelling::nearest;
use crate::truth::Which;

/// The flows by name.
pub(super) const FLOWS: [(&str, Flow); 5] = [
    ("destroys", Flow::Destroys),
    ("enters", Flow::Enters),
    ("leaves", Flow::Leaves),
    ("loopback", Flow::Loopback),
    ("stays", Flow::Stays),
];

/// The name of a channel's kind.
pub(super) const fn channel_name(channel: &Channel) -> &'static str {
    match channel {
        Channel::Argument(_) | Channel::Arguments => "argument",
        Channel::Environment(_) => "environment",
        Channel::Field(_) => "field",
        Channel::File(_) => "file",
        Channel::Output => "output",
        Channel::Stdin => "stdin",
    }
}

/// What stands at `key`, or the default when nothing does; `None` when it was reported as wrong.
///
/// Callers read all keys before they look at the results, so that every mistake is reported.
pub(super) fn at<T: Default>(
    fields: &Fields<'_, '_>,
    key: &str,
    reader: &mut Reader<'_>,
    read: impl FnOnce(&Item<'_>, &mut Reader<'_>) -> Option<T>,
) -> Option<T> {
    match fields.item(key) {
        Some(item) => read(item, reader),
        None => Some(T::default()),
    }
}

pub(super) fn paths(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<List<'static>> {
    Some(reader.paths(item)?.into_iter().collect())
}

pub(super) fn globs(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<List<'static>> {
    Some(reader.globs(item)?.into_iter().collect())
}

/// Globs over what content is used as; a word that is nearly a known one is a slip.
pub(super) fn roles(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<List<'static>> {
    let vocabulary = reader.vocabulary;
    let known = vocabulary.roles();
    let globs = reader.globs(item)?;
    let near = |glob: &&str| {
        let is_known = known.contains(glob) || glob.contains(['*', '?', '[']);
        let near = nearest(glob, known.iter().copied()).filter(|_| !is_known)?;
        Some(((*glob).to_owned(), near.to_owned()))
    };
    if let Some((glob, near)) = globs.iter().find_map(near) {
        let help = format!("did you mean `{near}`?");
        reader.error_with_help(item.span(), format!("unknown role `{glob}`"), help);
        return None;
    }
    Some(globs.into_iter().collect())
}

/// Names of flows.
pub(super) fn flows(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<List<'static>> {
    Some(reader.words(item, "flow", &FLOWS)?.into_iter().map(Flow::name).collect())
}

/// The flows of these names.
pub(super) fn named_flows(names: &List<'_>) -> Flows {
    Flow::ALL.into_iter().filter(|flow| names.has(flow.name())).collect()
}

pub(super) fn regex(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<Option<Cow<'static, str>>> {
    Some(Some(Cow::Owned(reader.regex(item)?.to_owned())))
}

/// Names of channels out of `known`.
pub(super) fn channels(
    item: &Item<'_>,
    reader: &mut Reader<'_>,
    known: &[&'static str],
) -> Option<List<'static>> {
    let known: Vec<(&str, &str)> = known.iter().map(|name| (*name, *name)).collect();
    Some(reader.words(item, "channel", &known)?.into_iter().collect())
}

/// The key `which`, or what the place of the condition implies.
pub(super) fn which(
    fields: &Fields<'_, '_>,
    reader: &mut Reader<'_>,
    sense: Sense,
) -> Option<Which> {
    match fields.item("which") {
        None => Some(sense.which()),
        Some(item) => reader.word(item, "choice", &[("any", Which::Any), ("every", Which::Every)]),
    }
}

/// What is asked for, and how many must fit: a value alone, or `{ name, which }`.
pub(super) fn named<'i, 't>(
    item: &'i Item<'t>,
    reader: &mut Reader<'_>,
    sense: Sense,
) -> Option<(&'i Item<'t>, Which)> {
    if !item.get_ref().is_table() {
        return Some((item, sense.which()));
    }
    let fields = reader.fields(item, &["name", "which"])?;
    let which = which(&fields, reader, sense)?;
    let Some(name) = fields.item("name") else {
        reader.error(fields.span, "`name` is missing");
        return None;
    };
    Some((name, which))
}

/// Refuses `except` where there is nothing to except from.
pub(super) fn check_except(fields: &Fields<'_, '_>, reader: &mut Reader<'_>) -> Option<()> {
    if fields.item("except").is_some() && fields.item("path").is_none() {
        let help = "`except` takes paths out of `path`";
        reader.error_with_help(fields.key_span("except"), "`except` without `path`", help);
        return None;
    }
    Some(())
}

/// Refuses paths all of which `except` takes out again, word by word.
pub(super) fn check_left(
    fields: &Fields<'_, '_>,
    paths: &List<'_>,
    except: &List<'_>,
    reader: &mut Reader<'_>,
) -> Option<()> {
    let everything = ["**", "/**"].iter().any(|all| except.has(all));
    if except.is_empty() || !(everything || paths.iter().all(|path| except.has(path))) {
        return Some(());
    }
    let help = "`except` takes out everything that `path` names";
    reader.error_with_help(fields.key_span("except"), "the rule can never fire", help);
    None
}

/// Globs over the names of something that there always is: `*` would say nothing.
pub(super) fn names(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<List<'static>> {
    let names = reader.names(item)?;
    if names.contains(&"*") {
        let help = "leave the condition out, or name some";
        reader.error_with_help(
            item.span(),
            "`*` fits every name, so the condition always holds",
            help,
        );
        return None;
    }
    Some(names.into_iter().collect())
}

/// Warns of a pattern that every value fits, where not every call has one.
pub(super) fn warn_of_any(item: &Item<'_>, names: &[&str], what: &str, reader: &mut Reader<'_>) {
    if names.contains(&"*") {
        let message = format!("`*` fits every {what}, so only calls without one are left out");
        reader.warn(item.span(), message, "name some, if not all are meant");
    }
}

/// Refuses a table that holds nothing but `which`.
pub(super) fn check_something(
    fields: &Fields<'_, '_>,
    about: &str,
    reader: &mut Reader<'_>,
) -> Option<()> {
    if fields.table.keys().all(|key| key.get_ref() == "which") {
        let message = format!("the condition says nothing about the {about}");
        reader.error(fields.span.clone(), message);
        return None;
    }
    Some(())
}

/// Refuses a condition on what others say of themselves where it would let something through.
pub(super) fn refuse_hearsay(
    kind: &Kind,
    item: &Item<'_>,
    reader: &mut Reader<'_>,
    sense: Sense,
) -> Option<()> {
    if sense.which() == Which::Any {
        return Some(());
    }
    let message = format!("`{}` cannot let anything through", kind.about.name);
    let help = "any process can claim it; use `user`, `group`, `cwd` or `repository`";
    reader.error_with_help(item.span(), message, help);
    None
}

/// A time such as `30s`, `5m`, `1h`, `1d`, in seconds.
pub(crate) fn duration(item: &Item<'_>, reader: &mut Reader<'_>, longest: u32) -> Option<u32> {
    let text = reader.text(item)?;
    let unit = text.chars().last();
    let seconds = match unit {
        Some('s') => Some(1_u32),
        Some('m') => Some(60),
        Some('h') => Some(60 * 60),
        Some('d') => Some(24 * 60 * 60),
        Some(_) | None => None,
    };
    let number = text.get(..text.len().saturating_sub(1)).and_then(|it| it.parse::<u32>().ok());
    let whole = number.zip(seconds).and_then(|(number, unit)| number.checked_mul(unit));
    match whole.filter(|whole| *whole > 0) {
        None => {
            let help = "write a number and a unit: `30s`, `5m`, `1h` or `1d`";
            reader.error_with_help(item.span(), "this is no length of time", help);
            None
        }
        Some(whole) if whole > longest => {
            reader.error(item.span(), format!("at most {longest} seconds are possible"));
            None
        }
        Some(whole) => Some(whole),
    }
}

/// "like `a`, `b`", or nothing when the list is empty.
pub(super) fn shown(what: &str, list: &List<'_>) -> Option<String> {
    (!list.is_empty()).then(|| format!("{what} {}", list.shown()))
}
