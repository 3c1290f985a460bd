//! Who asks, and what they may do.
//!
//! A credential is an API key of the store or the shared token of the original's clients. It comes in
//! a header, `Authorization: Bearer …` or `X-API-Key: …`, never in an address, where logs would keep
//! it. The tenant is the credential's, whatever a request says.

mod credential;
mod keyring;
mod mint;

pub use credential::{Credential, Refused, is_in_query};
pub use keyring::Keyring;
pub use mint::{Minted, mint};

use crate::store::Role;

/// Somebody whose credential holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// What they may do.
    pub role: Role,
    /// The tenant that they belong to; empty where there is only one.
    pub tenant: String,
    /// Id of their key; `None` with the shared token.
    pub key: Option<String>,
}

impl Caller {
    /// How they are named where somebody reads who asked or answered.
    #[must_use]
    pub fn name(&self) -> String {
        match (&self.key, self.role) {
            (Some(key), _) => format!("key {key}"),
            (None, Role::Admin) => String::from("shared token"),
            // Who shows no credential asks as an agent: it is nobody in particular.
            (None, Role::Agent | Role::Approver | Role::Viewer) => String::from("anonymous"),
        }
    }
}

/// What a route is for. Every route has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Asking what may be done: scan, decide, transform.
    Ask,
    /// Deciding what waits for a person.
    Decide,
    /// Learning what became of a request that one knows the id of.
    Follow,
    /// Keys, users, policies.
    Manage,
    /// Looking at what was recorded.
    Read,
}

impl Permission {
    /// Every permission, in order of name.
    pub const ALL: [Self; 5] = [Self::Ask, Self::Decide, Self::Follow, Self::Manage, Self::Read];

    /// Whether a role has it.
    #[must_use]
    pub const fn is_given_to(self, role: Role) -> bool {
        match (role, self) {
            (Role::Admin, _)
            | (Role::Agent | Role::Approver | Role::Viewer, Self::Follow)
            | (Role::Agent, Self::Ask)
            | (Role::Approver, Self::Decide | Self::Read)
            | (Role::Viewer, Self::Read) => true,
            (Role::Agent, Self::Decide | Self::Manage | Self::Read)
            | (Role::Approver, Self::Ask | Self::Manage)
            | (Role::Viewer, Self::Ask | Self::Decide | Self::Manage) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_shows_nothing_is_not_taken_for_who_shows_the_shared_token() {
        let caller = |role, key: Option<&str>| {
            let key = key.map(str::to_owned);
            Caller { role, tenant: String::new(), key }.name()
        };
        let names = [
            caller(Role::Admin, None),
            caller(Role::Agent, None),
            caller(Role::Agent, Some("1a2b3c4d")),
        ];
        assert_eq!(names, ["shared token", "anonymous", "key 1a2b3c4d"]);
    }

    #[test]
    fn each_role_has_its_permissions_and_no_other() {
        let table = [
            (Role::Admin, [true, true, true, true, true]),
            (Role::Agent, [true, false, true, false, false]),
            (Role::Approver, [false, true, true, false, true]),
            (Role::Viewer, [false, false, true, false, true]),
        ];
        assert_eq!(table.map(|(role, _)| role), Role::ALL);
        for (role, expected) in table {
            let given = Permission::ALL.map(|permission| permission.is_given_to(role));
            assert_eq!(given, expected, "{role}");
        }
    }
}
