//! A command line given after `--`: what `check`, `explain` and `run` are asked about.

use std::borrow::Cow;
use std::ffi::{CString, OsString};
use std::os::unix::ffi::OsStrExt;

use anyhow::Result;
use clap::Args;
use datafog_core::{Mode, Value};
use datafog_gate::{Call, Notice, Purpose, Request};

use crate::exit_code::ExitCode;
use crate::report::Advised;

/// The command and its arguments.
#[derive(Args, Debug)]
pub(super) struct CommandLine {
    /// The command and its arguments, after `--`
    #[arg(
        value_name = "COMMAND",
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub(super) words: Vec<OsString>,
}

/// The request that asks the gate about `words`.
pub(super) fn request(words: &[OsString], purpose: Purpose, mode: Option<Mode>) -> Result<Request> {
    let word = |word: &OsString| match CString::new(word.as_bytes()) {
        Ok(word) => Ok(Cow::Owned(word)),
        Err(_) => Err(Advised::usage("an argument holds a zero byte", "no program can receive it")),
    };
    let argv = words.iter().map(word).collect::<Result<_>>()?;
    Ok(Request {
        argv,
        call: Call::ByPath,
        purpose,
        mode,
        policy: None,
        misnamed: None,
        tool: None,
    })
}

/// The error for a question that the gate could not even begin to answer.
pub(super) fn unanswered(notice: &Notice) -> anyhow::Error {
    let hint = notice.instead.clone().unwrap_or_else(|| "run `datafog doctor`".to_owned());
    Advised { message: notice.what.clone(), hint, code: ExitCode::Io }.into()
}

/// A command, or a call of a tool: what `check` is asked about.
#[derive(Args, Debug)]
pub(super) struct Question {
    #[command(flatten)]
    pub(super) tool: ToolLine,
    /// The command and its arguments, after `--`
    #[arg(
        value_name = "COMMAND",
        required_unless_present = "tool",
        conflicts_with = "tool",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub(super) words: Vec<OsString>,
}

impl Question {
    /// The request that asks the gate.
    pub(super) fn request(&self, purpose: Purpose) -> Result<Request> {
        match self.tool.request(purpose)? {
            Some(request) => Ok(request),
            None => request(&self.words, purpose, None),
        }
    }
}

/// A call of a tool in place of a command.
#[derive(Args, Debug)]
pub(super) struct ToolLine {
    /// Judge a call of this tool in place of a command
    #[arg(long, value_name = "NAME")]
    pub(super) tool: Option<String>,
    /// The tool's arguments, a table in JSON
    #[arg(
        long,
        value_name = "JSON",
        requires = "tool",
        default_value = "{}",
        hide_default_value = true
    )]
    args: String,
}

impl ToolLine {
    /// The request that asks the gate about the call, when there is one.
    pub(super) fn request(&self, purpose: Purpose) -> Result<Option<Request>> {
        let Some(name) = &self.tool else { return Ok(None) };
        let arguments: Value = serde_json::from_str(&self.args).map_err(|error| {
            let message = format!("the arguments of the tool cannot be read: {error}");
            Advised::usage(message, "write them as one table in JSON: `--args '{\"path\":\"…\"}'`")
        })?;
        if !matches!(arguments, Value::Table(_)) {
            let hint = "write them as one table in JSON: `--args '{\"path\":\"…\"}'`";
            return Err(Advised::usage("the arguments of a tool are a table", hint));
        }
        let tool = Some((name.clone(), arguments));
        Ok(Some(Request { tool, ..request(&[], purpose, None)? }))
    }
}
