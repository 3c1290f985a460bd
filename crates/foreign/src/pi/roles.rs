//! The roles that hold when there is no rules file.

use super::{DlpOverride, ExecutionMode, Heads, Role, ToolNames};

/// `admin`, `project_lead` and `analyst`, as the original ships them.
pub(crate) fn builtin() -> Vec<Role> {
    let none = ToolNames::default;
    vec![
        role("admin", ExecutionMode::Autonomous, ToolNames::all(), none()),
        role(
            "project_lead",
            ExecutionMode::Supervised,
            ToolNames::all(),
            ToolNames::of(&["bash", "write"]),
        ),
        role(
            "analyst",
            ExecutionMode::Supervised,
            ToolNames::of(&["read", "grep", "find", "ls"]),
            ToolNames::all(),
        ),
    ]
}

fn role(name: &str, mode: ExecutionMode, allowed_tools: ToolNames, approval: ToolNames) -> Role {
    Role {
        name: name.to_owned(),
        heads: Heads::new(name, 1),
        mode,
        allowed_tools,
        blocked_tools: ToolNames::default(),
        approval,
        auto_approve: ToolNames::default(),
        allowed_paths: None,
        blocked_paths: Vec::new(),
        blocked_commands: Vec::new(),
        allowed_commands: Vec::new(),
        no_calls: false,
        dlp: DlpOverride::default(),
    }
}
