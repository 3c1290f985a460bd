//! A command line given after `--`: what `check`, `explain` and `run` are asked about.

use std::borrow::Cow;
use std::ffi::{CString, OsString};
use std::os::unix::ffi::OsStrExt;

use anyhow::Result;
use clap::Args;
use datafog_core::Mode;
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
    Ok(Request { argv, call: Call::ByPath, purpose, mode, policy: None, misnamed: None })
}

/// The error for a question that the gate could not even begin to answer.
pub(super) fn unanswered(notice: &Notice) -> anyhow::Error {
    let hint = notice.instead.clone().unwrap_or_else(|| "run `datafog doctor`".to_owned());
    Advised { message: notice.what.clone(), hint, code: ExitCode::Io }.into()
}
