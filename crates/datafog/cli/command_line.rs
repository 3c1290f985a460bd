//! A command line given after `--`: what `check`, `explain` and `run` are asked about.

use std::borrow::Cow;
use std::ffi::{CString, OsStr, OsString};
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
    Ok(Request { mode, ..Request::of(argv, Call::ByPath, purpose) })
}

/// The request that asks the gate about a line, as `sh -c` would run it.
pub(super) fn line_request(line: &OsStr, purpose: Purpose, mode: Option<Mode>) -> Result<Request> {
    let words = [OsStr::new("sh"), OsStr::new("-c"), line].map(OsStr::to_owned);
    Ok(Request { is_line: true, ..request(&words, purpose, mode)? })
}

/// The error for a question that the gate could not even begin to answer.
pub(super) fn unanswered(notice: &Notice) -> anyhow::Error {
    let hint = notice.instead.clone().unwrap_or_else(|| "run `datafog doctor`".to_owned());
    Advised { message: notice.what.clone(), hint, code: ExitCode::Io }.into()
}

/// A command, a line for a shell, or a call of a tool: what `check` is asked about.
#[derive(Args, Debug)]
pub(super) struct Question {
    #[command(flatten)]
    pub(super) other: Other,
    /// The command and its arguments, after `--`
    #[arg(
        value_name = "COMMAND",
        required_unless_present_any = ["tool", "line"],
        conflicts_with_all = ["tool", "line"],
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub(super) words: Vec<OsString>,
}

impl Question {
    /// The request that asks the gate.
    pub(super) fn request(&self, purpose: Purpose) -> Result<Request> {
        match self.other.request(purpose)? {
            Some(request) => Ok(request),
            None => request(&self.words, purpose, None),
        }
    }
}

/// A line for a shell, or a call of a tool, in place of a command.
#[derive(Args, Debug)]
pub(super) struct Other {
    /// Judge this line for a shell, as `sh -c LINE` would run it, in place of a command
    #[arg(short = 'c', value_name = "LINE", conflicts_with = "tool", allow_hyphen_values = true)]
    line: Option<OsString>,
    /// Judge a call of this tool in place of a command
    #[arg(long, value_name = "NAME")]
    tool: Option<String>,
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

impl Other {
    /// Whether there is one.
    pub(super) const fn is_given(&self) -> bool {
        self.line.is_some() || self.tool.is_some()
    }

    /// The request that asks the gate about it, when there is one.
    pub(super) fn request(&self, purpose: Purpose) -> Result<Option<Request>> {
        if let Some(line) = &self.line {
            return line_request(line, purpose, None).map(Some);
        }
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
