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
    "version" "ver " "ver." "release" "chrome/" "firmware" "build" "assembly" "section" "sec."
    "chapter" "clause" "table" "figure" "oid" "objectidentifier"
};

/// How far before an address a word may stand that is said of other things as well.
const NEAR: usize = 12;

/// Such words: `upgrade to 5.0.71.47`.
static NEAR_VERSIONS: Words = words! {
    "upgrade" "update" "updated" "revision" "deps" "v8 " "git " "gcc " "since " "prior to " "released"
};

/// Words before an address that is one although its numbers are as small as those of a section.
static ADDRESSES: Words = words! {
    "ip" "addr" "host" "server" "client" "dns" "from" "peer" "remote" "listen" "connect" "ping" "via"
    "resolver" "gateway" "proxy" "route" "nameserver" "inet"
};

/// Resolvers that anybody may ask, whose numbers are small.
const RESOLVERS: [[u8; 4]; 5] =
    [[1, 1, 1, 1], [1, 0, 0, 1], [8, 8, 8, 8], [8, 8, 4, 4], [9, 9, 9, 9]];

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
    if nobody || is_version(candidate) || is_in_drawing(candidate) {
        return Judgement::Refuse;
    }
    // Versions and sections have small numbers, and of addresses one in forty has no other.
    let known = match address.octets().into_iter().max().unwrap_or_default() {
        0..=9 => RESOLVERS.contains(&address.octets()) || is_said(candidate),
        10..=99 => is_said(candidate) || is_placed(candidate),
        100.. => true,
    };
    Judgement::sound_if(!address.is_private() && known)
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

/// Whether a word shortly before says that it is an address.
fn is_said(candidate: &Candidate<'_>) -> bool {
    let head = candidate.before();
    let near = head.get(head.len().saturating_sub(CONTEXT)..).unwrap_or_default();
    ADDRESSES.stand_near_end(near, CONTEXT)
}

/// Whether marks around it say that it is an address: a port or the length of a prefix behind it, the
/// user of a URL or a scheme before it, or a line of a log that begins with it.
fn is_placed(candidate: &Candidate<'_>) -> bool {
    matches!(candidate.before(), [.., b'@'] | [.., b'/', b'/'])
        || matches!(candidate.after(), [b':' | b'/', b'0'..=b'9', ..] | [b' ', b'-', b' ', ..])
}

/// Whether it stands between numbers with a fraction, as in the path of a drawing, which leaves out
/// what it can: `c2.1-.44 3.51.98.32 2.03`.
fn is_in_drawing(candidate: &Candidate<'_>) -> bool {
    let fraction = |text: &[u8]| {
        text.iter().filter(|byte| **byte == b'.').count() == 1
            && text.iter().any(u8::is_ascii_digit)
            && text.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'))
    };
    let blank = |byte: &u8| matches!(byte, b' ' | b'-' | b',');
    let head = candidate.before();
    let near = head.get(head.len().saturating_sub(CONTEXT)..).unwrap_or_default();
    let after = candidate.after();
    let after = after.get(..CONTEXT.min(after.len())).unwrap_or_default();
    let led = near.strip_suffix(b" ").and_then(|it| it.rsplit(blank).next()).is_some_and(fraction);
    let followed =
        after.strip_prefix(b" ").and_then(|it| it.split(blank).next()).is_some_and(fraction);
    led || followed
}

/// Whether a word shortly before, or a `v`, makes it a version.
fn is_version(candidate: &Candidate<'_>) -> bool {
    let head = candidate.before();
    let near = head.get(head.len().saturating_sub(CONTEXT)..).unwrap_or_default();
    let line = near.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    VERSIONS.stand_near_end(line, CONTEXT)
        || NEAR_VERSIONS.stand_near_end(line, NEAR)
        || line.ends_with(b",v ")
        || line.ends_with(b"==")
        || line.ends_with(b"~")
        || line.ends_with(b"^")
}
