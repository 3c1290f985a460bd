//! Rego sources, first as Rego v1, then as v0.

use core::fmt::Debug;
use core::num::NonZeroU32;
use core::time::Duration;

use regorus::utils::limits::ExecutionTimerConfig;
use regorus::{Engine, Value as RegoValue};
use serde_json::{Map, Value};

use super::slips::{meant, slips};
use super::token::{Kind, chain, tokens};
use super::{Fault, Told};

/// How long one evaluation may take.
const PATIENCE: Duration = Duration::from_millis(50);

/// Work between two looks at the clock.
const INTERVAL: u32 = 256;

/// Evaluates Rego where its memory is bounded, such as in a process of its own: a few lines can ask
/// for any amount in one step, and the interpreter looks at its clock only between steps.
pub trait Confine: Debug + Sync {
    /// What [`Rego::evaluate`] gives, or why there is no answer.
    ///
    /// # Errors
    /// In words; the policy denies then.
    fn ask(&self, rego: &Rego<'_>, input: &Value) -> Result<Value, String>;
}

/// The source of a policy that was found to be Rego.
#[derive(Clone, Copy, Debug)]
pub struct Rego<'a> {
    /// For messages.
    pub path: &'a str,
    /// What stands in the file.
    pub text: &'a str,
    /// Whether it is read as Rego v0.
    pub v0: bool,
}

impl Rego<'_> {
    /// Everything that the package defines for this input. Time is bounded, memory is not.
    ///
    /// # Errors
    /// In words: it is no Rego, or fails.
    pub fn evaluate(&self, input: &Value) -> Result<Value, String> {
        check_nesting(self.text).map_err(|fault| fault.message)?;
        parse(self.text, self.path, self.v0)?.ask(input)
    }
}

/// A policy that was read, and where it is evaluated.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    path: String,
    text: String,
    v0: bool,
    parsed: Parsed,
    confine: Option<&'static dyn Confine>,
}

/// A parsed policy.
#[derive(Clone, Debug)]
struct Parsed {
    /// Ready to be copied for each call.
    engine: Engine,
    /// Its package as a query: `data.policy`.
    package: String,
}

impl Loaded {
    pub(crate) fn load(
        text: &str,
        path: &str,
        confine: Option<&'static dyn Confine>,
    ) -> Result<(Self, Told), Vec<Fault>> {
        check_nesting(text).and_then(|()| check_names(text)).map_err(|fault| vec![fault])?;
        let (parsed, v0, mut told) = match parse(text, path, false) {
            Ok(parsed) => (parsed, false, Vec::new()),
            Err(fault) => {
                let why = one_line(&fault);
                let wrong = |_| {
                    let at = offset(text, &fault);
                    vec![Fault { at, ..Fault::new(format!("not Rego: {why}")) }]
                };
                let parsed = parse(text, path, true).map_err(wrong)?;
                let told = Fault::new(format!("read as Rego v0; as v1 it is wrong: {why}"));
                (parsed, true, vec![told])
            }
        };
        let (errors, warnings) = slips(text);
        if !errors.is_empty() {
            return Err(errors);
        }
        told.extend(warnings);
        Ok((Self { path: path.to_owned(), text: text.to_owned(), v0, parsed, confine }, told))
    }

    /// What is wrong with the policy whatever it is asked, by the failure of one question.
    pub(crate) fn fault_of(&self, error: &str) -> Option<Fault> {
        let name = error.strip_prefix("use of undefined variable `")?;
        let (name, rest) = name.split_once('`')?;
        let place = rest.rsplit_once('(').map_or("", |(_, place)| place.trim_end_matches(')'));
        let at = offset(&self.text, &format!("--> {place}"));
        let help = meant(name, &self.text)
            .unwrap_or_else(|| String::from("define a rule of that name, or a variable by `some`"));
        Some(Fault { at, ..Fault::new(format!("`{name}` is not there")).help(help) })
    }

    /// Everything the package defines for this input.
    pub(crate) fn ask(&self, input: &Value) -> Result<Value, String> {
        match self.confine {
            Some(confine) => {
                confine.ask(&Rego { path: &self.path, text: &self.text, v0: self.v0 }, input)
            }
            None => self.parsed.ask(input),
        }
    }
}

impl Parsed {
    fn ask(&self, input: &Value) -> Result<Value, String> {
        let mut engine = self.engine.clone();
        engine.set_input(RegoValue::from(input.clone()));
        let results = engine
            .eval_query(self.package.clone(), false)
            .map_err(|error| one_line(&error.to_string()))?;
        let first = results.result.first().and_then(|result| result.expressions.first());
        let mut left = MOST_VALUES;
        // An undefined value must not be read by its text.
        first.map_or(Ok(Value::Null), |expression| {
            plain(&expression.value, DEEPEST, &mut left)
                .ok_or_else(|| String::from("its answer is nested too deep or too large"))
        })
    }
}

fn parse(text: &str, path: &str, v0: bool) -> Result<Parsed, String> {
    let mut engine = Engine::new();
    engine.set_rego_v0(v0);
    engine.set_strict_builtin_errors(true);
    engine.set_gather_prints(true);
    if let Some(check_interval) = NonZeroU32::new(INTERVAL) {
        engine.set_execution_timer_config(ExecutionTimerConfig { limit: PATIENCE, check_interval });
    }
    let package =
        engine.add_policy(path.to_owned(), text.to_owned()).map_err(|error| error.to_string())?;
    // Rules that contradict the language are told here and not at the first call.
    engine.set_input(RegoValue::new_object());
    Ok(Parsed { engine, package })
}

/// Deepest answer that is read.
const DEEPEST: usize = 32;

/// Most values in an answer: one that holds itself twice, and that twice again, has few in memory
/// and more than anybody can write down.
const MOST_VALUES: usize = 100_000;

/// A value as JSON; sets as lists, what is undefined as null.
fn plain(value: &RegoValue, depth: usize, left: &mut usize) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    *left = left.checked_sub(1)?;
    Some(match value {
        RegoValue::Null | RegoValue::Undefined => Value::Null,
        RegoValue::Bool(flag) => Value::Bool(*flag),
        RegoValue::String(text) => Value::String(text.to_string()),
        RegoValue::Array(items) => {
            Value::Array(items.iter().map(|item| plain(item, depth, left)).collect::<Option<_>>()?)
        }
        RegoValue::Set(items) => {
            Value::Array(items.iter().map(|item| plain(item, depth, left)).collect::<Option<_>>()?)
        }
        RegoValue::Object(table) => {
            let mut plain_table = Map::new();
            for (key, value) in table.iter() {
                if let RegoValue::String(key) = key
                    && *value != RegoValue::Undefined
                {
                    plain_table.insert(key.to_string(), plain(value, depth, left)?);
                }
            }
            Value::Object(plain_table)
        }
        RegoValue::Number(_) => {
            value.to_json_str().ok().and_then(|text| serde_json::from_str(&text).ok())?
        }
    })
}

/// Namespaces of OPA's builtin functions.
const NAMESPACES: &[&str] = &[
    "array",
    "base64",
    "base64url",
    "bits",
    "crypto",
    "glob",
    "graph",
    "graphql",
    "hex",
    "http",
    "io",
    "json",
    "net",
    "numbers",
    "object",
    "opa",
    "providers",
    "rand",
    "regex",
    "rego",
    "semver",
    "strings",
    "time",
    "units",
    "urlquery",
    "uuid",
    "yaml",
];

/// Those of their functions that are there.
pub(super) const THERE: &[&str] = &[
    "array.concat",
    "array.reverse",
    "array.slice",
    "bits.and",
    "bits.lsh",
    "bits.negate",
    "bits.or",
    "bits.rsh",
    "bits.xor",
    "glob.match",
    "glob.quote_meta",
    "json.filter",
    "json.is_valid",
    "json.marshal",
    "json.marshal_with_options",
    "json.remove",
    "json.unmarshal",
    "net.cidr_contains",
    "numbers.range",
    "numbers.range_step",
    "object.filter",
    "object.get",
    "object.keys",
    "object.remove",
    "object.subset",
    "object.union",
    "object.union_n",
    "regex.find_n",
    "regex.is_valid",
    "regex.match",
    "regex.replace",
    "regex.split",
    "regex.template_match",
    "strings.any_prefix_match",
    "strings.any_suffix_match",
    "strings.count",
    "strings.replace_n",
    "strings.reverse",
    "units.parse",
    "units.parse_bytes",
];

/// Those that would reach out of the process.
const REACHING: &[&str] =
    &["http.send", "net.lookup_ip_addr", "opa.runtime", "providers.aws.sign_req"];

/// Refuses functions that are not there: they would only fail when the line is reached.
fn check_names(text: &str) -> Result<(), Fault> {
    for (at, name) in called(text) {
        let namespace = name.split('.').next().unwrap_or_default();
        if !name.contains('.') || !NAMESPACES.contains(&namespace) || THERE.contains(&name.as_str())
        {
            continue;
        }
        let fault = if REACHING.contains(&name.as_str()) {
            Fault::new(format!(
                "`{name}` reaches out of the policy, which a gate does not let it do"
            ))
            .help("what the policy needs to know is in `input`")
        } else {
            let near = datafog_policy::nearest(&name, THERE.iter().copied());
            let help = near.map_or_else(
                || String::from("functions for time, tokens, encodings and signatures are left out; `input.metadata` has time and caller"),
                |near| format!("did you mean `{near}`?"),
            );
            Fault::new(format!("the function `{name}` is not there")).help(help)
        };
        return Err(Fault { at, ..fault });
    }
    Ok(())
}

/// Deepest nesting of brackets. The parser tries several readings of each, so that the work doubles
/// with every level, and no clock watches over it.
const DEEPEST_BRACKETS: usize = 10;

fn check_nesting(text: &str) -> Result<(), Fault> {
    match tokens(text).into_iter().find(|token| token.depth > DEEPEST_BRACKETS) {
        None => Ok(()),
        Some(token) => {
            let message = format!("brackets are nested more than {DEEPEST_BRACKETS} deep");
            Err(Fault {
                at: token.at,
                ..Fault::new(message).help("give the inner part a name of its own")
            })
        }
    }
}

/// Dotted names before an opening bracket, with their places.
fn called(text: &str) -> Vec<(usize, String)> {
    let tokens = tokens(text);
    let mut found = Vec::new();
    let mut index = 0;
    while index < tokens.len() {
        let path = chain(&tokens, index);
        let is_call = tokens.get(path.end).is_some_and(|token| token.kind == Kind::Mark('('));
        if let (true, Some((at, _))) = (is_call, path.parts.first()) {
            let names: Vec<&str> = path.parts.iter().map(|(_, name)| *name).collect();
            found.push((*at, names.join(".")));
        }
        index = path.end.max(index.saturating_add(1));
    }
    found
}

/// The offset of the first place that the parser names (`path:LINE:COLUMN`).
fn offset(text: &str, message: &str) -> usize {
    let place = message.lines().find_map(|line| line.trim().strip_prefix("--> "));
    let mut parts = place.unwrap_or_default().rsplit(':');
    let column: usize = parts.next().and_then(|part| part.parse().ok()).unwrap_or(1);
    let line: usize = parts.next().and_then(|part| part.parse().ok()).unwrap_or(1);
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    before.saturating_add(column.saturating_sub(1)).min(text.len())
}

/// What the parser or the evaluation says, with its line, without the drawing.
fn one_line(message: &str) -> String {
    let place =
        message.lines().find_map(|line| line.trim().strip_prefix("--> ")).unwrap_or_default();
    let told = message.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
    let told = told.strip_prefix("error: ").unwrap_or(told);
    if place.is_empty() { told.to_owned() } else { format!("{told} ({place})") }
}
