//! `cap-http-timeout`: no request waits longer than half a minute.

use datafog_core::Value;

use super::Builtin;
use crate::Refusal;
use crate::command::Command;
use crate::custom::{capped, put_option};
use crate::draft::Draft;
use crate::tool::{Call, is_named, members};

pub(super) const REWRITE: Builtin = Builtin {
    name: "cap-http-timeout",
    summary: "a request waits at most 30 seconds",
    command: Some(command),
    tool: Some(tool),
};

/// The most, in seconds.
const SECONDS: i64 = 30;

/// The most, in milliseconds.
const MILLISECONDS: i64 = 30_000;

/// Arguments of tools that are a time-out in milliseconds; `timeout` is one by custom.
const IN_MILLISECONDS: &[&str] =
    &["timeout", "timeout_ms", "timeout_millis", "timeout_milliseconds"];

/// Arguments that are one in seconds.
const IN_SECONDS: &[&str] =
    &["max_time", "timeout_s", "timeout_sec", "timeout_secs", "timeout_seconds"];

/// The option of each program that bounds the whole request.
const OPTIONS: [(&str, &str); 2] = [("curl", "--max-time"), ("wget", "--timeout")];

fn command(command: &Command<'_>, draft: &mut Draft) -> Result<(), Refusal> {
    let Some((_, option)) = OPTIONS.iter().find(|(program, _)| *program == command.program())
    else {
        return Ok(());
    };
    let last = command.option(option);
    let value = last.and_then(|option| option.value.as_ref()?.to_str()?.parse::<f64>().ok());
    if value.is_some_and(|value| value > 0.0 && value <= 30.0) {
        return Ok(());
    }
    put_option(option, Some(&SECONDS.to_string()), command, draft)
}

#[expect(clippy::unnecessary_wraps, reason = "the form that all rewrites of calls have")]
fn tool(_: &Call<'_>, arguments: &mut Value) -> Result<(), Refusal> {
    let Some(all) = members(arguments) else { return Ok(()) };
    let mut any = false;
    for (name, value) in all.iter_mut() {
        let most = match () {
            () if is_named(name, IN_SECONDS) => SECONDS,
            () if is_named(name, IN_MILLISECONDS) => MILLISECONDS,
            () => continue,
        };
        any = true;
        capped(value, most);
    }
    if !any {
        all.push(("timeout".to_owned(), Value::Integer(MILLISECONDS)));
    }
    Ok(())
}
