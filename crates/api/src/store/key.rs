//! An API key as it is stored: who holds it, what it may do, and never the key itself.

use core::fmt;
use core::str::FromStr;

use datafog_gate::{Holder, Lenience};
use serde::{Deserialize, Serialize};

use super::{Error, Permission};

/// What the holder of a credential may do. Each is granted by routes by name
/// ([`crate::identity`]); there is no order among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything, keys and policies included.
    Admin,
    /// Asks what may be done; sees nothing but its own answers.
    Agent,
    /// Decides what waits for a person, and sees everything of the tenant.
    Approver,
    /// Sees everything of the tenant.
    Viewer,
}

impl Role {
    /// Every role, in order of name.
    pub const ALL: [Self; 4] = [Self::Admin, Self::Agent, Self::Approver, Self::Viewer];

    /// The name used on the command line and in the store.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Agent => "agent",
            Self::Approver => "approver",
            Self::Viewer => "viewer",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|role| role.name() == text);
        known.ok_or_else(|| String::from("expected `admin`, `agent`, `approver` or `viewer`"))
    }
}

/// A key without its secret part. Moments are microseconds since 1970, UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredKey {
    /// The part of the key that names it: shown in lists and receipts.
    pub id: String,
    /// SHA-256 of the whole key.
    pub digest: [u8; 32],
    /// What a person called it.
    pub name: String,
    /// What its holder may do.
    pub role: Role,
    /// The tenant that its holder belongs to; empty where there is only one.
    pub tenant: String,
    /// When it was made.
    pub created: i64,
    /// From when on it is void; `None` for never.
    pub expires: Option<i64>,
    /// When it was revoked.
    pub revoked: Option<i64>,
    /// Whose it is, and what it is narrowed to.
    pub bounds: Bounds,
}

impl StoredKey {
    /// Whether it is in force at the moment.
    #[must_use]
    pub fn is_valid_at(&self, now: i64) -> bool {
        let ended = |end: Option<i64>| end.is_some_and(|end| end <= now);
        !ended(self.revoked) && !ended(self.expires)
    }
}

/// How the questions of a key are answered for which nothing is to be stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyMode {
    /// They are not judged; that they were asked is recorded.
    Off,
    /// They are judged and recorded, and nothing is stopped.
    Shadow,
}

impl KeyMode {
    /// The name on the command line, in the store and in answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Shadow => "shadow",
        }
    }
}

impl FromStr for KeyMode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = [Self::Off, Self::Shadow].into_iter().find(|mode| mode.name() == text);
        known.ok_or_else(|| String::from("expected `off` or `shadow`"))
    }
}

impl From<KeyMode> for Lenience {
    fn from(mode: KeyMode) -> Self {
        match mode {
            KeyMode::Off => Self::Off,
            KeyMode::Shadow => Self::Shadow,
        }
    }
}

/// Whose a key is, and what it is narrowed to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Bounds {
    /// Whether its questions stop nothing; they are judged in earnest for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<KeyMode>,
    /// Login of the person whose key it is; it is void while they are disabled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Id of the key that it was made of, and ends with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// The name of the policy that its questions are judged by; the installation's for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// What of its role it is for; all of it for none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<Permission>,
    /// Names of tools that it may ask about, with `*` and `?`; any for none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<String>,
}

impl Bounds {
    /// As they stand in a store.
    pub(super) fn encoded(&self) -> Result<String, Error> {
        serde_json::to_string(self).map_err(|error| Error::Form(error.to_string()))
    }

    /// Of what stands in a store. Bounds that this version does not know are an error: a key is never
    /// wider than whoever made it said.
    pub(super) fn decoded(text: &str) -> Result<Self, Error> {
        serde_json::from_str(text).map_err(|error| Error::Form(error.to_string()))
    }

    /// What a judge is told of them.
    #[must_use]
    pub(crate) fn holder(&self) -> Holder<'_> {
        let (within, lenience) = (self.tools.as_slice(), self.mode.map(Into::into));
        let policy = self.policy.as_deref();
        Holder { within, lenience, policy, of_person: false }
    }

    /// Whether what is not narrowed away includes this.
    #[must_use]
    pub fn permit(&self, permission: Permission) -> bool {
        let is_narrowed = Permission::SCOPES.contains(&permission) && !self.scopes.is_empty();
        !is_narrowed || self.scopes.contains(&permission)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_narrowed_unless_somebody_said_so() {
        let all = Bounds::default();
        assert!(Permission::ALL.into_iter().all(|permission| all.permit(permission)));
        assert_eq!(Bounds::decoded("{}").unwrap(), all);
        let ask = Bounds { scopes: vec![Permission::Ask], ..Bounds::default() };
        let permitted = Permission::ALL.map(|permission| ask.permit(permission));
        assert_eq!(permitted, [true, false, true, false, true, false]);
        assert_eq!(Bounds::decoded(&ask.encoded().unwrap()).unwrap(), ask);
        assert!(Bounds::decoded(r#"{"hours":"9-17"}"#).is_err(), "what a newer version wrote");
    }
}
