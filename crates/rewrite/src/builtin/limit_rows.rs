//! `limit-query-rows`: a query without a limit of its own gets one.

use datafog_core::Value;

use super::Builtin;
use crate::command::Command;
use crate::draft::Draft;
use crate::tool::{Call, is_named, members};
use crate::{Refusal, sql};

pub(super) const REWRITE: Builtin = Builtin {
    name: "limit-query-rows",
    summary: "a query that reads gives at most 1,000 rows",
    command: Some(command),
    tool: Some(tool),
};

/// Arguments that hold a query.
const QUERIES: &[&str] = &["query", "sql", "statement"];

/// Arguments that tell its dialect.
const DIALECTS: &[&str] = &["database_type", "dialect", "driver", "engine"];

fn command(command: &Command<'_>, draft: &mut Draft) -> Result<(), Refusal> {
    if command.program() != "psql" {
        return Ok(());
    }
    let dialect = sql::dialect("psql");
    for option in command.options(&["--command"]) {
        let Some(place) = option.place else { continue };
        let word = command
            .text(place.argument)
            .ok_or_else(|| Refusal("the query only shows when the line runs".to_owned()))?;
        let (start, end) = (place.span.start(), place.span.end());
        let Some(query) = word.get(start..end).filter(|_| end == word.len()) else { continue };
        if let Some(limited) = sql::limited(query, &*dialect)? {
            let head = word.get(..start).unwrap_or_default();
            draft.replace(place.argument, format!("{head}{limited}"));
        }
    }
    Ok(())
}

fn tool(call: &Call<'_>, arguments: &mut Value) -> Result<(), Refusal> {
    let Some(all) = members(arguments) else { return Ok(()) };
    let named = all.iter().find(|(name, _)| is_named(name, DIALECTS));
    let named = named.and_then(|(_, value)| value.as_text()).map(str::to_owned);
    let by_name = || call.name.split(|it: char| !it.is_alphanumeric()).map(str::to_owned);
    let known = ["mysql", "postgres", "postgresql", "sqlite", "mssql", "oracle"];
    let dialect =
        named.or_else(|| by_name().find(|it| known.contains(&it.to_lowercase().as_str())));
    let dialect = sql::dialect(dialect.as_deref().unwrap_or_default());
    for (name, value) in all.iter_mut().filter(|(name, _)| is_named(name, QUERIES)) {
        let Value::Text(text) = value else {
            return Err(Refusal(format!(
                "`{}` is no text",
                if name.len() > 20 { "query" } else { name }
            )));
        };
        if let Some(limited) = sql::limited(text, &*dialect)? {
            *text = limited;
        }
    }
    Ok(())
}
