//! A policy as a server hands it out: its text, when it came into force there, and a signature.
//!
//! The signature is Ed25519 (RFC 8032) over five lines: a name, the version of the form, the time,
//! and the SHA-256 of the text in hex; so what is signed does not depend on how JSON is written.
//! Nothing here decides whether the policy is a good one: it is tried like any other.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use core::str::FromStr;
use datafog_core::{Digest, Key};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

/// Version of the form.
const SCHEMA: u32 = 1;

/// What a public key begins with, where people see it.
const ALGORITHM: &str = "ed25519:";

/// What the seed of an installation's signing key is drawn from its own key for.
const PURPOSE: &str = "policy bundle signing key";

/// A policy with its signature. Fields that a later form adds are passed over: what counts is signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bundle {
    schema_version: u32,
    /// When the text came into force on the server, in microseconds since 1970.
    issued_at: i64,
    /// SHA-256 of the text, in hex.
    digest: String,
    text: String,
    /// 64 bytes in base64.
    signature: String,
}

/// Why a bundle is not believed. Tells nothing of its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unbelieved {
    /// It cannot be read.
    #[error("it is no policy bundle")]
    Form,
    /// Somebody else signed it, or it was changed on the way.
    #[error("its signature is not one of the key that is set for the server")]
    Signature,
}

/// A public key, written `ed25519:` and 32 bytes in base64.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer([u8; 32]);

impl FromStr for Signer {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "a key is `ed25519:` and 32 bytes in base64, as `datafog policy signer` tells";
        let bytes = text.trim().strip_prefix(ALGORITHM).ok_or(wrong)?;
        let bytes = BASE64_STANDARD.decode(bytes).map_err(|_| wrong)?;
        bytes.try_into().map(Self).map_err(|_| wrong)
    }
}

impl core::fmt::Display for Signer {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{ALGORITHM}{}", BASE64_STANDARD.encode(self.0))
    }
}

impl Signer {
    /// The key by which the installation of `key` signs.
    #[must_use]
    pub fn of(key: &Key) -> Option<Self> {
        let pair = pair(key)?;
        pair.public_key().as_ref().try_into().ok().map(Self)
    }
}

/// Signs a message by the key of an installation, in base64; `None` when there can be no key. Each kind
/// of message begins with a line of its own, so that none can stand for another.
pub(crate) fn sign(key: &Key, message: &[u8]) -> Option<String> {
    Some(BASE64_STANDARD.encode(pair(key)?.sign(message)))
}

/// Whether `signer` signed exactly this message.
pub(crate) fn is_signed(signer: &Signer, message: &[u8], signature: &str) -> bool {
    let Ok(signature) = BASE64_STANDARD.decode(signature) else { return false };
    UnparsedPublicKey::new(&ED25519, &signer.0).verify(message, &signature).is_ok()
}

/// The pair is made from the installation's key, so it needs no file, and who can read that key can
/// write the policy anyway.
fn pair(key: &Key) -> Option<Ed25519KeyPair> {
    let seed = key.digest(PURPOSE, []);
    Ed25519KeyPair::from_seed_unchecked(seed.as_bytes()).ok()
}

impl Bundle {
    /// Signs a text that came into force at `issued_at`, in microseconds since 1970; `None` when there can be no key.
    #[must_use]
    pub fn sign(key: &Key, text: String, issued_at: i64) -> Option<Self> {
        let digest = Digest::of(text.as_bytes()).to_string();
        let signature = sign(key, &signed(issued_at, &digest))?;
        Some(Self { schema_version: SCHEMA, issued_at, digest, text, signature })
    }

    /// Reads a bundle and believes it only when `signer` signed exactly this text and time.
    ///
    /// # Errors
    /// Why it is not believed.
    pub fn read(json: &[u8], signer: &Signer) -> Result<Self, Unbelieved> {
        let bundle: Self = serde_json::from_slice(json).map_err(|_| Unbelieved::Form)?;
        if bundle.schema_version != SCHEMA {
            return Err(Unbelieved::Form);
        }
        let digest = Digest::of(bundle.text.as_bytes()).to_string();
        let message = signed(bundle.issued_at, &digest);
        let is_believed = is_signed(signer, &message, &bundle.signature) && bundle.digest == digest;
        if is_believed { Ok(bundle) } else { Err(Unbelieved::Signature) }
    }

    /// The policy's text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// SHA-256 of the text, in hex.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// When the text came into force on the server, in microseconds since 1970.
    #[must_use]
    pub const fn issued_at(&self) -> i64 {
        self.issued_at
    }
}

fn signed(issued_at: i64, digest: &str) -> Vec<u8> {
    format!("datafog policy bundle\n{SCHEMA}\n{issued_at}\n{digest}\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bundle() -> (Bundle, Signer) {
        let key = Key::new(&[7; 32]);
        let text = String::from("[policy]\nid = \"a\"\n");
        let bundle = Bundle::sign(&key, text, 1_700_000_000_123_456).unwrap();
        (bundle, Signer::of(&key).unwrap())
    }

    #[test]
    fn what_was_signed_is_believed_by_the_key_that_signed_it_alone() {
        let (bundle, signer) = bundle();
        let json = serde_json::to_vec(&bundle).unwrap();
        assert_eq!(Bundle::read(&json, &signer), Ok(bundle));
        let other = Signer::of(&Key::new(&[8; 32])).unwrap();
        assert_eq!(Bundle::read(&json, &other), Err(Unbelieved::Signature));
        assert_eq!(signer.to_string().parse(), Ok(signer));
        for wrong in ["", "ed25519:", "ed25519:AAAA", "rsa:AAAA"] {
            assert!(wrong.parse::<Signer>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_signed_part_counts() {
        let (bundle, signer) = bundle();
        for changed in [
            Bundle { text: bundle.text.clone() + " ", ..bundle.clone() },
            Bundle { issued_at: 1_700_000_000_123_457, ..bundle.clone() },
            Bundle { digest: String::from("00"), ..bundle.clone() },
            Bundle { signature: String::from("AA=="), ..bundle.clone() },
        ] {
            let json = serde_json::to_vec(&changed).unwrap();
            assert_eq!(Bundle::read(&json, &signer), Err(Unbelieved::Signature));
        }
        let other = Bundle { schema_version: 2, ..bundle };
        let json = serde_json::to_vec(&other).unwrap();
        assert_eq!(Bundle::read(&json, &signer), Err(Unbelieved::Form));
    }

    proptest! {
        #[test]
        fn no_other_bytes_are_believed(at: prop::sample::Index, byte: u8) {
            let (bundle, signer) = bundle();
            let mut json = serde_json::to_vec(&bundle).unwrap();
            *at.get_mut(&mut json) = byte;
            if let Ok(read) = Bundle::read(&json, &signer) {
                prop_assert_eq!((read.text, read.issued_at), (bundle.text, bundle.issued_at));
            }
        }
    }
}
