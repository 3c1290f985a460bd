//! Through which door something came to be judged.

use core::fmt;
use core::str::FromStr;

use datafog_core::ActionKind;

use super::Place;

/// A door. It follows from where the receipt is and from the kind of its action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Surface {
    /// Asked over HTTP.
    Api,
    /// A wrapped command on this machine.
    Command,
    /// A file that is read or written through datafog.
    File,
    /// A request over HTTP from this machine.
    Http,
    /// The tool of an MCP server, called on this machine.
    Mcp,
    /// A line for a shell.
    Shell,
    /// Another tool of an agent.
    Tool,
}

impl Surface {
    /// All, in order of their names.
    pub const ALL: [Self; 7] =
        [Self::Api, Self::Command, Self::File, Self::Http, Self::Mcp, Self::Shell, Self::Tool];

    /// That of an action.
    #[must_use]
    pub fn of(place: Place, kind: ActionKind, tool: &str) -> Self {
        match (place, kind) {
            (Place::Server, _) => Self::Api,
            (Place::Local, ActionKind::CommandExec) => Self::Command,
            (Place::Local, ActionKind::FileRead | ActionKind::FileWrite) => Self::File,
            (Place::Local, ActionKind::HttpRequest) => Self::Http,
            (Place::Local, ActionKind::ShellExec) => Self::Shell,
            (Place::Local, ActionKind::ToolCall) if tool.starts_with("mcp__") => Self::Mcp,
            (Place::Local, ActionKind::ToolCall) => Self::Tool,
        }
    }

    /// The name in addresses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Command => "command",
            Self::File => "file",
            Self::Http => "http",
            Self::Mcp => "mcp",
            Self::Shell => "shell",
            Self::Tool => "tool",
        }
    }

    /// The name for a person.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Api => "Requests to this server",
            Self::Command => "Wrapped commands",
            Self::File => "Files",
            Self::Http => "HTTP requests",
            Self::Mcp => "MCP tools",
            Self::Shell => "Shell lines",
            Self::Tool => "Agent tools",
        }
    }
}

impl fmt::Display for Surface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Surface {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|surface| surface.name() == text).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_door_is_told_by_place_and_kind() {
        let of = |place, kind, tool| Surface::of(place, kind, tool).name();
        assert_eq!(of(Place::Local, ActionKind::CommandExec, "vcs"), "command");
        assert_eq!(of(Place::Local, ActionKind::ToolCall, "mcp__crm__get"), "mcp");
        assert_eq!(of(Place::Local, ActionKind::ToolCall, "Read"), "tool");
        assert_eq!(of(Place::Server, ActionKind::CommandExec, "vcs"), "api");
        assert!(Surface::ALL.is_sorted());
        for surface in Surface::ALL {
            assert_eq!(surface.name().parse(), Ok(surface));
        }
    }
}
