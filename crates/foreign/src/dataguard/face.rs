//! The ways one call can be looked at: as the tool it is, and as what its commands do.
//!
//! `curl http://x` in a shell is a request to a host as much as the tool `http_request` is, and
//! `psql -c 'DROP TABLE x'` is a statement to a database.

use std::borrow::Cow;

use datafog_core::ActionKind;
use serde_json::{Value, json};

use crate::call::{self, Call};
use crate::command::Command;
use crate::names::{self, Class};

/// One look at a call.
#[derive(Clone, Debug)]
pub(crate) struct Face<'a> {
    /// The tool's name, lower case.
    pub(crate) tool: String,
    pub(crate) class: Option<Class>,
    pub(crate) arguments: Cow<'a, Value>,
    /// Whether it is the call as it came.
    pub(crate) own: bool,
}

/// Programs that fetch or send over HTTP.
const HTTP: &[&str] = &["curl", "http", "https", "httpie", "wget", "xh"];

/// Programs that pass statements to a database.
pub(crate) const SQL: &[&str] =
    &["cockroach", "duckdb", "mariadb", "mysql", "mysqlsh", "psql", "sqlcmd", "sqlite3", "sqlplus"];

/// Every look at the call, its own first.
pub(crate) fn faces(call: &Call) -> Vec<Face<'_>> {
    let wrapped = call.kind == ActionKind::CommandExec.name();
    let tool = if wrapped { String::from("bash") } else { call.tool.trim().to_lowercase() };
    let class = if wrapped { Some(Class::Shell) } else { names::likely(&tool) };
    let mut all = vec![Face { tool, class, arguments: Cow::Borrowed(&call.arguments), own: true }];
    for command in &call.commands {
        let program = command.program();
        let class = match program {
            name if HTTP.contains(&name) || command.invocation.family == "http" => Class::Http,
            name if SQL.contains(&name) => Class::Database,
            _ => continue,
        };
        let field = if class == Class::Http { "url" } else { "query" };
        for text in subjects(command, class) {
            let (tool, arguments) = (program.to_owned(), Cow::Owned(json!({ field: text })));
            all.push(Face { tool, class: Some(class), arguments, own: false });
        }
    }
    all
}

/// The URLs, or the statements, that a command names.
fn subjects(command: &Command, class: Class) -> Vec<String> {
    if class == Class::Database {
        let texts = command.texts().into_iter().chain(command.fed());
        let statements = texts.filter(|text| text.contains(char::is_whitespace));
        return statements.map(Cow::into_owned).collect();
    }
    let urls = call::urls(&command.invocation);
    if !urls.is_empty() {
        return urls;
    }
    let looks =
        |word: &&str| word.contains("://") || (word.contains('.') && !word.starts_with('-'));
    command.arguments().filter(looks).map(call::with_scheme).collect()
}
