//! The smallest parts of the compiled form: variable-length integers, lists of texts, damage.
//!
//! Reading takes borrowed bytes, allocates nothing and never trusts a length: whatever reaches
//! past the end is [`Damaged`].

use std::borrow::Cow;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

/// The compiled bytes do not read as what they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the compiled policy is damaged")]
pub(crate) struct Damaged;

/// Reads a value from exactly these bytes.
pub(crate) fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Damaged> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Ok(value),
        Ok(_) | Err(_) => Err(Damaged),
    }
}

/// The bytes of a value made by this crate.
pub(crate) fn encode(value: &impl Serialize) -> Vec<u8> {
    // Postcard fails only on types without a known length, which no compiled part has; an empty
    // result reads back as damaged, so even that would fail closed.
    postcard::to_allocvec(value).unwrap_or_default()
}

/// Appends `bytes` with their length before them.
pub(crate) fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    let mut rest = bytes.len();
    loop {
        let low = u8::try_from(rest & 0x7f).unwrap_or(0);
        rest >>= 7;
        if rest == 0 {
            out.push(low);
            break;
        }
        out.push(low | 0x80);
    }
    out.extend_from_slice(bytes);
}

/// Takes what [`put`] appended off the front of `bytes`.
pub(crate) fn take<'a>(bytes: &mut &'a [u8]) -> Result<&'a [u8], Damaged> {
    let mut length = 0_usize;
    // Four groups of seven bits: more than any policy, and no shift overflows.
    for shift in [0, 7, 14, 21] {
        let (&byte, rest) = bytes.split_first().ok_or(Damaged)?;
        *bytes = rest;
        length |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            let (taken, rest) = bytes.split_at_checked(length).ok_or(Damaged)?;
            *bytes = rest;
            return Ok(taken);
        }
    }
    Err(Damaged)
}

/// Texts laid end to end, each with its length; read one by one without allocation.
///
/// INVARIANT: the lengths add up. Decoding checks it: a list that ended early would make a
/// condition false, and a rule that stops something silent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct List<'a>(Cow<'a, [u8]>);

impl<'de: 'a, 'a> Deserialize<'de> for List<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = <&'de [u8]>::deserialize(deserializer)?;
        let mut rest = bytes;
        while !rest.is_empty() {
            take(&mut rest).map_err(Error::custom)?;
        }
        Ok(Self(Cow::Borrowed(bytes)))
    }
}

impl List<'_> {
    /// The texts in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.raw().map(|text| str::from_utf8(text).unwrap_or_default())
    }

    /// The bytes of the texts in order, for comparisons that need no characters.
    pub(crate) fn raw(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest: &[u8] = &self.0;
        core::iter::from_fn(move || if rest.is_empty() { None } else { take(&mut rest).ok() })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn has(&self, text: &str) -> bool {
        self.raw().any(|one| one == text.as_bytes())
    }

    /// "`a`" or "`a`, `b`", for a person.
    pub(crate) fn shown(&self) -> String {
        let shown: Vec<String> = self.iter().map(|text| format!("`{text}`")).collect();
        shown.join(", ")
    }
}

impl<T: AsRef<str>> FromIterator<T> for List<'static> {
    fn from_iter<I: IntoIterator<Item = T>>(texts: I) -> Self {
        let mut out = Vec::new();
        texts.into_iter().for_each(|text| put(&mut out, text.as_ref().as_bytes()));
        Self(Cow::Owned(out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_read_back_without_copying() {
        let long = "x".repeat(300);
        let list: List<'_> = ["a", "", "rm", long.as_str()].into_iter().collect();
        let bytes = encode(&list);
        let back: List<'_> = decode(&bytes).unwrap();
        assert!(matches!(back.0, Cow::Borrowed(_)));
        assert_eq!(back.iter().collect::<Vec<_>>(), ["a", "", "rm", long.as_str()]);
        assert!(back.has("rm") && !back.has("r"));
    }

    #[test]
    fn lengths_past_the_end_are_damage() {
        for bytes in [[0x05, b'a'].as_slice(), &[0xff, 0xff, 0xff, 0xff, 0x01], &[0x80]] {
            assert_eq!(take(&mut { bytes }), Err(Damaged), "{bytes:?}");
        }
        assert_eq!(decode::<u8>(&[1, 2]), Err(Damaged), "bytes left over");
        assert_eq!(decode::<List<'_>>(&[2, 5, b'a']), Err(Damaged), "a text past the end");
    }
}
