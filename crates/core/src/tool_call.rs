//! A call of an agent's tool.

use serde::{Deserialize, Serialize};

use crate::Value;

/// A call of an agent's tool: its name, its arguments, and what kind of thing it does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ToolCall {
    /// The tool's name, as the caller spells it.
    pub name: String,
    /// Its arguments.
    pub arguments: Value,
    /// What the tool may do, by its name *and* its arguments; several when they tell several, none
    /// when nobody can tell. Never taken from the caller's word.
    pub categories: Vec<Category>,
}

/// What a tool does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// Gives, takes or uses rights: logins, keys, roles.
    Auth,
    /// Runs a program or code.
    CodeExecution,
    /// Asks or changes a database.
    Database,
    /// Reads or changes files.
    FileSystem,
    /// Sends a request to a server.
    HttpRequest,
    /// Sends a message to people.
    MessageSend,
    /// Moves money.
    Payment,
}

impl Category {
    /// Every category, in order of name.
    pub const ALL: [Self; 7] = [
        Self::Auth,
        Self::CodeExecution,
        Self::Database,
        Self::FileSystem,
        Self::HttpRequest,
        Self::MessageSend,
        Self::Payment,
    ];

    /// The name used in policies and receipts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::CodeExecution => "code_execution",
            Self::Database => "database",
            Self::FileSystem => "file_system",
            Self::HttpRequest => "http_request",
            Self::MessageSend => "message_send",
            Self::Payment => "payment",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_those_on_the_wire() {
        assert!(Category::ALL.is_sorted_by_key(|one| one.name()));
        for category in Category::ALL {
            let json = serde_json::to_string(&category).unwrap();
            assert_eq!(json, format!("\"{}\"", category.name()));
        }
    }
}
