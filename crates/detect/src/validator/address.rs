//! IP addresses.

use core::net::{Ipv4Addr, Ipv6Addr};

use crate::bytes::{before, run, run_back};
use crate::candidate::{Candidate, Judgement};
use crate::words::{Words, words};

/// Longest dotted form in bytes.
const LONGEST: usize = 15;

/// Longest address of the sixth version in bytes.
const LONGEST_SIX: usize = 39;

/// How far before an address a word may stand that says it is a version.
const CONTEXT: usize = 24;

/// Words before a version that has four parts.
static VERSIONS: Words = words! {
    "version" "ver " "ver." "release" "chrome/" "firmware" "build" "assembly" "section" "sec." "chapter" "clause"
    "table" "figure" "oid"
};

/// A dotted address around the candidate; one that can belong to somebody.
pub(super) fn ipv4(candidate: &mut Candidate<'_>) -> Judgement {
    let Some(address) = widen(candidate) else { return Judgement::Refuse };
    let [first, second, third, _] = address.octets();
    let documentation =
        matches!((first, second, third), (192, 0, 2) | (198, 51, 100) | (203, 0, 113));
    // Object identifiers of X.500 look like addresses: 2.5.4 are attributes, 2.5.29 extensions.
    let object = matches!((first, second, third), (2, 5, 4 | 29));
    let nobody = object
        || address.is_loopback()
        || address.is_unspecified()
        || address.is_broadcast()
        || address.is_link_local()
        || address.is_multicast()
        || first == 0
        || first >= 224
        || documentation;
    if nobody || is_version(candidate) {
        return Judgement::Refuse;
    }
    Judgement::sound_if(!address.is_private())
}

/// A global address of the sixth version that begins with the candidate.
pub(super) fn ipv6(candidate: &mut Candidate<'_>) -> Judgement {
    let rest = candidate.text.get(candidate.start..).unwrap_or_default();
    let rest = rest.get(..rest.len().min(LONGEST_SIX.saturating_add(1))).unwrap_or_default();
    let length = run(rest, |byte| byte.is_ascii_hexdigit() || byte == b':');
    let glued = matches!(
        candidate.before(),
        [.., b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_' | b':' | b'.']
    );
    let open =
        glued || rest.get(length).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    candidate.end = candidate.start.saturating_add(length);
    let address = str::from_utf8(candidate.value()).ok().and_then(|it| it.parse::<Ipv6Addr>().ok());
    Judgement::refuse_unless(address.is_some_and(|address| {
        let [first, second, ..] = address.segments();
        // 2001:db8::/32 and 3fff::/20 are kept for documentation (RFC 3849, RFC 9637).
        !open && (0x2000..0x3fff).contains(&first) && (first, second) != (0x2001, 0x0db8)
    }))
}

/// Widens the candidate, which begins at the first dot, to the whole address and reads it.
fn widen(candidate: &mut Candidate<'_>) -> Option<Ipv4Addr> {
    let head = candidate.before();
    let recent = head.get(head.len().saturating_sub(4)..)?;
    let digits = run_back(recent, |byte| byte.is_ascii_digit());
    let start = candidate.start.checked_sub(digits)?;
    let glued = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    if digits == 0 || digits > 3 || before(candidate.text, start).is_some_and(glued) {
        return None;
    }
    let rest = candidate.text.get(start..)?;
    let dotted = |byte: u8| byte.is_ascii_digit() || byte == b'.';
    let length = run(rest.get(..rest.len().min(LONGEST.saturating_add(2)))?, dotted);
    let length = if rest.get(..length)?.ends_with(b".") { length.checked_sub(1)? } else { length };
    if rest.get(length).is_some_and(|byte| glued(*byte) && *byte != b'.') {
        return None;
    }
    candidate.start = start;
    candidate.end = start.checked_add(length)?;
    str::from_utf8(candidate.value()).ok()?.parse().ok()
}

/// Whether a word shortly before, or a `v`, makes it a version.
fn is_version(candidate: &Candidate<'_>) -> bool {
    let head = candidate.before();
    let near = head.get(head.len().saturating_sub(CONTEXT)..).unwrap_or_default();
    let line = near.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    VERSIONS.stand_near_end(line, CONTEXT)
        || line.ends_with(b"==")
        || line.ends_with(b"~")
        || line.ends_with(b"^")
}
