//! Passwords: made into argon2id hashes, and compared with them.
//!
//! A comparison takes as long whether somebody of that name is there or not. It takes much memory, so
//! only a few happen at once, and whoever else comes waits.

use argon2::Argon2;
use argon2::password_hash::phc;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use datafog_core::Secret;
use tokio::sync::Semaphore;

use crate::store::{Account, PasswordHash};

/// Fewest letters: a shorter one is found by trying.
const FEWEST: usize = 12;

/// Most bytes.
const MOST: usize = 1024;

/// Comparisons at once, each of which takes 19 MiB.
const AT_ONCE: usize = 4;

/// What a password is compared with where nobody has the name; it is the hash of none.
const OF_NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm9ibw$\
AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The hash of a new password, with a salt of its own.
///
/// # Errors
/// What is expected of a password; that the system gives no random bytes.
pub fn hash(password: &Secret<String>) -> Result<PasswordHash, String> {
    let text = password.expose();
    if text.chars().count() < FEWEST || text.len() > MOST {
        return Err(format!("a password has {FEWEST} letters or more, and {MOST} bytes at most"));
    }
    let hash = Argon2::default().hash_password(text.as_bytes());
    Ok(PasswordHash::new(hash.map_err(|error| error.to_string())?.to_string()))
}

/// Compares passwords, a few at once.
#[derive(Debug)]
pub(crate) struct Passwords(Semaphore);

impl Default for Passwords {
    fn default() -> Self {
        Self(Semaphore::new(AT_ONCE))
    }
}

impl Passwords {
    /// The account, when it is there, may log in and has this password.
    pub(crate) async fn compare(
        &self,
        account: Option<Account>,
        password: Secret<String>,
    ) -> Option<Account> {
        let _room = self.0.acquire().await.ok()?;
        let compared = tokio::task::spawn_blocking(move || {
            let hash = account.as_ref().map_or(OF_NOBODY, |account| account.password.as_str());
            let is_it = fits(&password, hash);
            account.filter(|account| is_it && account.disabled.is_none())
        });
        compared.await.ok()?
    }
}

fn fits(password: &Secret<String>, hash: &str) -> bool {
    let password = password.expose().as_bytes();
    let Ok(hash) = phc::PasswordHash::new(hash) else { return false };
    password.len() <= MOST && Argon2::default().verify_password(password, &hash).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    #[test]
    fn a_hash_is_argon2id_and_fits_its_password_alone() {
        let password = secret("correct horse battery");
        let (one, other) = (hash(&password).unwrap(), hash(&password).unwrap());
        assert!(one.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", one.as_str());
        assert_ne!(one, other, "each has a salt of its own");
        assert!(fits(&password, one.as_str()));
        assert!(!fits(&secret("correct horse batterx"), one.as_str()));
        assert!(!fits(&password, "") && !fits(&password, "correct horse battery"));
    }

    #[test]
    fn who_is_nobody_costs_as_much_and_is_let_in_by_nothing() {
        let hash = phc::PasswordHash::new(OF_NOBODY).unwrap();
        assert_eq!(hash.params.get_decimal("m"), Some(19_456));
        assert_eq!(hash.hash.unwrap().len(), 32);
        assert!(!fits(&secret(""), OF_NOBODY) && !fits(&secret("nobody"), OF_NOBODY));
    }

    #[test]
    fn short_and_endless_passwords_are_refused() {
        for wrong in ["", "eleven char", &"x".repeat(MOST + 1)] {
            assert!(hash(&secret(wrong)).is_err());
        }
    }
}
