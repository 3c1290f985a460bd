//! Private keys in textual form: PEM (RFC 7468), OpenSSH, OpenPGP armour (RFC 9580 §6.2).

use super::base64;
use crate::candidate::{Candidate, Judgement};

/// Bytes of the body that are looked at.
const SEEN: usize = 24;

/// Magic at the start of an OpenSSH key (openssh-portable, PROTOCOL.key).
const OPENSSH: &[u8] = b"openssh-key-v1\0";

/// A block that begins with the candidate, which is the first line. The finding becomes the whole
/// block; a body that is cut off, or that is no key, leaves the shape only.
pub(super) fn private_key(candidate: &mut Candidate<'_>) -> Judgement {
    let label = candidate.value().get(11..).unwrap_or_default();
    let label = label.strip_suffix(b"-----").unwrap_or(label);
    let body = body(candidate.after());
    candidate.end = candidate.end.saturating_add(body.length);
    let Some(after) = candidate.after().strip_prefix(b"-----END ") else {
        return if body.digits >= 32 { Judgement::Sound } else { Judgement::Shape };
    };
    if !after.starts_with(label)
        || !after.get(label.len()..).is_some_and(|end| end.starts_with(b"-----"))
    {
        return Judgement::Shape;
    }
    candidate.end = candidate.end.saturating_add(14).saturating_add(label.len());
    Judgement::sound_if(body.is_key(label))
}

/// What stands between the first and the last line.
struct Body {
    /// Bytes up to the next `-----` or to what cannot be part of a key block.
    length: usize,
    /// Base64 digits among them.
    digits: usize,
    /// The first bytes, decoded.
    head: [u8; SEEN],
}

impl Body {
    /// Whether it decodes to what the label promises. PKCS#1, PKCS#8 and SEC 1 keys are a DER
    /// sequence (X.690 §8.9).
    fn is_key(&self, label: &[u8]) -> bool {
        self.digits >= 32
            && match label {
                _ if label.starts_with(b"OPENSSH") => self.head.starts_with(OPENSSH),
                _ if label.starts_with(b"PGP") => self.head.first().is_some_and(|tag| *tag >= 0x80),
                _ => self.head.first() == Some(&0x30) || self.has_headers(),
            }
    }

    /// Encrypted PKCS#1 bodies begin with header lines, which do not decode.
    fn has_headers(&self) -> bool {
        self.head.iter().all(|byte| *byte == 0)
    }
}

/// Walks a body: base64 digits, header lines, line ends as they are or as `\n` in a string.
fn body(text: &[u8]) -> Body {
    let mut digits = [0_u8; SEEN.div_ceil(3) * 4];
    let mut out = Body { length: 0, digits: 0, head: [0; SEEN] };
    let mut headers = false;
    for (at, byte) in text.iter().enumerate() {
        let rest = text.get(at..).unwrap_or_default();
        match byte {
            b'-' if rest.starts_with(b"-----") => {
                out.length = at;
                break;
            }
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => {
                if let Some(slot) = digits.get_mut(out.digits) {
                    *slot = *byte;
                }
                out.digits = out.digits.saturating_add(1);
            }
            b':' => headers = true,
            b'\\' if matches!(rest, [_, b'n' | b'r', ..]) => {}
            b'=' | b'\r' | b'\n' | b'\t' | b' ' | b',' | b'-' | b'.' | b'(' | b')' | b'"'
            | b'\'' | b'@' | b'_' => {}
            _ => {
                out.length = at;
                break;
            }
        }
        out.length = at.saturating_add(1);
    }
    if !headers {
        base64::decode(&digits, &mut out.head);
    }
    out
}
