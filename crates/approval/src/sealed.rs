//! A record as bytes that only who has the key can have made.
//!
//! ```text
//! <64 hex digits: keyed digest of user, id and the rest>\n
//! <the record as one line of JSON>\n
//! ```

use datafog_core::{Id, Key, KeyedDigest};

use crate::Record;

/// No record is larger, in bytes.
pub(crate) const MOST_BYTES: u64 = 256 << 10;

/// Length of the first line, with its newline.
const HEAD: usize = 65;

/// The bytes of a record; `None` when it is larger than a record may be.
pub(crate) fn encode(record: &Record, key: &Key, user: u32) -> Option<Vec<u8>> {
    let body = serde_json::to_vec(record).ok()?;
    let mut bytes = format!("{}\n", tag(&body, record.id(), key, user)).into_bytes();
    bytes.extend_from_slice(&body);
    bytes.push(b'\n');
    (bytes.len() as u64 <= MOST_BYTES).then_some(bytes)
}

/// The record in `bytes`, which are said to be that of `id`; `None` for anything that was not
/// written with this key, for this user and this id, exactly like that.
#[must_use]
pub fn decode(bytes: &[u8], id: Id, key: &Key, user: u32) -> Option<Record> {
    let (head, body) = bytes.split_at_checked(HEAD)?;
    let (digits, body) = (head.strip_suffix(b"\n")?, body.strip_suffix(b"\n")?);
    let said = KeyedDigest::from_hex(str::from_utf8(digits).ok()?)?;
    if said != tag(body, id, key, user) {
        return None;
    }
    let record: Record = serde_json::from_slice(body).ok()?;
    (record.id() == id && record.is_known()).then_some(record)
}

fn tag(body: &[u8], id: Id, key: &Key, user: u32) -> KeyedDigest {
    key.digest("approval", [user.to_le_bytes().as_slice(), id.as_bytes(), body])
}

#[cfg(test)]
#[path = "sealed/tests.rs"]
mod tests;
