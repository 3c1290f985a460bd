//! What routes are for, and which roles may use them.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Role;

/// What a route is for. Every route has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// Asking what may be done: scan, decide, transform.
    Ask,
    /// Deciding what waits for a person.
    Decide,
    /// Learning what became of a request that one knows the id of.
    Follow,
    /// Keys, users, policies.
    Manage,
    /// What concerns one's own credential: who one is, and tokens made of it.
    Own,
    /// Looking at what was recorded.
    Read,
}

impl Permission {
    /// Every permission, in order of name.
    pub const ALL: [Self; 6] =
        [Self::Ask, Self::Decide, Self::Follow, Self::Manage, Self::Own, Self::Read];

    /// Those that a credential can be narrowed to; the others every credential has.
    pub const SCOPES: [Self; 4] = [Self::Ask, Self::Decide, Self::Manage, Self::Read];

    /// The name on the command line and in the store.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Decide => "decide",
            Self::Follow => "follow",
            Self::Manage => "manage",
            Self::Own => "own",
            Self::Read => "read",
        }
    }

    /// Whether a role has it.
    #[must_use]
    pub const fn is_given_to(self, role: Role) -> bool {
        match (role, self) {
            (Role::Admin, _)
            | (Role::Agent | Role::Approver | Role::Viewer, Self::Follow | Self::Own)
            | (Role::Agent, Self::Ask)
            | (Role::Approver, Self::Decide | Self::Read)
            | (Role::Viewer, Self::Read) => true,
            (Role::Agent, Self::Decide | Self::Manage | Self::Read)
            | (Role::Approver, Self::Ask | Self::Manage)
            | (Role::Viewer, Self::Ask | Self::Decide | Self::Manage) => false,
        }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Permission {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::SCOPES.into_iter().find(|scope| scope.name() == text);
        known.ok_or_else(|| String::from("expected `ask`, `decide`, `manage` or `read`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_has_its_permissions_and_no_other() {
        let table = [
            (Role::Admin, [true, true, true, true, true, true]),
            (Role::Agent, [true, false, true, false, true, false]),
            (Role::Approver, [false, true, true, false, true, true]),
            (Role::Viewer, [false, false, true, false, true, true]),
        ];
        assert_eq!(table.map(|(role, _)| role), Role::ALL);
        for (role, expected) in table {
            let given = Permission::ALL.map(|permission| permission.is_given_to(role));
            assert_eq!(given, expected, "{role}");
        }
    }

    #[test]
    fn scopes_are_named_as_json_names_them() {
        for scope in Permission::SCOPES {
            assert_eq!(scope.name().parse(), Ok(scope));
            assert_eq!(serde_json::to_string(&scope).unwrap(), format!("\"{scope}\""));
        }
        assert!("own".parse::<Permission>().is_err() && "all".parse::<Permission>().is_err());
    }
}
