//! Secrets of channels as they are stored: AES-256-GCM (NIST SP 800-38D) under a key that argon2id
//! (RFC 9106; 19 MiB, 2 rounds, 1 lane) makes of the setting `smtp_secret_key` and a random salt.
//!
//! A sealed secret is 16 bytes of salt, 12 of nonce, then the text with its tag. Salt and nonce are new
//! each time. What it is sealed for (the channel and its tenant) is vouched for, so one that is copied
//! into another row does not open there.

use core::fmt;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aes_gcm::aead::{Aead as _, Payload};
use aes_gcm::{Aes256Gcm, KeyInit as _};
use argon2::Argon2;
use datafog_core::Secret;
use rustix::rand::{GetRandomFlags, getrandom};

/// What every sealed secret is vouched for with, besides what it is for.
const HEAD: &str = "datafog-channel-1";

/// Keys that are remembered; making one takes much memory.
const REMEMBERED: usize = 256;

type Salt = [u8; 16];
type Nonce = [u8; 12];

/// Seals and opens.
pub(crate) struct Sealer {
    secret: Arc<Secret<String>>,
    known: Mutex<BTreeMap<Salt, Arc<Secret<[u8; 32]>>>>,
}

impl Sealer {
    pub(crate) fn new(secret: Arc<Secret<String>>) -> Self {
        Self { secret, known: Mutex::default() }
    }

    /// `plain`, sealed for `whom`. It takes a while: not on a thread of the runtime.
    pub(crate) fn seal(&self, whom: &str, plain: &[u8]) -> Result<Vec<u8>, String> {
        let (mut salt, mut nonce) = (Salt::default(), Nonce::default());
        for bytes in [&mut salt[..], &mut nonce[..]] {
            let read = getrandom(&mut *bytes, GetRandomFlags::empty());
            if read.map_err(|error| error.to_string())? != bytes.len() {
                return Err(String::from("the system gives no random bytes"));
            }
        }
        let aad = about(whom);
        let payload = Payload { msg: plain, aad: aad.as_bytes() };
        let sealed = self.cipher(salt)?.encrypt((&nonce).into(), payload);
        let sealed = sealed.map_err(|_| String::from("it cannot be encrypted"))?;
        Ok([&salt[..], &nonce[..], &sealed].concat())
    }

    /// What was sealed for `whom`. It takes a while, too.
    pub(crate) fn open(&self, whom: &str, sealed: &[u8]) -> Result<Secret<Vec<u8>>, String> {
        let strange = || {
            String::from(
                "its secrets do not open: they were changed, or `smtp_secret_key` (`SMTP_SECRET_KEY`) \
                 is another one than when they were typed; type them again",
            )
        };
        let (salt, rest) = sealed.split_first_chunk().ok_or_else(strange)?;
        let (nonce, text) = rest.split_first_chunk::<12>().ok_or_else(strange)?;
        let aad = about(whom);
        let payload = Payload { msg: text, aad: aad.as_bytes() };
        let opened = self.cipher(*salt)?.decrypt(nonce.into(), payload);
        opened.map(Secret::new).map_err(|_| strange())
    }

    fn cipher(&self, salt: Salt) -> Result<Aes256Gcm, String> {
        Ok(Aes256Gcm::new(self.key(salt)?.expose().into()))
    }

    fn key(&self, salt: Salt) -> Result<Arc<Secret<[u8; 32]>>, String> {
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = known().get(&salt) {
            return Ok(Arc::clone(key));
        }
        let mut key = [0; 32];
        let made =
            Argon2::default().hash_password_into(self.secret.expose().as_bytes(), &salt, &mut key);
        made.map_err(|error| error.to_string())?;
        let key = Arc::new(Secret::new(key));
        let mut known = known();
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(salt, Arc::clone(&key));
        Ok(key)
    }
}

fn about(whom: &str) -> String {
    format!("{HEAD}\u{1f}{whom}")
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer(secret: &str) -> Sealer {
        Sealer::new(Arc::new(Secret::new(secret.to_owned())))
    }

    #[test]
    fn e6_equal_secrets_differ_and_every_changed_byte_is_seen() {
        let own = sealer("correct horse battery");
        let (one, other) = (own.seal("c", b"hunter2").unwrap(), own.seal("c", b"hunter2").unwrap());
        assert_ne!(one, other);
        assert_ne!(one[28..], other[28..]);
        assert_eq!(own.open("c", &one).unwrap().expose(), b"hunter2");
        assert!(!one.windows(7).any(|part| part == b"hunter2"));
        for place in 16..one.len() {
            let mut changed = one.clone();
            changed[place] ^= 1;
            assert!(own.open("c", &changed).is_err(), "byte {place}");
        }
        let mut salted = one.clone();
        salted[0] ^= 1;
        assert!(own.open("c", &salted).is_err());
        assert!(own.open("another", &one).is_err() && own.open("c", &one[..27]).is_err());
        let why = sealer("another horse battery").open("c", &one).unwrap_err();
        assert!(why.contains("SMTP_SECRET_KEY") && !why.contains("hunter2"), "{why}");
    }
}
