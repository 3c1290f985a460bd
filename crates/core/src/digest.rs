//! Plain and keyed digests: SHA-256 (FIPS 180-4) and HMAC-SHA-256 (RFC 2104).
//!
//! Plain digests name public bytes (a ledger line, a policy file). Anything that could be guessed,
//! arguments and matched values above all, is only ever named by a keyed digest: without the
//! installation's key a card number or a phone cannot be found by trying them all.

use core::fmt;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// Length of the installation's key in bytes.
const KEY_BYTES: usize = 32;

/// Block length of SHA-256; a shorter HMAC key is padded with zeros to it (RFC 2104 §2).
const BLOCK_BYTES: usize = 64;

/// A SHA-256 value, shown as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest that stands before the first line of a chain: 32 zero bytes.
    pub const ZERO: Self = Self([0; 32]);

    /// The digest of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// A digest whose bytes are already known.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads 64 hex digits; `None` when there are more, fewer or others.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        decode_hex(text).map(Self)
    }
}

/// A keyed digest (HMAC-SHA-256), shown as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyedDigest([u8; 32]);

impl KeyedDigest {
    /// A digest whose bytes are already known.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads 64 hex digits; `None` when there are more, fewer or others.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        decode_hex(text).map(Self)
    }
}

/// The installation's key: 32 random bytes made once, readable by its owner only.
///
/// It is kept as what HMAC makes of it before the first byte (RFC 2104 §4), so that no digest pays for
/// that again, and it is wiped when dropped, as every hasher is.
pub struct Key(Hmac<Sha256>);

impl Key {
    /// The key of these bytes.
    #[must_use]
    pub fn new(key: &[u8; KEY_BYTES]) -> Self {
        let mut block = Zeroizing::new([0; BLOCK_BYTES]);
        block.iter_mut().zip(key).for_each(|(place, byte)| *place = *byte);
        Self(<Hmac<Sha256> as KeyInit>::new((&*block).into()))
    }

    /// Takes exactly 32 bytes; `None` for any other length.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self::new(bytes.try_into().ok()?))
    }

    /// The keyed digest of `parts` in order, for one purpose.
    ///
    /// `domain` separates uses: equal parts under two domains give unrelated digests. Each part is
    /// preceded by its length, so that moving a byte across a border changes the result.
    #[must_use]
    pub fn digest<'a>(
        &self,
        domain: &str,
        parts: impl IntoIterator<Item = &'a [u8]>,
    ) -> KeyedDigest {
        let mut hasher = self.hasher(domain);
        for bytes in parts {
            hasher.part(bytes);
        }
        hasher.finish()
    }

    /// Begins the keyed digest of one long stream, for one purpose.
    #[must_use]
    pub fn hasher(&self, domain: &str) -> KeyedHasher {
        let mut mac = self.0.clone();
        mac.update(&(domain.len() as u64).to_le_bytes());
        mac.update(domain.as_bytes());
        KeyedHasher { mac }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

// HMAC holds nothing but such states.
const _: fn(Sha256) -> Box<dyn ZeroizeOnDrop> = |state| Box::new(state);

/// A keyed digest in the making: bytes come in pieces, and where they are cut makes no difference.
#[derive(Clone)]
pub struct KeyedHasher {
    mac: Hmac<Sha256>,
}

impl KeyedHasher {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.mac.update(bytes);
    }

    /// Takes the next of several parts as [`Key::digest`] does: its length first.
    ///
    /// A copy of a hasher that took none yet makes many digests of one purpose at half the work.
    pub fn part(&mut self, bytes: &[u8]) {
        self.mac.update(&(bytes.len() as u64).to_le_bytes());
        self.mac.update(bytes);
    }

    /// The digest of all bytes taken.
    #[must_use]
    pub fn finish(self) -> KeyedDigest {
        KeyedDigest(self.mac.finalize().into_bytes().into())
    }
}

impl fmt::Debug for KeyedHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyedHasher")
    }
}

fn decode_hex(text: &str) -> Option<[u8; 32]> {
    let digits: &[u8; 64] = text.as_bytes().try_into().ok()?;
    let mut out = [0_u8; 32];
    for (byte, pair) in out.iter_mut().zip(digits.as_chunks::<2>().0) {
        let [high, low] = pair.map(|digit| char::from(digit).to_digit(16));
        *byte = u8::try_from((high? << 4) | low?).ok()?;
    }
    Some(out)
}

fn encode_hex(bytes: &[u8; 32]) -> [u8; 64] {
    let mut text = [0_u8; 64];
    for (pair, byte) in text.as_chunks_mut::<2>().0.iter_mut().zip(bytes) {
        *pair = [hex_digit(byte >> 4), hex_digit(byte & 15)];
    }
    text
}

pub(crate) const fn hex_digit(nibble: u8) -> u8 {
    #[expect(clippy::arithmetic_side_effects, reason = "a nibble is below 16")]
    match nibble & 15 {
        low @ 0..=9 => b'0' + low,
        high => b'a' + (high - 10),
    }
}

macro_rules! shown_as_hex {
    ($($name:ident)*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(str::from_utf8(&encode_hex(&self.0)).unwrap_or_default())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(str::from_utf8(&encode_hex(&self.0)).unwrap_or_default())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                Self::from_hex(&text).ok_or_else(|| serde::de::Error::custom("expected 64 hex digits"))
            }
        }
    )*};
}
shown_as_hex!(Digest KeyedDigest);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_digest_is_sha_256() {
        // FIPS 180-4 example "abc".
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Digest::of(b"abc").to_string(), expected);
        assert_eq!(Digest::from_hex(expected), Some(Digest::of(b"abc")));
        assert_eq!(Digest::from_hex("ba78"), None);
        assert_eq!(Digest::from_hex(&expected.replace('b', "g")), None);
    }

    #[test]
    fn keyed_digest_separates_domains_and_borders() {
        let key = Key::from_bytes(&[7; 32]).unwrap();
        let one = key.digest("a", [b"xy".as_slice(), b"z"]);
        assert_ne!(one, key.digest("b", [b"xy".as_slice(), b"z"]));
        assert_ne!(one, key.digest("a", [b"x".as_slice(), b"yz"]));
        assert_ne!(one, Key::from_bytes(&[8; 32]).unwrap().digest("a", [b"xy".as_slice(), b"z"]));
        assert!(Key::from_bytes(&[7; 31]).is_none());
    }

    #[test]
    fn keyed_digest_is_hmac_of_length_and_text() {
        let mut fresh = <Hmac<Sha256> as KeyInit>::new_from_slice(&[7; 32]).unwrap();
        fresh.update(b"\x01\0\0\0\0\0\0\0a\x02\0\0\0\0\0\0\0xy");
        let expected: [u8; 32] = fresh.finalize().into_bytes().into();
        let key = Key::new(&[7; 32]);
        for _ in 0..2 {
            assert_eq!(key.digest("a", [b"xy".as_slice()]), KeyedDigest(expected));
        }
        assert_eq!(format!("{key:?}"), "Key");
    }

    #[test]
    fn a_stream_may_be_cut_anywhere() {
        let key = Key::from_bytes(&[7; 32]).unwrap();
        let (mut one, mut two) = (key.hasher("x"), key.hasher("x"));
        one.update(b"abc");
        two.update(b"a");
        two.update(b"bc");
        assert_eq!(one.finish(), two.finish());
    }

    #[test]
    fn digests_survive_json() {
        let digest = Digest::of(b"");
        let json = serde_json::to_string(&digest).unwrap();
        assert_eq!(serde_json::from_str::<Digest>(&json).unwrap(), digest);
    }
}
