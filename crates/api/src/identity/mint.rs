//! New API keys.

use core::fmt::Write as _;

use datafog_core::{Digest, Secret};
use rustix::rand::{GetRandomFlags, getrandom};

use crate::store::{Bounds, Role, StoredKey};

/// Begins every key, so that scanners know one that leaks.
pub(super) const HEAD: &str = "dfg_";

/// Letters of the part that names a key.
pub(super) const ID_LETTERS: usize = 8;

/// Letters of the secret part: 256 random bits in hex.
pub(super) const SECRET_LETTERS: usize = 64;

/// A key that was just made: the one moment at which it can be shown.
#[derive(Debug)]
pub struct Minted {
    /// The key itself, `dfg_<id>_<secret>`.
    pub key: Secret<String>,
    /// What is stored of it.
    pub stored: StoredKey,
}

impl Minted {
    /// The same key, narrowed.
    #[must_use]
    pub fn within(mut self, bounds: Bounds) -> Self {
        self.stored.bounds = bounds;
        self
    }
}

/// Makes a key for somebody. Moments are microseconds since 1970, UTC.
///
/// # Errors
/// When the system gives no random bytes.
pub fn mint(
    name: &str,
    (role, tenant): (Role, &str),
    (created, expires): (i64, Option<i64>),
) -> Result<Minted, std::io::Error> {
    let mut random = [0_u8; (ID_LETTERS + SECRET_LETTERS) / 2];
    // Up to 256 bytes come whole or not at all (getrandom(2)).
    getrandom(&mut random, GetRandomFlags::empty())?;
    let hex = random.iter().fold(String::new(), |mut hex, byte| {
        // Writing to a text does not fail.
        let _written: core::fmt::Result = write!(hex, "{byte:02x}");
        hex
    });
    let (id, secret) = hex.split_at(ID_LETTERS);
    let key = format!("{HEAD}{id}_{secret}");
    let stored = StoredKey {
        id: id.to_owned(),
        digest: *Digest::of(key.as_bytes()).as_bytes(),
        name: name.to_owned(),
        role,
        tenant: tenant.to_owned(),
        created,
        expires,
        revoked: None,
        bounds: Bounds::default(),
    };
    Ok(Minted { key: Secret::new(key), stored })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_named_by_its_head_and_stored_by_its_digest_alone() {
        let one = mint("laptop", (Role::Agent, "north"), (7, Some(9))).unwrap();
        let key = one.key.expose();
        let expected = HEAD.len() + ID_LETTERS + 1 + SECRET_LETTERS;
        assert!(key.starts_with(&format!("dfg_{}_", one.stored.id)) && key.len() == expected);
        assert_eq!(one.stored.digest, *Digest::of(key.as_bytes()).as_bytes());
        assert!(!format!("{one:?}").contains(key.rsplit('_').next().unwrap()));
        let other = mint("laptop", (Role::Agent, "north"), (7, None)).unwrap();
        assert_ne!(one.stored.id, other.stored.id);
        assert_ne!(one.stored.digest, other.stored.digest);
    }
}
