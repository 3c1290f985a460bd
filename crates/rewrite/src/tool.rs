//! Changes to the arguments of a tool's call itself, where it runs no command.

use datafog_core::{Channel, Finding, Surroundings, Value};

use crate::{Demand, Refusal, Way, custom};

/// The call of a tool.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) name: &'a str,
    pub(crate) findings: &'a [Finding],
}

/// The changed arguments; `None` when nothing changes.
pub(crate) fn changed(
    name: &str,
    arguments: &Value,
    demand: &Demand<'_>,
    _world: &dyn Surroundings,
) -> Result<Option<Value>, Refusal> {
    let mut changed = arguments.clone();
    let call = Call { name, findings: demand.findings };
    match demand.way {
        Way::Builtin(builtin) => match builtin.tool {
            Some(change) => change(&call, &mut changed)?,
            None => return Ok(None),
        },
        Way::Custom(rewrite) => custom::tool(rewrite, &call, &mut changed)?,
    }
    Ok(Some(changed).filter(|changed| changed != arguments))
}

impl Call<'_> {
    /// What was found in the field at that dot path.
    pub(crate) fn found_at(&self, path: &str) -> Vec<&Finding> {
        let here = |it: &&Finding| matches!(&it.channel, Channel::Field(field) if field == path);
        self.findings.iter().filter(here).collect()
    }
}

/// The members of a table; none of anything else.
pub(crate) fn members(value: &mut Value) -> Option<&mut Vec<(String, Value)>> {
    match value {
        Value::Table(members) => Some(members),
        Value::Bool(_)
        | Value::Float(_)
        | Value::Integer(_)
        | Value::List(_)
        | Value::Null
        | Value::Text(_) => None,
    }
}

/// Whether a name is one of these, in any case and with or without `_` and `-`.
pub(crate) fn is_named(name: &str, known: &[&str]) -> bool {
    let plain = |text: &str| -> String {
        text.chars().filter(|it| it.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let name = plain(name);
    known.iter().any(|known| plain(known) == name)
}

/// Calls `change` with every text below `value`, its dot path and the name of the member that it
/// stands in.
pub(crate) fn each_text(value: &mut Value, change: &mut dyn FnMut(&str, &str, &mut String)) {
    at(value, (&mut String::new(), ""), change);
}

fn at(
    value: &mut Value,
    (path, name): (&mut String, &str),
    change: &mut dyn FnMut(&str, &str, &mut String),
) {
    let length = path.len();
    let step = |path: &mut String, part: &str| {
        path.truncate(length);
        if length > 0 {
            path.push('.');
        }
        path.push_str(part);
    };
    match value {
        Value::Text(text) => change(path, name, text),
        Value::Table(members) => {
            for (member, value) in members {
                step(path, member);
                let member = member.clone();
                at(value, (path, &member), change);
            }
        }
        Value::List(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                step(path, &index.to_string());
                at(item, (path, name), change);
            }
        }
        Value::Bool(_) | Value::Float(_) | Value::Integer(_) | Value::Null => {}
    }
    path.truncate(length);
}
