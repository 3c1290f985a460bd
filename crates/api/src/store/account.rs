//! Somebody who logs in, as they are stored: never their password.

use core::fmt;

use super::Role;

/// Most letters of a login: no address of mail is longer (RFC 5321 §4.5.3.1).
const MOST: usize = 254;

/// A person who may log in. Moments are microseconds since 1970, UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// What they log in by: their address of mail, or another name; in lower case.
    pub login: Login,
    /// What they are called.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// The tenant that they belong to; empty where there is only one.
    pub tenant: String,
    /// What their password is compared with.
    pub password: PasswordHash,
    /// Counts changes: what was issued before the last one is void.
    pub epoch: i64,
    /// When it was made.
    pub created: i64,
    /// Since when they may not log in.
    pub disabled: Option<i64>,
}

/// A name that somebody logs in by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Login(String);

/// An argon2id hash as a PHC text. It is not shown: who reads it may try passwords on it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl Login {
    /// The login that somebody typed; case and blanks around it do not matter.
    ///
    /// # Errors
    /// What is expected.
    pub fn new(typed: &str) -> Result<Self, String> {
        let login = typed.trim().to_lowercase();
        let is_plain = login.chars().all(|letter| !letter.is_whitespace() && !letter.is_control());
        match is_plain && !login.is_empty() && login.len() <= MOST {
            true => Ok(Self(login)),
            false => {
                Err(String::from("expected an address of mail, or another name without blanks"))
            }
        }
    }

    /// The login as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl PasswordHash {
    /// A hash as it stands in a store.
    #[must_use]
    pub const fn new(phc: String) -> Self {
        Self(phc)
    }

    /// The hash as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_are_compared_without_case_and_blanks_around() {
        assert_eq!(Login::new(" Ann@Example.com\n"), Login::new("ann@example.com"));
        for wrong in ["", "  ", "a b", "a\u{7}b", &"x".repeat(MOST + 1)] {
            assert!(Login::new(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_hash_is_not_shown() {
        assert!(!format!("{:?}", PasswordHash::new("$argon2id$".into())).contains("argon"));
    }
}
