//! The shim's face: stands for a program until the gate lets it become that program.
//!
//! Nothing is printed when the command may run. This file decides nothing; it turns what the
//! process was started with into a request and the gate's answer into words and an exit code.

use std::ffi::OsStr;
use std::io::Write;

use datafog_config::{Host, Layout};
use datafog_gate::{Call, Ended, Error, Gate, Notice, Outcome, Purpose, Request};

use crate::exit_code::ExitCode;
use crate::foreign::Systems;
use crate::tty::Tty;

#[cfg(debug_assertions)]
mod failure;

/// Gates the command that this process was started as. Returns only when it did not run.
pub(crate) fn run(host: &Host) -> u8 {
    let before = (host.arguments().to_vec(), host.environment().to_vec(), host.executed());
    std::panic::set_hook(Box::new(move |_| {
        let host = Host::new(before.0.clone(), before.1.clone()).executed_as(before.2);
        datafog_start::exit(gate(&host, |gate, request| gate.after_panic(request)));
    }));
    gate(host, |gate, request| {
        #[cfg(debug_assertions)]
        failure::provoke(host);
        gate.run(request)
    })
}

/// Opens the gate of the installation that this binary belongs to and passes the request through
/// `way`.
fn gate(host: &Host, way: impl FnOnce(&Gate<'_>, &Request) -> Outcome) -> u8 {
    let argv = host.arguments().iter().map(|argument| (*argument).into()).collect();
    let mut request = Request::of(argv, Call::ByName, Purpose::Run);
    let installation = host.user().and_then(|user| Ok((user, Layout::of_running_binary(user)?)));
    match installation {
        Ok((user, (layout, own))) => {
            request.misnamed = misnamed(host, &layout).map(OsStr::to_owned);
            answer(
                &request,
                way(
                    &Gate::new(host, &layout, own, user).with_foreign(&Systems).with_terminal(&Tty),
                    &request,
                ),
            )
        }
        // Without an installation there is no mode to ask: nothing runs.
        Err(error) => {
            let name = request.name().to_string_lossy();
            say(&Notice::for_failure(None, &name, &Error::Config(error)));
            ExitCode::Failed.into()
        }
    }
}

/// The name of the wrapper that was executed, when `argv[0]` names another command and that one is
/// not wrapped: a caller may write anything there, and would get a program that nobody asked for.
fn misnamed(host: &Host, layout: &Layout) -> Option<&'static OsStr> {
    let (name, executed) = (host.program_name(), host.executed_name()?);
    let agrees = name == executed || name.is_empty();
    (!agrees && !layout.shims().join(name).is_symlink()).then_some(executed)
}

/// Words and exit code for a command that did not run.
pub(crate) fn answer(request: &Request, outcome: Outcome) -> u8 {
    let name = request.name().to_string_lossy();
    match outcome {
        Outcome::Blocked(notice) => {
            say(&notice);
            notice.code
        }
        Outcome::Decided(_) => ExitCode::Failed.into(),
        Outcome::Ended(ended) => end_as(&name, &ended),
        Outcome::Missing => {
            say(&format_args!("datafog: {}: command not found\n", name.escape_debug()));
            ExitCode::Missing.into()
        }
        Outcome::NotRun(why) => {
            say(&format_args!("datafog: {}: {why}\n", name.escape_debug()));
            why.exit_code()
        }
    }
}

/// Ends as the program did that ran as our child.
fn end_as(name: &str, ended: &Ended) -> u8 {
    if let Some(why) = &ended.lost {
        let name = name.escape_debug();
        say(&format_args!("datafog: {name}: what it wrote could not be passed on: {why}\n"));
        if ended.code == 0 {
            return ExitCode::Failed.into();
        }
    }
    ended.signal.map_or(ended.code, |signal| datafog_start::die_by(signal))
}

/// Writes to standard error in one piece; when nobody listens, the exit code still tells.
fn say(text: &impl core::fmt::Display) {
    let text = text.to_string();
    datafog_start::survive_closed_pipes();
    if std::io::stderr().write_all(text.as_bytes()).is_err() {}
}
