//! Ids of receipts and actions: UUIDv7 (RFC 9562) in 32 hex digits.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::digest::hex_digit;

/// Fewest digits by which a person may name an id.
const SHORTEST_PREFIX: usize = 8;

/// A UUIDv7: 48 bits of Unix milliseconds, then version, variant and 74 random bits.
///
/// Sorts by time. Its short form is the *last* eight digits: the first ones are time and the same
/// for every call of one hour.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id([u8; 16]);

impl Id {
    /// The id for a moment (milliseconds since 1970, UTC; the low 48 bits count) and ten random
    /// bytes.
    #[must_use]
    pub const fn new(unix_milliseconds: u64, random: [u8; 10]) -> Self {
        let [_, _, t0, t1, t2, t3, t4, t5] = unix_milliseconds.to_be_bytes();
        let [r0, r1, r2, r3, r4, r5, r6, r7, r8, r9] = random;
        let version = 0x70 | (r0 & 0x0f);
        let variant = 0x80 | (r2 & 0x3f);
        Self([t0, t1, t2, t3, t4, t5, version, r1, variant, r3, r4, r5, r6, r7, r8, r9])
    }

    /// The moment of the id, in milliseconds since 1970, UTC.
    #[must_use]
    pub const fn unix_milliseconds(&self) -> u64 {
        let [t0, t1, t2, t3, t4, t5, ..] = self.0;
        u64::from_be_bytes([0, 0, t0, t1, t2, t3, t4, t5])
    }

    /// The bytes of the id.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The id of these bytes, as [`Id::as_bytes`] gave them.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The last eight hex digits, as shown to people.
    #[must_use]
    pub fn short(&self) -> String {
        let mut text = self.to_string();
        text.split_off(24)
    }

    fn digits(&self) -> [u8; 32] {
        let mut text = [0_u8; 32];
        for (pair, byte) in text.as_chunks_mut::<2>().0.iter_mut().zip(self.0) {
            *pair = [hex_digit(byte >> 4), hex_digit(byte)];
        }
        text
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(str::from_utf8(&self.digits()).unwrap_or_default())
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Id({self})")
    }
}

impl FromStr for Id {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits: &[u8; 32] = text.as_bytes().try_into().map_err(|_| ParseIdError)?;
        let mut bytes = [0_u8; 16];
        for (byte, pair) in bytes.iter_mut().zip(digits.as_chunks::<2>().0) {
            let [high, low] = pair.map(|digit| char::from(digit).to_digit(16));
            let value = (high.ok_or(ParseIdError)? << 4) | low.ok_or(ParseIdError)?;
            *byte = u8::try_from(value).map_err(|_| ParseIdError)?;
        }
        Ok(Self(bytes))
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(str::from_utf8(&self.digits()).unwrap_or_default())
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// What a person types to name an id: eight or more of its last digits, or the whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdPrefix(String);

impl IdPrefix {
    /// Whether `id` ends, or begins, with what was typed.
    #[must_use]
    pub fn matches(&self, id: &Id) -> bool {
        let text = id.to_string();
        text.ends_with(&self.0) || text.starts_with(&self.0)
    }
}

impl FromStr for IdPrefix {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = (SHORTEST_PREFIX..=32).contains(&text.len());
        let hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if fits && hex { Ok(Self(text.to_ascii_lowercase())) } else { Err(ParseIdError) }
    }
}

/// The text is not an id or a long enough part of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseIdError;

impl fmt::Display for ParseIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected 8 to 32 hex digits of a receipt id")
    }
}

impl core::error::Error for ParseIdError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout_is_that_of_rfc_9562() {
        // RFC 9562 appendix A.6.
        let id =
            Id::new(0x017F_22E2_79B0, [0x0C, 0xC3, 0x18, 0xC4, 0xDC, 0x0C, 0x0C, 0x07, 0x39, 0x8F]);
        assert_eq!(id.to_string(), "017f22e279b07cc398c4dc0c0c07398f");
        assert_eq!(id.short(), "0c07398f");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.unix_milliseconds(), 0x017F_22E2_79B0);
        assert_eq!(Id::from_bytes(*id.as_bytes()), id);
    }

    #[test]
    fn a_person_may_type_either_end() {
        let id = Id::new(0x017F_22E2_79B0, [9; 10]);
        assert!(id.short().parse::<IdPrefix>().unwrap().matches(&id));
        assert!("017F22E2".parse::<IdPrefix>().unwrap().matches(&id));
        assert!("0909".parse::<IdPrefix>().is_err());
        assert!("zzzzzzzz".parse::<IdPrefix>().is_err());
    }
}
