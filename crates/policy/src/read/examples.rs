//! Reads the `match` and `not_match` examples of a rule.

use datafog_core::{Channel, Confidence, LocalTime, Mode, PrincipalKind, Value};

use super::reader::{Fields, Item, Reader};
use crate::condition::time;
use crate::diagnostic::Level;
use crate::example::{DeclaredFinding, Example, Stated, Word};
use crate::{glob, words};

/// The examples of the rule with these fields. What is wrong is reported.
pub(crate) fn read(fields: &Fields<'_, '_>, reader: &mut Reader<'_>) -> Vec<Example> {
    let rule = fields.item("id").and_then(|item| item.get_ref().as_str()).unwrap_or_default();
    let mut examples = Vec::new();
    for (key, matches) in [("match", true), ("not_match", false)] {
        let Some(item) = fields.item(key) else { continue };
        let Some(items) = item.get_ref().as_array() else {
            reader.error(item.span(), format!("`{key}` must be a list of examples"));
            continue;
        };
        if items.is_empty() {
            let help = "leave it out, or write a call that the rule is about";
            reader.error_with_help(item.span(), "the list is empty", help);
        }
        for item in items {
            let Some(example) = example(item, reader) else { continue };
            let example = Example { rule: rule.to_owned(), matches, ..example };
            let same =
                |one: &Example| Example { place: one.place.clone(), ..example.clone() } == *one;
            if examples.iter().any(same) {
                reader.error(item.span(), format!("`{}` is listed twice", example.shown()));
            }
            examples.push(example);
        }
    }
    examples
}

/// A command line as a string or a list, or a table with what surrounds it.
pub(super) fn example(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<Example> {
    let place = reader.source.diagnostic(Level::Error, item.span(), String::new());
    let mut example = Example::at(place);
    if !item.get_ref().is_table() {
        example.words = command_line(item, reader)?;
        return Some(example);
    }
    let fields = reader.fields(item, &KEYS)?;
    match (fields.item("run"), fields.item("tool")) {
        (Some(run), None) => example.words = command_line(run, reader)?,
        (None, Some(tool)) => {
            example.tool = Some((reader.text(tool)?.to_owned(), arguments(&fields, reader)?));
        }
        (Some(_), Some(_)) => {
            let help = "an example is a command line or a call of a tool";
            reader.error_with_help(fields.key_span("tool"), "`tool` beside `run`", help);
            return None;
        }
        (None, None) => {
            reader.error(fields.span, "`run` is missing");
            return None;
        }
    }
    if fields.item("args").is_some() && example.tool.is_none() {
        let help = "name the tool: `tool = \"…\"`";
        reader.error_with_help(fields.key_span("args"), "`args` without `tool`", help);
        return None;
    }
    surroundings(&fields, reader, &mut example)?;
    Some(example)
}

/// What a tool is called with.
fn arguments(fields: &Fields<'_, '_>, reader: &mut Reader<'_>) -> Option<Value> {
    let Some(item) = fields.item("args") else { return Some(Value::Table(Vec::new())) };
    if !item.get_ref().is_table() {
        let help = "write `args = { amount = 250 }`";
        reader.error_with_help(item.span(), "`args` must be a table of arguments", help);
        return None;
    }
    value(item, reader)
}

/// The keys of the table form, sorted.
const KEYS: [&str; 22] = [
    "agent",
    "args",
    "branch",
    "calls",
    "ci",
    "cwd",
    "finding",
    "group",
    "mode",
    "parent",
    "principal",
    "remote",
    "repository",
    "run",
    "score",
    "session",
    "tenant",
    "time",
    "tool",
    "uncommitted",
    "unscanned",
    "user",
];

/// A TOML value as the arguments of a tool hold it.
pub(super) fn value(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<Value> {
    let value = item.get_ref();
    if let Some(text) = value.as_str() {
        return Some(Value::Text(text.to_owned()));
    }
    if let Some(flag) = value.as_bool() {
        return Some(Value::Bool(flag));
    }
    if let Some(integer) = value.as_integer()
        && let Ok(integer) = i64::from_str_radix(integer.as_str(), integer.radix())
    {
        return Some(Value::Integer(integer));
    }
    if let Some(float) = value.as_float().and_then(|it| it.as_str().parse::<f64>().ok())
        && float.is_finite()
    {
        return Some(Value::Float(float));
    }
    if let Some(items) = value.as_array() {
        return items
            .iter()
            .map(|item| self::value(item, reader))
            .collect::<Option<_>>()
            .map(Value::List);
    }
    if let Some(table) = value.as_table() {
        let member = |(name, item): (&toml::Spanned<_>, &Item<'_>)| {
            Some((AsRef::<str>::as_ref(name.get_ref()).to_owned(), self::value(item, reader)?))
        };
        return table.iter().map(member).collect::<Option<_>>().map(Value::Table);
    }
    reader.error(item.span(), "an argument of a tool is what JSON can hold");
    None
}

fn surroundings(
    fields: &Fields<'_, '_>,
    reader: &mut Reader<'_>,
    example: &mut Example,
) -> Option<()> {
    if let Some(item) = fields.item("cwd") {
        let text = reader.text(item)?.to_owned();
        if !text.starts_with(['/', '~', '<']) {
            reader.error(item.span(), "write an absolute path, or one that starts with `~`");
            return None;
        }
        example.cwd = Some(Word { text, expands: true });
    }
    if let Some(item) = fields.item("agent") {
        example.agent = Some(reader.text(item)?.to_owned());
        example.principal = PrincipalKind::Agent;
    }
    if let Some(item) = fields.item("principal") {
        let known = [
            ("agent", PrincipalKind::Agent),
            ("human", PrincipalKind::Human),
            ("unknown", PrincipalKind::Unknown),
        ];
        example.principal = reader.word(item, "principal", &known)?;
    }
    if let Some(item) = fields.item("mode") {
        let known = [("enforced", Mode::Enforced), ("observe", Mode::Observe)];
        example.mode = reader.word(item, "mode", &known)?;
    }
    if let Some(item) = fields.item("unscanned") {
        example.unscanned = reader.flag(item)?;
    }
    if let Some(item) = fields.item("finding") {
        example.findings = findings(item, reader)?;
    }
    example.stated = stated(fields, reader)?;
    Some(())
}

fn stated(fields: &Fields<'_, '_>, reader: &mut Reader<'_>) -> Option<Stated> {
    let mut stated = Stated::default();
    for (key, place) in [
        ("branch", &mut stated.branch),
        ("session", &mut stated.session),
        ("tenant", &mut stated.tenant),
        ("user", &mut stated.user),
    ] {
        if let Some(item) = fields.item(key) {
            *place = Some(reader.text(item)?.to_owned());
        }
    }
    for (key, place) in [
        ("group", &mut stated.groups),
        ("parent", &mut stated.parents),
        ("remote", &mut stated.remotes),
    ] {
        if let Some(item) = fields.item(key) {
            let texts = reader.texts(item)?;
            *place = texts.into_iter().map(|text| text.into_inner().to_owned()).collect();
        }
    }
    if let Some(item) = fields.item("repository") {
        stated.repository = Some(Word { text: reader.text(item)?.to_owned(), expands: true });
    }
    if let Some(item) = fields.item("ci") {
        stated.ci = reader.flag(item)?;
    }
    if let Some(item) = fields.item("uncommitted") {
        stated.uncommitted = Some(reader.flag(item)?);
    }
    if let Some(item) = fields.item("calls") {
        stated.calls = Some(reader.count(item)?);
    }
    if let Some(item) = fields.item("score") {
        stated.score = Some(reader.count(item)?);
    }
    if let Some(item) = fields.item("time") {
        stated.time = Some(moment(item, reader)?);
    }
    Some(stated)
}

/// `mon 09:30`.
fn moment(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<LocalTime> {
    let text = reader.text(item)?;
    let moment = text.split_once(' ').and_then(|(day, clock)| {
        Some(LocalTime { weekday: time::day(day)?, minute: time::minute(clock)? })
    });
    if moment.is_none() {
        reader.error_with_help(item.span(), "this is no moment of a week", "write `mon 09:30`");
    }
    moment
}

fn command_line(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<Vec<Word>> {
    let Some(items) = item.get_ref().as_array() else {
        let line = reader.text(item)?;
        return match words::split(line) {
            Ok(words) => Some(words),
            Err(message) => {
                reader.error(item.span(), message);
                None
            }
        };
    };
    if items.is_empty() {
        reader.error(item.span(), "the example is empty");
        return None;
    }
    let word = |item: &Item<'_>| match item.get_ref().as_str() {
        // An argument may be empty, and equal arguments are nothing odd.
        Some(text) => Some(Word { text: text.to_owned(), expands: false }),
        None => {
            reader.error(item.span(), "expected a string");
            None
        }
    };
    let words: Vec<Word> = items.iter().map(word).collect::<Option<_>>()?;
    if words.first().is_some_and(|program| program.text.trim().is_empty()) {
        reader.error(item.span(), "the example names no program");
        return None;
    }
    Some(words)
}

/// An entity type, a table, or a list of these.
fn findings(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<Vec<DeclaredFinding>> {
    match item.get_ref().as_array() {
        Some(items) if items.is_empty() => {
            let help = "leave it out when nothing is found";
            reader.error_with_help(item.span(), "the list is empty", help);
            None
        }
        Some(items) => items.iter().map(|item| finding(item, reader)).collect(),
        None => Some(vec![finding(item, reader)?]),
    }
}

fn finding(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<DeclaredFinding> {
    if !item.get_ref().is_table() {
        return Some(DeclaredFinding::new(entity(item, reader)?));
    }
    let keys = ["channel", "confidence", "entity", "going_home", "severity"];
    let fields = reader.fields(item, &keys)?;
    let Some(name) = fields.item("entity") else {
        reader.error(fields.span, "`entity` is missing");
        return None;
    };
    let mut declared = DeclaredFinding::new(entity(name, reader)?);
    if let Some(item) = fields.item("confidence") {
        declared.confidence = Confidence::percent(reader.share(item)?);
    }
    if let Some(item) = fields.item("severity") {
        declared.severity = reader.word(item, "severity", &crate::read::SEVERITIES)?;
    }
    if let Some(item) = fields.item("channel") {
        declared.channel = channel(item, reader)?;
    }
    if let Some(item) = fields.item("going_home") {
        declared.going_home = Some(reader.flag(item)?);
    }
    Some(declared)
}

/// A channel as findings show it. The shown form of a field needs no word before it, but then it
/// could be any slip.
fn channel(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<Channel> {
    let text = reader.text(item)?;
    let channel = Channel::from(text.to_owned());
    if matches!(channel, Channel::Field(_)) && !text.starts_with("field:") {
        let help =
            "write `arg[2]`, `args`, `stdin`, `output`, `file:NAME`, `env:NAME` or `field:PATH`";
        reader.error_with_help(item.span(), format!("unknown channel `{text}`"), help);
        return None;
    }
    Some(channel)
}

/// An entity type, spelled out.
fn entity(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<String> {
    let text = reader.text(item)?;
    let vocabulary = reader.vocabulary;
    let known = vocabulary.entities();
    let fits = |entity: &&str| glob::matches(text.as_bytes(), entity.as_bytes());
    if text.contains('*') || !(known.is_empty() || known.iter().any(fits)) {
        reader.unknown_word(item.span(), "entity type", text, &known);
        return None;
    }
    Some(text.to_owned())
}
