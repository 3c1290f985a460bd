//! An API key as it is stored: who holds it, what it may do, and never the key itself.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

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
}

impl StoredKey {
    /// Whether it is in force at the moment.
    #[must_use]
    pub fn is_valid_at(&self, now: i64) -> bool {
        let ended = |end: Option<i64>| end.is_some_and(|end| end <= now);
        !ended(self.revoked) && !ended(self.expires)
    }
}
