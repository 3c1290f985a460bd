//! JSON web tokens (RFC 7519) in compact form (RFC 7515 §7.1).

use super::base64;
use crate::candidate::{Candidate, Judgement};

/// Bytes of header and payload that are looked at.
const SEEN: usize = 192;

/// Three parts between dots; the first is a JSON object that names an algorithm, the second is a
/// JSON object, the third a signature, or nothing when the algorithm is `none`.
pub(super) fn jwt(candidate: &mut Candidate<'_>) -> Judgement {
    let mut parts = candidate.value().split(|byte| *byte == b'.');
    let (Some(header), Some(payload), Some(signature)) = (parts.next(), parts.next(), parts.next())
    else {
        return Judgement::Refuse;
    };
    let mut buffer = [0; SEEN];
    let decoded = base64::decode(header, &mut buffer);
    let algorithm = decoded.windows(5).any(|window| window == b"\"alg\"");
    let unsigned = || decoded.windows(6).any(|window| window.eq_ignore_ascii_case(b"\"none\""));
    if !is_object_start(decoded) || (signature.is_empty() && !unsigned()) {
        return Judgement::Refuse;
    }
    let payload = base64::decode(payload, &mut buffer);
    if is_documented(payload) {
        return Judgement::Refuse;
    }
    Judgement::sound_if(algorithm && is_object_start(payload))
}

/// Whether the claims are those of a token that documents are full of: the sample of jwt.io, whose
/// subject is called John Doe, or the examples of RFC 7519.
fn is_documented(payload: &[u8]) -> bool {
    let holds = |text: &[u8]| payload.windows(text.len()).any(|window| window == text);
    (holds(b"\"1234567890\"") && holds(b"\"John Doe\""))
        || holds(b"http://example.com/is_root")
        || payload == b"{\"some\":\"payload\"}"
}

/// Whether the text begins like a JSON object: `{`, blanks, `"` or `}`.
fn is_object_start(text: &[u8]) -> bool {
    let mut rest = text.trim_ascii_start().iter();
    rest.next() == Some(&b'{')
        && matches!(rest.as_slice().trim_ascii_start().first(), Some(b'"' | b'}'))
}
