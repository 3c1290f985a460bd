//! What is asked of one value of a tool call.
//!
//! A value of another type than an operator asks for cannot be compared, and the answer is
//! unknown: a caller that writes `"1000"` for `1000` does not slip below a limit. Of a list every
//! operator but those of lengths and `contains` asks the elements.

use core::cmp::Ordering;
use core::fmt;
use std::borrow::Cow;

use datafog_core::{HostName, Value};
use serde::{Deserialize, Serialize};

use super::{host, values};
use crate::Truth;
use crate::bytes::List;
use crate::condition::place::{self, Network};
use crate::glob;
use crate::pattern::Pattern;
use crate::read::{Fields, Item, Reader};
use crate::truth::Which;

/// The keys that ask something of a value, sorted.
pub(super) const NAMES: [&str; 19] = [
    "between",
    "cidr",
    "contains",
    "domain_in",
    "domain_not_in",
    "eq",
    "exists",
    "gt",
    "gte",
    "length_eq",
    "length_gt",
    "length_gte",
    "length_lt",
    "length_lte",
    "like",
    "lt",
    "lte",
    "matches",
    "one_of",
];

/// One question about a value.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Operator<'a> {
    Between(Number, Number),
    Cidr(Vec<Network>),
    #[serde(borrow)]
    Contains(Scalar<'a>),
    Domain {
        #[serde(borrow)]
        patterns: List<'a>,
        inside: bool,
    },
    Exists(bool),
    Length(Comparison, u32),
    #[serde(borrow)]
    Like(List<'a>),
    #[serde(borrow)]
    Matches(Cow<'a, str>),
    Number(Comparison, Number),
    #[serde(borrow)]
    OneOf(Vec<Scalar<'a>>),
}

/// A value that others are compared with.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Scalar<'a> {
    Bool(bool),
    Number(Number),
    #[serde(borrow)]
    Text(Cow<'a, str>),
}

/// A number; never not-a-number.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) enum Number {
    Float(f64),
    Integer(i64),
}

/// How two numbers are to stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Comparison {
    Equal,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl Comparison {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
        }
    }

    const fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::Greater => ">",
            Self::GreaterOrEqual => "≥",
            Self::Less => "<",
            Self::LessOrEqual => "≤",
        }
    }
}

const NUMBERS: [(&str, Comparison); 4] = [
    ("gt", Comparison::Greater),
    ("gte", Comparison::GreaterOrEqual),
    ("lt", Comparison::Less),
    ("lte", Comparison::LessOrEqual),
];

const LENGTHS: [(&str, Comparison); 5] = [
    ("length_eq", Comparison::Equal),
    ("length_gt", Comparison::Greater),
    ("length_gte", Comparison::GreaterOrEqual),
    ("length_lt", Comparison::Less),
    ("length_lte", Comparison::LessOrEqual),
];

/// Reads every operator of the table; `None` when something was reported.
pub(super) fn read(
    fields: &Fields<'_, '_>,
    reader: &mut Reader<'_>,
) -> Option<Vec<Operator<'static>>> {
    let mut all: Vec<Option<Operator<'static>>> = Vec::new();
    for name in NAMES {
        if let Some(item) = fields.item(name) {
            all.push(read_one(name, item, reader));
        }
    }
    let all: Vec<Operator<'static>> = all.into_iter().collect::<Option<_>>()?;
    let absent = all.iter().any(|one| matches!(one, Operator::Exists(false)));
    if absent && all.len() > 1 {
        let help = "an argument that does not exist has no value to ask about";
        reader.error_with_help(fields.key_span("exists"), "the rule can never fire", help);
        return None;
    }
    if !possible(&all) {
        let help = "no value answers all that is asked of it";
        reader.error_with_help(fields.span.clone(), "the rule can never fire", help);
        return None;
    }
    Some(all)
}

/// Whether some value can answer all of `operators`: one of those that are listed, a number, a
/// length.
fn possible(operators: &[Operator<'_>]) -> bool {
    let listed = operators
        .iter()
        .find_map(|one| if let Operator::OneOf(scalars) = one { Some(scalars) } else { None });
    let holds = |scalar: &Scalar<'_>| test(operators, &scalar.value(), Which::Any) == Truth::True;
    if let Some(scalars) = listed {
        return scalars.iter().any(holds);
    }
    let (numbers, lengths) = limits(operators);
    // Of real numbers one lies at a limit or between two; of whole ones at a limit or beside it.
    let mut sorted: Vec<f64> = numbers.iter().map(|(_, limit)| limit.float()).collect();
    sorted.sort_by(|one, other| order(*one, *other));
    let between = sorted.windows(2).map(|pair| pair.iter().sum::<f64>() / 2.0);
    let edges = [sorted.first().map(|it| it - 1.0), sorted.last().map(|it| it + 1.0)];
    let some = between.chain(edges.into_iter().flatten()).map(Number::Float);
    let beside = |at: &i64| [at.saturating_sub(1), *at, at.saturating_add(1)];
    let whole = lengths.iter().flat_map(|(_, at)| beside(at)).filter(|at| *at >= 0);
    let lengths: Limits = lengths.iter().map(|(how, at)| (*how, Number::Integer(*at))).collect();
    answers(&numbers, some.chain(numbers.iter().map(|(_, limit)| *limit)))
        && answers(&lengths, whole.map(Number::Integer))
}

/// How a number stands to each of some others.
type Limits = Vec<(Comparison, Number)>;

/// What is asked of a number, and of a length.
fn limits(operators: &[Operator<'_>]) -> (Limits, Vec<(Comparison, i64)>) {
    let (mut numbers, mut lengths) = (Vec::new(), Vec::new());
    for one in operators {
        match one {
            Operator::Between(low, high) => {
                numbers.push((Comparison::GreaterOrEqual, *low));
                numbers.push((Comparison::LessOrEqual, *high));
            }
            Operator::Number(comparison, limit) => numbers.push((*comparison, *limit)),
            Operator::Length(comparison, length) => lengths.push((*comparison, i64::from(*length))),
            Operator::Cidr(_)
            | Operator::Contains(_)
            | Operator::Domain { .. }
            | Operator::Exists(_)
            | Operator::Like(_)
            | Operator::Matches(_)
            | Operator::OneOf(_) => {}
        }
    }
    (numbers, lengths)
}

/// Whether one of `candidates` stands to every limit as it should; true without limits.
fn answers(limits: &[(Comparison, Number)], mut candidates: impl Iterator<Item = Number>) -> bool {
    let all = |number: Number| limits.iter().all(|(how, limit)| how.holds(number.compare(*limit)));
    limits.is_empty() || candidates.any(all)
}

fn read_one(name: &str, item: &Item<'_>, reader: &mut Reader<'_>) -> Option<Operator<'static>> {
    if let Some((_, comparison)) = NUMBERS.iter().find(|(known, _)| *known == name) {
        return Some(Operator::Number(*comparison, number(item, reader)?));
    }
    if let Some((_, comparison)) = LENGTHS.iter().find(|(known, _)| *known == name) {
        let length = length(item, reader)?;
        let refused = match comparison {
            Comparison::GreaterOrEqual if length == 0 => "every length is at least 0",
            Comparison::Less if length == 0 => "no length is below 0",
            Comparison::Equal
            | Comparison::Greater
            | Comparison::GreaterOrEqual
            | Comparison::Less
            | Comparison::LessOrEqual => return Some(Operator::Length(*comparison, length)),
        };
        reader.error_with_help(item.span(), refused, "compare with 1, or leave it out");
        return None;
    }
    Some(match name {
        "between" => between(item, reader)?,
        "cidr" => Operator::Cidr(networks(item, reader)?),
        "contains" => Operator::Contains(part(item, reader)?),
        "domain_in" => Operator::Domain { patterns: host::names(item, reader)?, inside: true },
        "domain_not_in" => Operator::Domain { patterns: host::names(item, reader)?, inside: false },
        "eq" => Operator::OneOf(vec![scalar(item, reader)?]),
        "exists" => Operator::Exists(reader.flag(item)?),
        "like" => Operator::Like(values::globs(item, reader)?),
        "matches" => Operator::Matches(Cow::Owned(reader.regex(item)?.to_owned())),
        _ => Operator::OneOf(scalars(item, reader)?),
    })
}

fn number(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<Number> {
    let value = item.get_ref();
    let integer =
        value.as_integer().and_then(|it| i64::from_str_radix(it.as_str(), it.radix()).ok());
    let float = || value.as_float()?.as_str().parse::<f64>().ok().filter(|it| it.is_finite());
    let number = integer.map(Number::Integer).or_else(|| float().map(Number::Float));
    if number.is_none() {
        reader.error(item.span(), "expected a number");
    }
    number
}

fn length(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<u32> {
    let integer = item.get_ref().as_integer();
    let length = integer.and_then(|it| u32::from_str_radix(it.as_str(), it.radix()).ok());
    if length.is_none() {
        reader.error(item.span(), "expected a whole number of at least 0");
    }
    length
}

/// A part of a text, or an element of a list; the empty text is a part of every text.
fn part(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<Scalar<'static>> {
    if item.get_ref().as_str().is_some_and(str::is_empty) {
        let help = "for one that is empty write `eq = \"\"`";
        reader.error_with_help(item.span(), "every text contains the empty one", help);
        return None;
    }
    scalar(item, reader)
}

fn between(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<Operator<'static>> {
    let items = item.get_ref().as_array();
    let ends = items.filter(|items| items.len() == 2).map(|items| (items.first(), items.get(1)));
    let Some((Some(low), Some(high))) = ends else {
        reader.error(item.span(), "expected two numbers, `[low, high]`; both belong to it");
        return None;
    };
    let (low, high) = (number(low, reader)?, number(high, reader)?);
    if low.compare(high).is_gt() {
        reader.error(item.span(), "nothing lies between: write the lower end first");
        return None;
    }
    Some(Operator::Between(low, high))
}

fn networks(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<Vec<Network>> {
    let texts = reader.texts(item)?;
    let mut networks = Vec::new();
    for text in texts {
        match Network::parse(text.get_ref()) {
            Some(network) => {
                if let Some(first) = network.first() {
                    let message = format!("`{network}` is the network `{first}`");
                    let help = "write that, or a longer prefix, if one address was meant";
                    reader.warn(text.span(), message, help);
                }
                networks.push(network);
            }
            None => {
                let help = "write an address and the length of its prefix: `10.0.0.0/8`";
                reader.error_with_help(text.span(), "this is no network in cidr notation", help);
                return None;
            }
        }
    }
    Some(networks)
}

fn scalar(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<Scalar<'static>> {
    let value = item.get_ref();
    if let Some(text) = value.as_str() {
        return Some(Scalar::Text(Cow::Owned(text.to_owned())));
    }
    if let Some(flag) = value.as_bool() {
        return Some(Scalar::Bool(flag));
    }
    if value.as_integer().is_some() || value.as_float().is_some() {
        return number(item, reader).map(Scalar::Number);
    }
    let help = "for one of several values write `one_of = [\"…\", \"…\"]`";
    reader.error_with_help(item.span(), "expected a text, a number, or true or false", help);
    None
}

fn scalars(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<Vec<Scalar<'static>>> {
    let Some(items) = item.get_ref().as_array().filter(|items| !items.is_empty()) else {
        reader.error(item.span(), "expected a list with at least one value");
        return None;
    };
    let mut scalars: Vec<Scalar<'static>> = Vec::new();
    for item in items {
        let one = scalar(item, reader)?;
        if scalars.iter().any(|other| other.equals(&one.value()) == Truth::True) {
            reader.error(item.span(), format!("{one} is listed twice"));
            return None;
        }
        scalars.push(one);
    }
    Some(scalars)
}

/// Whether `value` answers all of `operators`; `which` of its elements, when it is a list: one and the
/// same element answers all that is asked of elements.
pub(super) fn test(operators: &[Operator<'_>], value: &Value, which: Which) -> Truth {
    let each = |one: &&Operator<'_>| !one.asks_whole(value);
    let whole = operators.iter().filter(|one| one.asks_whole(value));
    let whole = whole.map(|one| one.test(value)).fold(Truth::True, Truth::and);
    if operators.iter().any(|one| each(&one)) {
        let each: Vec<&Operator<'_>> = operators.iter().filter(each).collect();
        return whole.and(test_each(&each, value, which));
    }
    whole
}

/// Whether one value, or `which` of the elements of a list, however deep, answers all.
fn test_each(operators: &[&Operator<'_>], value: &Value, which: Which) -> Truth {
    let Value::List(items) = value else {
        return operators.iter().map(|one| one.test(value)).fold(Truth::True, Truth::and);
    };
    which.join(items.iter().map(|item| test_each(operators, item, which)))
}

impl Operator<'_> {
    /// Whether a value is to be there, when that is what is asked.
    pub(super) const fn existence(&self) -> Option<bool> {
        if let Self::Exists(wanted) = self { Some(*wanted) } else { None }
    }

    /// Whether it asks a value as a whole, and not the elements of a list.
    const fn asks_whole(&self, value: &Value) -> bool {
        !matches!(value, Value::List(_))
            || matches!(self, Self::Contains(_) | Self::Exists(_) | Self::Length(..))
    }

    fn test(&self, value: &Value) -> Truth {
        match (self, value) {
            (Self::Exists(wanted), _) => Truth::of(*wanted),
            (Self::Length(comparison, length), _) => {
                let counted = count(value).map(|count| count.cmp(&u64::from(*length)));
                counted.map_or(Truth::Unknown, |order| Truth::of(comparison.holds(order)))
            }
            (Self::Contains(part), Value::List(items)) => {
                Which::Any.join(items.iter().map(|item| part.equals(item)))
            }
            (Self::OneOf(known), _) => Which::Any.join(known.iter().map(|one| one.equals(value))),
            (Self::Number(comparison, limit), _) => match Number::of(value) {
                Some(number) => Truth::of(comparison.holds(number.compare(*limit))),
                None => Truth::Unknown,
            },
            (Self::Between(low, high), _) => match Number::of(value) {
                Some(number) => {
                    Truth::of(number.compare(*low).is_ge() && number.compare(*high).is_le())
                }
                None => Truth::Unknown,
            },
            (_, Value::Text(text)) => self.test_text(text),
            _ => Truth::Unknown,
        }
    }

    fn test_text(&self, text: &str) -> Truth {
        match self {
            Self::Contains(Scalar::Text(part)) => Truth::of(text.contains(part.as_ref())),
            Self::Like(globs) => {
                Truth::of(globs.raw().any(|glob| glob::matches(glob, text.as_bytes())))
            }
            Self::Matches(regex) => Pattern::new(regex).found_in(text.as_bytes()),
            Self::Cidr(networks) => match place::host_of(text) {
                Some(host) if host.is_loopback() && !matches!(host, HostName::Ip(_)) => {
                    Truth::of(networks.iter().any(Network::has_loopback))
                }
                Some(HostName::Ip(ip)) => Truth::of(networks.iter().any(|one| one.has(ip))),
                // Which address a name has is not asked for.
                _ => Truth::Unknown,
            },
            Self::Domain { patterns, inside } => match place::host_of(text) {
                Some(host) => {
                    let found = patterns.iter().any(|pattern| host.matches(pattern));
                    Truth::of(found == *inside)
                }
                None => Truth::Unknown,
            },
            Self::Between(..)
            | Self::Contains(_)
            | Self::Exists(_)
            | Self::Length(..)
            | Self::Number(..)
            | Self::OneOf(_) => Truth::Unknown,
        }
    }
}

/// How long a value is: letters of a text, elements of a list, members of a table.
fn count(value: &Value) -> Option<u64> {
    match value {
        Value::Text(text) => Some(text.chars().count() as u64),
        Value::List(items) => Some(items.len() as u64),
        Value::Table(members) => Some(members.len() as u64),
        Value::Bool(_) | Value::Float(_) | Value::Integer(_) | Value::Null => None,
    }
}

impl Scalar<'_> {
    /// As an argument would hold it.
    fn value(&self) -> Value {
        match self {
            Self::Bool(flag) => Value::Bool(*flag),
            Self::Number(Number::Float(float)) => Value::Float(*float),
            Self::Number(Number::Integer(integer)) => Value::Integer(*integer),
            Self::Text(text) => Value::Text(text.clone().into_owned()),
        }
    }

    fn equals(&self, value: &Value) -> Truth {
        match (self, value) {
            (Self::Text(wanted), Value::Text(text)) => Truth::of(wanted == text),
            (Self::Bool(wanted), Value::Bool(flag)) => Truth::of(wanted == flag),
            (Self::Number(wanted), _) => match Number::of(value) {
                Some(number) => Truth::of(number.compare(*wanted).is_eq()),
                None => Truth::Unknown,
            },
            (Self::Text(_) | Self::Bool(_), _) => Truth::Unknown,
        }
    }
}

impl Number {
    #[expect(
        clippy::cast_precision_loss,
        reason = "beyond 2^53 a whole number is compared as the nearest float"
    )]
    const fn float(self) -> f64 {
        match self {
            Self::Float(float) => float,
            Self::Integer(integer) => integer as f64,
        }
    }

    const fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Integer(integer) => Some(Self::Integer(*integer)),
            Value::Float(float) => Some(Self::Float(*float)),
            Value::Bool(_) | Value::List(_) | Value::Null | Value::Table(_) | Value::Text(_) => {
                None
            }
        }
    }

    fn compare(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Integer(one), Self::Integer(other)) => one.cmp(&other),
            (one, other) => order(one.float(), other.float()),
        }
    }
}

/// JSON and TOML as they are read here hold no not-a-number; zero has one sign.
fn order(one: f64, other: f64) -> Ordering {
    one.partial_cmp(&other).unwrap_or(Ordering::Equal)
}

impl fmt::Display for Operator<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Between(low, high) => write!(f, "between {low} and {high}"),
            Self::Cidr(networks) => {
                let shown: Vec<String> = networks.iter().map(ToString::to_string).collect();
                write!(f, "in {}", shown.join(", "))
            }
            Self::Contains(part) => write!(f, "contains {part}"),
            Self::Domain { patterns, inside: true } => write!(f, "at {}", patterns.shown()),
            Self::Domain { patterns, inside: false } => write!(f, "not at {}", patterns.shown()),
            Self::Exists(true) => f.write_str("is there"),
            Self::Exists(false) => f.write_str("is not there"),
            Self::Length(comparison, length) => write!(f, "length {} {length}", comparison.sign()),
            Self::Like(globs) => write!(f, "like {}", globs.shown()),
            Self::Matches(regex) => write!(f, "matches `{regex}`"),
            Self::Number(comparison, limit) => write!(f, "{} {limit}", comparison.sign()),
            Self::OneOf(known) => {
                let shown: Vec<String> = known.iter().map(ToString::to_string).collect();
                write!(f, "is {}", shown.join(" or "))
            }
        }
    }
}

impl fmt::Display for Scalar<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(flag) => write!(f, "{flag}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => write!(f, "`{text}`"),
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Float(float) => write!(f, "{float}"),
            Self::Integer(integer) => write!(f, "{integer}"),
        }
    }
}

#[cfg(test)]
#[path = "operator/tests.rs"]
mod tests;
