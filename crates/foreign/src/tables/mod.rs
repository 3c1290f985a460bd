//! Tables: what each system's policy says to each example, in every form a call can come in.

#[cfg(all(feature = "rego", feature = "wasm"))]
mod agentgov;
mod datafog;
mod dataguard;
mod enforgate;
mod import;
mod keys;
mod lint;
mod mutations;
mod pi;

use std::ffi::OsString;

use datafog_core::{
    Action, ActionKind, Channel, Confidence, Finding, Id, Invented, Invocation, Key, Severity, Span,
};
use datafog_policy::{Diagnostic, Given, Vocabulary};
use serde_json::{Value, json};

use crate::{Call, Format, Interpret, NoFiles, Policy};

/// Commands by the real profiles, in a world without files and variables.
pub(crate) struct Tables;

impl Interpret for Tables {
    fn interpret(&self, words: &[OsString]) -> Invocation {
        datafog_shim::interpret(words, &Invented::default())
    }
}

/// The words of the real profiles.
pub(crate) struct Words;

impl Vocabulary for Words {
    fn commands(&self) -> Vec<&str> {
        datafog_shim::profiles().map(|profile| profile.name).collect()
    }

    fn families(&self) -> Vec<&str> {
        datafog_shim::families()
    }

    fn options(&self, command: &str) -> Option<Vec<(&str, &str)>> {
        Some(datafog_shim::profile(command)?.spellings())
    }

    fn subcommands(&self, command: &str) -> Option<Vec<&str>> {
        datafog_shim::profile(command)?.subcommands()
    }

    fn has_subcommands(&self, command: &str) -> Option<bool> {
        Some(datafog_shim::profile(command)?.has_subcommands())
    }
}

pub(crate) fn load(text: &str, format: Format) -> Policy {
    Policy::load(text.as_bytes(), "p.json", Some(format), &NoFiles)
        .unwrap_or_else(|faults| panic!("{}", shown(&faults)))
}

/// Everything that was said, and that something was.
pub(crate) fn refused(text: &str, format: Format) -> String {
    let faults = Policy::load(text.as_bytes(), "p", Some(format), &NoFiles).expect_err(text);
    assert!(faults.iter().any(Diagnostic::is_error), "{text}");
    shown(&faults)
}

pub(crate) fn shown(faults: &[Diagnostic]) -> String {
    faults.iter().map(|fault| format!("{fault}\n")).collect()
}

/// A tool call in the working directory of the tables.
pub(crate) fn tool(name: &str, arguments: Value) -> Call {
    Call {
        cwd: "/home/u/work".into(),
        home: Some("/home/u".into()),
        ..Call::tool(name, arguments, &Tables)
    }
}

/// A shell text as a string, and as the list of its words when it is one plain command.
pub(crate) fn shell(text: &str) -> Vec<Call> {
    let mut forms = vec![tool("bash", json!({ "command": text }))];
    if let Some(words) = plain_words(text) {
        forms.push(tool("bash", json!({ "command": words })));
    }
    forms
}

/// The words of a text that is one command.
pub(crate) fn plain_words(text: &str) -> Option<Vec<String>> {
    let line = crate::words::split(text);
    match line.commands.as_slice() {
        [words] if !line.unclear && line.written.is_empty() && line.read.is_empty() => {
            Some(words.clone())
        }
        _ => None,
    }
}

/// A wrapped command.
pub(crate) fn wrapped(words: &[&str]) -> Call {
    let argv: Vec<OsString> = words.iter().map(OsString::from).collect();
    let invocation = Tables.interpret(&argv);
    let action = Action {
        id: Id::new(0, [0; 10]),
        kind: ActionKind::CommandExec,
        argv,
        cwd: "/home/u/work".into(),
        invocation,
        tool: None,
        parts: Vec::new(),
    };
    Call::command(&Given::action(action).home("/home/u"), &Tables)
}

pub(crate) fn finding(entity: &'static str) -> Finding {
    Finding {
        detector: entity.into(),
        entity: entity.into(),
        channel: Channel::Arguments,
        span: Span::at(0, 4),
        confidence: Confidence::CERTAIN,
        severity: Severity::High,
        fingerprint: Key::from_bytes(&[1; 32]).unwrap().digest("test", [entity.as_bytes()]),
        preview: String::from("x…"),
    }
}
