//! What is asked.

use std::ffi::OsString;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{Id, Invocation, Key, KeyedDigest, ToolCall};

/// One thing that somebody asks for: a command about to run, a tool call, a request.
///
/// A compound shell line is one action with nested parts; the strictest part decides.
#[derive(Clone, Debug)]
pub struct Action {
    /// Id of the action and of its receipt.
    pub id: Id,
    /// What kind of thing it is.
    pub kind: ActionKind,
    /// The command line as received, program name first; empty for a call without one.
    pub argv: Vec<OsString>,
    /// The working directory, absolute.
    pub cwd: PathBuf,
    /// The command line in normal form; for a call of a tool, what can be told of it in the same
    /// words.
    pub invocation: Invocation,
    /// The call, when an agent's tool is called.
    pub tool: Option<Box<ToolCall>>,
    /// Nested actions: the parts of a shell line, the command behind a wrapper.
    pub parts: Vec<Self>,
}

impl Action {
    /// Keyed digest of the canonical arguments: kind, working directory and every argument, each
    /// with its length; for a tool its name and arguments. It names the call in a receipt without
    /// telling what it was.
    #[must_use]
    pub fn digest(&self, key: &Key) -> KeyedDigest {
        let head = [self.kind.name().as_bytes(), self.cwd.as_os_str().as_encoded_bytes()];
        let arguments = self.argv.iter().map(|argument| argument.as_encoded_bytes());
        let Some(tool) = &self.tool else {
            return key.digest("action", head.into_iter().chain(arguments));
        };
        let mut canonical = Vec::new();
        tool.arguments.canonical(&mut canonical);
        key.digest("tool", head.into_iter().chain([tool.name.as_bytes(), &canonical]))
    }
}

/// Kind of an action. The names are those of the wire contracts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ActionKind {
    /// A program with arguments.
    #[serde(rename = "command.exec")]
    CommandExec,
    /// A file to be read for somebody.
    #[serde(rename = "file.read")]
    FileRead,
    /// A file to be written for somebody.
    #[serde(rename = "file.write")]
    FileWrite,
    /// A request to a server.
    #[serde(rename = "http.request")]
    HttpRequest,
    /// A line for a shell.
    #[serde(rename = "shell.exec")]
    ShellExec,
    /// A call of an agent's tool.
    #[serde(rename = "tool.call")]
    ToolCall,
}

impl ActionKind {
    /// The wire name, for example `command.exec`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CommandExec => "command.exec",
            Self::FileRead => "file.read",
            Self::FileWrite => "file.write",
            Self::HttpRequest => "http.request",
            Self::ShellExec => "shell.exec",
            Self::ToolCall => "tool.call",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action(argv: &[&str]) -> Action {
        Action {
            id: Id::new(0, [0; 10]),
            kind: ActionKind::CommandExec,
            argv: argv.iter().map(Into::into).collect(),
            cwd: "/".into(),
            invocation: Invocation::default(),
            tool: None,
            parts: Vec::new(),
        }
    }

    #[test]
    fn the_digest_tells_arguments_apart() {
        let key = Key::from_bytes(&[1; 32]).unwrap();
        let one = action(&["git", "a b"]).digest(&key);
        assert_ne!(one, action(&["git", "a", "b"]).digest(&key));
        assert_eq!(one, action(&["git", "a b"]).digest(&key));
    }

    #[test]
    fn the_digest_of_a_tool_call_binds_name_and_arguments() {
        let key = Key::from_bytes(&[1; 32]).unwrap();
        let of = |name: &str, json: &str| {
            let arguments = serde_json::from_str(json).unwrap();
            let tool = ToolCall { name: name.into(), arguments, categories: Vec::new() };
            Action { tool: Some(Box::new(tool)), ..action(&[]) }.digest(&key)
        };
        let one = of("pay", r#"{"to":"a","amount":1}"#);
        assert_eq!(one, of("pay", r#"{"amount":1,"to":"a"}"#));
        assert_ne!(one, of("pay", r#"{"to":"a","amount":10}"#));
        assert_ne!(one, of("paid", r#"{"to":"a","amount":1}"#));
        assert_ne!(one, action(&[]).digest(&key));
    }
}
