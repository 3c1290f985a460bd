//! Where content came from.

use core::fmt;

use serde::{Deserialize, Serialize};

/// One place that content came from; offsets of a finding count within it.
///
/// Shown as `arg[2]`, `args`, `stdin`, `file:notes.txt`, `env:NAME`, `field:path`, `output`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub enum Channel {
    /// Argument `n` as the program receives it; 0 is the program's name.
    Argument(usize),
    /// All arguments together, in a list of what was scanned.
    Arguments,
    /// The value of an environment variable.
    Environment(String),
    /// A field of a tool call, by its dot path.
    Field(String),
    /// A file, by the name it was given, made displayable.
    File(String),
    /// What the command wrote.
    Output,
    /// Standard input.
    Stdin,
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument(index) => write!(f, "arg[{index}]"),
            Self::Arguments => f.write_str("args"),
            Self::Environment(name) => write!(f, "env:{name}"),
            Self::Field(path) => write!(f, "field:{path}"),
            Self::File(name) => write!(f, "file:{name}"),
            Self::Output => f.write_str("output"),
            Self::Stdin => f.write_str("stdin"),
        }
    }
}

impl From<Channel> for String {
    fn from(channel: Channel) -> Self {
        channel.to_string()
    }
}

impl From<String> for Channel {
    /// Reads the shown form; anything unknown is taken as the name of a field.
    fn from(text: String) -> Self {
        let argument = text.strip_prefix("arg[").and_then(|rest| rest.strip_suffix(']'));
        if let Some(index) = argument.and_then(|index| index.parse().ok()) {
            return Self::Argument(index);
        }
        match text.split_once(':') {
            Some(("env", name)) => Self::Environment(name.to_owned()),
            Some(("file", name)) => Self::File(name.to_owned()),
            Some(("field", path)) => Self::Field(path.to_owned()),
            _ if text == "args" => Self::Arguments,
            _ if text == "stdin" => Self::Stdin,
            _ if text == "output" => Self::Output,
            _ => Self::Field(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shown_form_reads_back() {
        let channels = [
            Channel::Argument(2),
            Channel::Arguments,
            Channel::Environment("TOKEN".into()),
            Channel::Field("a.b".into()),
            Channel::File("x:y".into()),
            Channel::Output,
            Channel::Stdin,
        ];
        for channel in channels {
            assert_eq!(Channel::from(channel.to_string()), channel);
        }
    }
}
