//! Credentials in base64: HTTP Basic (RFC 7617), Docker's `auth`, and base64 of JSON.

use super::base64;
use super::placeholder;
use crate::candidate::{Candidate, Judgement};

/// Bytes that are looked at.
const SEEN: usize = 192;

/// Base64 of `user:password`, both printable.
pub(super) fn basic(candidate: &mut Candidate<'_>) -> Judgement {
    let mut buffer = [0; SEEN];
    let pair = base64::decode(candidate.value(), &mut buffer);
    let printable = pair.iter().all(|byte| (b' '..=b'~').contains(byte) || *byte >= 0x80);
    let password = pair
        .iter()
        .position(|byte| *byte == b':')
        .and_then(|colon| pair.get(colon.checked_add(1)?..));
    Judgement::refuse_unless(
        printable
            && str::from_utf8(pair).is_ok()
            && password.is_some_and(|it| {
                !it.is_empty() && !placeholder::is_placeholder(it) && !placeholder::is_reference(it)
            }),
    )
}

/// Base64 of a JSON object after the last `_`.
pub(super) fn json(candidate: &mut Candidate<'_>) -> Judgement {
    let value = candidate.value();
    let body = value.rsplit(|byte| *byte == b'_').next().unwrap_or_default();
    let mut buffer = [0; SEEN];
    Judgement::sound_if(base64::decode(body, &mut buffer).starts_with(b"{\""))
}
