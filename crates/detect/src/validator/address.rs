//! IP addresses.

use core::net::{Ipv4Addr, Ipv6Addr};

use super::around::is_whole;
use crate::bytes::{before, last_line, run, run_back};
use crate::candidate::{Candidate, Judgement};
use crate::words::{Words, words};

/// Longest dotted form in bytes.
const LONGEST: usize = 15;

/// Longest address of the sixth version in bytes.
const LONGEST_SIX: usize = 39;

/// Bits of such an address that tell hosts of one network apart (RFC 4291 §2.5.1).
const HOST_BITS: u32 = 64;

/// How far before an address a word may stand that says it is a version.
const CONTEXT: usize = 24;

/// Words before a version that has four parts.
static VERSIONS: Words = words! {
    "version" "ver " "ver." "release" "chrome/" "firmware" "build" "assembly" "section" "sections"
    "sec." "chapter" "clause" "table" "figure" "oid" "spec" "specification" "rfc" "appendix" "annex"
    "article" "paragraph" "para." "requirement" "software" "rev " "rev." "ec " "ec=" "ec:" "ecnum" "gene3d" "cath"
};

/// How far before an address a word may stand that says it is an object identifier, or that
/// something was raised from one version to another.
const FAR: usize = 64;

/// Words before object identifiers, whose first arc is 0, 1 or 2 (ITU-T X.660 §7).
static OBJECTS: Words = words! {
    "oid" "objectidentifier" "object"
};

/// The greatest first arc of an object identifier.
const LAST_ROOT: u8 = 2;

/// Words before two versions, the second of which stands behind `from`: `upgrade to 4.5.103.33 from
/// 4.5.103.30`.
static RAISED: Words = words! {
    "upgrade" "upgraded" "downgrade" "update" "updated" "bump" "bumped" "changes"
};

/// The greatest first number of such a version.
const LAST_MAJOR: u8 = 29;

/// How far before an address a word may stand that is said of other things as well.
const NEAR: usize = 12;

/// Such words: `upgrade to 5.0.71.47`.
static NEAR_VERSIONS: Words = words! {
    "upgrade" "update" "updated" "revision" "deps" "v8 " "git " "gcc " "since " "prior to " "released"
};

/// Words before an address that is one although its numbers are as small as those of a section.
static ADDRESSES: Words = words! {
    "ip" "addr" "host" "server" "client" "dns" "peer" "remote" "listen" "connect" "ping" "via"
    "resolver" "gateway" "proxy" "route" "nameserver" "inet" "login" "logged" "session" "accepted"
    "blocked" "banned" "attack"
};

/// Words before an address of somebody who uses a service: what stands there belongs to a person,
/// even if it is spelled like a well-known one.
static CLIENTS: Words = words! {
    "client" "visitor" "customer" "my ip" "his ip" "her ip" "user ip" "user_ip" "source ip" "logged in"
};

/// Resolvers that anybody may ask, as their operators publish them: Cloudflare, Google, Quad9,
/// OpenDNS, Level 3, AdGuard, Verisign, and the one of every virtual machine on Azure.
const RESOLVERS: [[u8; 4]; 22] = [
    [1, 1, 1, 1],
    [1, 0, 0, 1],
    [1, 1, 1, 2],
    [1, 0, 0, 2],
    [1, 1, 1, 3],
    [1, 0, 0, 3],
    [8, 8, 8, 8],
    [8, 8, 4, 4],
    [9, 9, 9, 9],
    [9, 9, 9, 10],
    [9, 9, 9, 11],
    [149, 112, 112, 112],
    [208, 67, 222, 222],
    [208, 67, 220, 220],
    [4, 2, 2, 1],
    [4, 2, 2, 2],
    [4, 2, 2, 3],
    [4, 2, 2, 4],
    [94, 140, 14, 14],
    [94, 140, 15, 15],
    [64, 6, 64, 6],
    [168, 63, 129, 16],
];

/// The same of the sixth version: the first three parts of the networks of Google's, Cloudflare's,
/// Quad9's and OpenDNS's resolvers.
const RESOLVER_NETWORKS: [[u16; 3]; 4] = [
    [0x2001, 0x4860, 0x4860],
    [0x2606, 0x4700, 0x4700],
    [0x2620, 0x00fe, 0],
    [0x2620, 0x0119, 0x0035],
];

/// A dotted address around the candidate; one that can belong to somebody.
pub(super) fn ipv4(candidate: &mut Candidate<'_>) -> Judgement {
    let Some(address) = widen(candidate) else { return Judgement::Refuse };
    let [first, second, third, _] = address.octets();
    let documentation =
        matches!((first, second, third), (192, 0, 2) | (198, 51, 100) | (203, 0, 113));
    // Shared by carriers (RFC 6598), kept for measuring (RFC 2544) and for protocols (RFC 6890).
    let special =
        matches!((first, second, third), (100, 64..=127, _) | (198, 18 | 19, _) | (192, 0, 0));
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
        || documentation
        || special;
    let other = || is_name(candidate) || is_in_drawing(candidate) || is_anchor(candidate);
    if nobody || other() || is_version(candidate, first) || is_paragraph(candidate, address) {
        return Judgement::Refuse;
    }
    if is_network(candidate, address)
        || is_of_anybody(candidate, address)
        || is_of_product(candidate, address)
    {
        return Judgement::Shape;
    }
    // Versions and sections have small numbers, and of addresses one in forty has no other.
    let octets = address.octets();
    // Of what has three small numbers before a greater one, the fourth counts sections.
    // A number behind a slash counts revisions as well: `27.6.1.3/24`.
    let small = if candidate.after().starts_with(b"/") { 31 } else { 9 };
    let known = || {
        (octets.iter().any(|it| *it > 99) && !is_deep(octets))
            || is_said(candidate)
            || (octets.iter().any(|it| *it > small) && is_placed(candidate))
            || (RESOLVERS.contains(&octets) && is_whole(candidate))
    };
    Judgement::sound_if(!address.is_private() && known())
}

/// Whether three numbers of one digit lead to the last one, as in a standard or a table of kinds:
/// `3.2.2.103`, `2.1.1.104`.
fn is_deep([first, second, third, _]: [u8; 4]) -> bool {
    [first, second, third].iter().all(|it| *it < 10)
}

/// Whether the address ends in zeros, or the length of a prefix follows and nothing but zeros behind
/// that: a network.
fn is_network(candidate: &Candidate<'_>, address: Ipv4Addr) -> bool {
    let [_, _, _, last] = address.octets();
    let Some(rest) = candidate.after().strip_prefix(b"/") else { return last == 0 };
    let digits = run(rest.get(..2.min(rest.len())).unwrap_or_default(), |it| it.is_ascii_digit());
    let length = rest.get(..digits).and_then(|it| str::from_utf8(it).ok()?.parse::<u32>().ok());
    length.is_some_and(|it| {
        it < u32::BITS && (address.to_bits().unbounded_shl(it) == 0 || is_of_routes(candidate))
    })
}

/// Whether the prefix stands in a list of networks: in quotes or brackets and nothing behind it.
fn is_of_routes(candidate: &Candidate<'_>) -> bool {
    matches!(
        candidate.after(),
        [b'/', b'0'..=b'9', b'"' | b'\'', ..] | [b'/', b'0'..=b'9', b'0'..=b'9', b'"' | b'\'', ..]
    )
}

/// The address that example.com had for years, which documentation shows.
const EXAMPLE: [u8; 4] = [93, 184, 216, 34];

/// The same of the sixth version: its first six parts.
const EXAMPLE_SIX: [u16; 6] = [0x2606, 0x2800, 0x0220, 1, 0x0248, 0x1893];

/// Whether an address is a resolver that anybody may ask, or one that people write to stand for
/// any: the same number three times, four that count up or down, four of one digit, `1.2.3` with any,
/// or the end of a range. Not where a word says whose it is.
fn is_of_anybody(candidate: &Candidate<'_>, address: Ipv4Addr) -> bool {
    let octets = address.octets();
    let steps = |step: u8| {
        octets.windows(2).all(|pair| matches!(pair, [a, b] if a.checked_add(step) == Some(*b)))
    };
    let down = octets.windows(2).all(|pair| matches!(pair, [a, b] if b.checked_add(1) == Some(*a)));
    let small = octets.iter().all(|it| *it < 10) || octets.starts_with(&[1, 2, 3]);
    let same = matches!(octets, [a, b, c, _] if a == b && b == c);
    let end = octets.ends_with(&[255]);
    // `111.111.1.1`.
    let one = octets.iter().all(|it| matches!(it, 1 | 11 | 111 | 2 | 22 | 222)) && {
        let digits = octets.map(|it| it % 10);
        digits.windows(2).all(|pair| matches!(pair, [a, b] if a == b))
    };
    let known = RESOLVERS.contains(&octets)
        || same
        || steps(1)
        || down
        || small
        || end
        || one
        || is_almost_documented(octets)
        || octets == EXAMPLE;
    known && !is_whole(candidate) && !CLIENTS.stand_near_end(line(candidate, CONTEXT), CONTEXT)
}

/// Whether two of the three numbers of a network kept for documents stand at their places, or two zeros
/// before a small last one: what people write who mean no address in particular. A part of those is
/// in use.
fn is_almost_documented(octets: [u8; 4]) -> bool {
    let like = |network: [u8; 3]| octets.iter().zip(network).filter(|(a, b)| **a == *b).count() > 1;
    let used = matches!(octets, [192, 0, 64..=127, _]);
    let first = matches!(octets, [_, 0, 0, last] if last < 10);
    !used && (first || like([192, 0, 2]) || like([198, 51, 100]) || like([203, 0, 113]))
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
    // Maps of sources are numbers and colons between semicolons.
    let mapped = candidate.before().ends_with(b";") && rest.get(length) == Some(&b';');
    let open = glued
        || mapped
        || rest.get(length).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    candidate.end = candidate.start.saturating_add(length);
    let address = str::from_utf8(candidate.value()).ok().and_then(|it| it.parse::<Ipv6Addr>().ok());
    Judgement::refuse_unless(address.is_some_and(|address| {
        let [first, second, third, ..] = address.segments();
        // 2001:db8::/32 and 3fff::/20 are kept for documentation (RFC 3849, RFC 9637), beside the
        // first people write one digit too many or too few; 2001:0::/23
        // for protocols (RFC 2928), and what ends in zeros is a network.
        let of_protocols = first == 0x2001 && second < 0x0200;
        let network = address.to_bits().trailing_zeros() >= HOST_BITS;
        let resolver = RESOLVER_NETWORKS.contains(&[first, second, third])
            || address.segments().starts_with(&EXAMPLE_SIX);
        !open
            && (0x2000..0x3fff).contains(&first)
            && !matches!((first, second), (0x2001, 0x0db7..=0x0db9))
            && !of_protocols
            && !network
            && !resolver
    }))
}

/// Widens the candidate, which begins at the first dot, to the whole address and reads it.
fn widen(candidate: &mut Candidate<'_>) -> Option<Ipv4Addr> {
    let head = candidate.before();
    let recent = head.get(head.len().saturating_sub(4)..)?;
    let digits = run_back(recent, |byte| byte.is_ascii_digit());
    let start = candidate.start.checked_sub(digits)?;
    let glued = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let previous = before(candidate.text, start);
    // Of `%206.0.1.2` two digits belong to the escape.
    if digits == 0 || digits > 3 || previous == Some(b'%') || previous.is_some_and(glued) {
        return None;
    }
    let rest = candidate.text.get(start..)?;
    let (address, length) = dotted(rest.get(..rest.len().min(LONGEST))?)?;
    // A full stop may end a sentence, but not lead to a fifth number.
    let goes_on = match rest.get(length..)? {
        [b'.', rest @ ..] => matches!(rest, [b'0'..=b'9' | b'.', ..]),
        [byte, ..] => glued(*byte),
        [] => false,
    };
    if goes_on {
        return None;
    }
    candidate.start = start;
    candidate.end = start.checked_add(length)?;
    Some(address)
}

/// The four numbers at the start of `text`, none with a zero before it, and how many bytes they take.
fn dotted(text: &[u8]) -> Option<(Ipv4Addr, usize)> {
    let (mut octets, mut place, mut digits) = ([0_u8; 4], 0_usize, 0_usize);
    for (at, byte) in text.iter().chain(b" ").enumerate() {
        let octet = octets.get_mut(place)?;
        match byte {
            b'0'..=b'9' if digits > 0 && *octet == 0 => return None,
            b'0'..=b'9' => {
                *octet = octet.checked_mul(10)?.checked_add(byte.wrapping_sub(b'0'))?;
                digits = digits.wrapping_add(1);
            }
            _ if digits == 0 => return None,
            b'.' if place < 3 => (place, digits) = (place.wrapping_add(1), 0),
            _ => return (place == 3).then_some((octets.into(), at)),
        }
    }
    None
}

/// Whether a word shortly before says that it is an address.
fn is_said(candidate: &Candidate<'_>) -> bool {
    ADDRESSES.stand_near_end(line(candidate, CONTEXT), CONTEXT)
}

/// Whether marks around it say that it is an address: a port or the length of a prefix behind it, the
/// user of a URL or a scheme before it, or a line of a log that begins with it.
fn is_placed(candidate: &Candidate<'_>) -> bool {
    matches!(candidate.before(), [.., b'@'] | [.., b'/', b'/'])
        || matches!(candidate.after(), [b':' | b'/', b'0'..=b'9', ..])
        || is_logged(candidate.after())
}

/// Whether who asked and when follow, as in the log of a server: `1.2.3.4 - - [22/Nov/2026`. A title
/// stands behind a dash, too.
fn is_logged(after: &[u8]) -> bool {
    let Some(rest) = after.strip_prefix(b" - ") else { return false };
    let name = run(rest, |byte| byte.is_ascii_graphic());
    rest.get(name..).is_some_and(|rest| rest.starts_with(b" ["))
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

/// Whether it is all that a link within a page shows, as tables of contents do with the numbers of
/// sections: `<a href="#options">3.3.1.12</a>`.
fn is_anchor(candidate: &Candidate<'_>) -> bool {
    let line = line(candidate, FAR);
    let Some(tag) = line.strip_suffix(b">").and_then(|it| it.rsplit(|b| *b == b'<').next()) else {
        return false;
    };
    tag.starts_with(b"a ")
        && (tag.contains(&b'#') || tag.windows(NAMED.len()).any(|at| at == NAMED))
}

/// What names a place of a page.
const NAMED: &[u8] = b"name=\"";

/// Whether the name of a product stands before it and its numbers are those of a version: a word with
/// a capital, and at least two numbers of one digit behind a small one, `Oracle 19.3.0.128`.
fn is_of_product(candidate: &Candidate<'_>, address: Ipv4Addr) -> bool {
    let octets = address.octets();
    let small = octets.iter().filter(|it| **it < 10).count();
    let line = line(candidate, CONTEXT);
    let Some(head) = line.strip_suffix(b" ") else { return false };
    let letters = run_back(head, |byte| byte.is_ascii_alphabetic());
    let word = head.get(head.len().saturating_sub(letters)..).unwrap_or_default();
    octets.first().is_some_and(|it| *it <= LAST_MAJOR)
        && small >= 2
        && matches!(word, [b'A'..=b'Z', _, _, ..])
        && !LEADING.contain(word)
        && !is_said(candidate)
        && !is_placed(candidate)
}

/// Words that begin a sentence and are no product.
static LEADING: Words = words! {
    "and" "are" "for" "from" "got" "has" "its" "not" "now" "saw" "see" "the" "use" "was" "with"
};

/// Whether letters go on behind it: part of a name, `1.2.0.192.in-addr.arpa`.
fn is_name(candidate: &Candidate<'_>) -> bool {
    matches!(candidate.after(), [b'.', next, ..] if next.is_ascii_alphabetic())
}

/// The end of what stands before the candidate in its line, at most so many bytes.
fn line<'t>(candidate: &Candidate<'t>, most: usize) -> &'t [u8] {
    let head = candidate.before();
    let near = head.get(head.len().saturating_sub(most)..).unwrap_or_default();
    last_line(near)
}

/// Whether a word shortly before, or a `v`, makes it a version, a section, an object identifier or
/// a revision of a file.
fn is_version(candidate: &Candidate<'_>, first: u8) -> bool {
    let far = line(candidate, FAR);
    let line = far.get(far.len().saturating_sub(CONTEXT)..).unwrap_or(far);
    VERSIONS.stand_near_end(line, CONTEXT)
        || NEAR_VERSIONS.stand_near_end(line, NEAR)
        || [&b",v "[..], b"==", b"~", b"^", "§".as_bytes(), "§ ".as_bytes()]
            .iter()
            .any(|mark| line.ends_with(mark))
        || is_compared(line)
        || is_revision(line)
        // Since which version a library has a symbol: `g_free@Base 2.49.91.1`.
        || line.ends_with(b"@Base ")
        || (first == 1 && is_kept_revision(candidate))
        || is_of_package(far)
        || (first <= LAST_ROOT && OBJECTS.stand_near_end(far, FAR))
        || (first <= LAST_MAJOR && far.ends_with(b"from ") && RAISED.stand_near_end(far, FAR))
        || (first <= LAST_MAJOR && is_told_from(far))
}

/// Whether the name of a file and a bracket stand before it, as CVS lists revisions: `a.h (1.1.1.1)`.
fn is_revision(line: &[u8]) -> bool {
    let Some(name) = line.strip_suffix(b" (") else { return false };
    let length = run_back(name, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    let (stem, extension) = name.split_at(name.len().saturating_sub(length));
    (1..=LONGEST_EXTENSION).contains(&extension.len())
        && matches!(stem, [.., b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-', b'.'])
}

/// Whether it is compared as more or less than something, which only versions are: `v >= '4.0.249.4'`.
fn is_compared(line: &[u8]) -> bool {
    let line = line.strip_suffix(b"'").or_else(|| line.strip_suffix(b"\"")).unwrap_or(line);
    let line = line.trim_ascii_end();
    line.ends_with(b">=") || line.ends_with(b"<=")
}

/// Whether it is a revision on a branch as RCS keeps them (rcsfile(5)): behind `next`, alone on its line,
/// or behind the name of a tag.
fn is_kept_revision(candidate: &Candidate<'_>) -> bool {
    let (line, after) = (line(candidate, FAR), candidate.after());
    let ends = |mark: &[u8]| after.starts_with(mark);
    let tag = || {
        let name = line.strip_prefix(b"\t").and_then(|rest| rest.strip_suffix(b":"));
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        name.is_some_and(|name| !name.is_empty() && run(name, plain) == name.len())
    };
    match line {
        b"" => ends(b"\ndate\t") || ends(b"\nlog\n"),
        b"next\t" => ends(b";"),
        b"\t" => ends(b";") || ends(b"\n\t1.") || ends(b"\r\n\t1."),
        _ => tag() && matches!(after, [b'\n' | b'\r' | b';', ..]),
    }
}

/// Whether it is a section of a standard with a paragraph behind it: `18.4.1.1/13`, `13.3.3.2/3/2`. A
/// prefix of so few bits leaves nothing but zeros behind it.
fn is_paragraph(candidate: &Candidate<'_>, address: Ipv4Addr) -> bool {
    let Some(rest) = candidate.after().strip_prefix(b"/") else { return false };
    let digits = run(rest.get(..2.min(rest.len())).unwrap_or_default(), |it| it.is_ascii_digit());
    let length = rest.get(..digits).and_then(|it| str::from_utf8(it).ok()?.parse::<u32>().ok());
    let few = length.is_some_and(|it| it < FEWEST_BITS);
    few && address.octets().iter().all(|it| *it < LAST_SECTION)
}

/// A network that somebody writes down with a number of a host has no shorter prefix.
const FEWEST_BITS: u32 = 16;

/// No section of a standard has a greater number.
const LAST_SECTION: u8 = 32;

/// Whether the URL of a package ends before it: `pkg:pypi/name@`.
fn is_of_package(line: &[u8]) -> bool {
    let mut words = line.rsplit(|byte| !byte.is_ascii_graphic() || *byte == b'"');
    line.ends_with(b"@") && words.next().is_some_and(|word| word.starts_with(b"pkg:"))
}

/// Longest extension of the name of a file.
const LONGEST_EXTENSION: usize = 6;

/// Whether it is the second of two versions: `from 4.2.77.18 to `.
fn is_told_from(line: &[u8]) -> bool {
    let dotted = |text: &[u8]| run_back(text, |byte| byte.is_ascii_digit() || byte == b'.');
    let raised = line
        .strip_suffix(b" to ")
        .map(|head| head.get(..head.len().saturating_sub(dotted(head))).unwrap_or_default());
    raised.is_some_and(|head| head.ends_with(b"from ") && RAISED.stand_near_end(head, FAR))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the validator says of the only address of a text.
    fn judged(text: &str) -> Judgement {
        let start = text.find(|it: char| it.is_ascii_digit()).unwrap();
        let address = text.get(start..).unwrap();
        let dot = start.checked_add(address.find('.').unwrap()).unwrap();
        ipv4(&mut Candidate::of(text.as_bytes(), (dot, dot.checked_add(1).unwrap())))
    }

    #[test]
    fn versions_sections_revisions_and_object_identifiers_are_no_addresses() {
        for text in [
            "see USB CDC spec 5.2.3.101",
            "RFC text, \u{a7}5.2.3.101",
            "clause 5.2.113.1",
            "thinp.h (1.1.1.1), tmap.h",
            "ObjectIdentifier = crate::ObjectIdentifier::new_unwrap(\"1.3.132.1\")",
            "prim: OBJECT            :1.3.101.110",
            "re-inject the changes from 4.1.2.1.",
            "names 5.2.0.192.in-addr.arpa.",
            "<a href=\"cvs_2.html#Client-authentication\">2.9.3.2 Using",
        ] {
            assert_eq!(judged(text), Judgement::Refuse, "{text}");
        }
    }

    #[test]
    fn networks_and_resolvers_are_of_nobody() {
        for text in [
            "Start 1.5.6.5 RelNotes to",
            "Oracle 19.3.0.128 is",
            "- 131.4.255.255, the end",
            "the mask of `128.192.0.0` will",
            "route 128.0.0.0/1",
            "[\"172.1.0.0/16\"]",
            "\"62.1.1.1/24\".parse()",
        ] {
            assert_eq!(judged(text), Judgement::Shape, "{text}");
        }
        for text in ["nameserver 8.8.8.8", "dig @1.1.1.1 a", "check('123.123.123.123')"] {
            assert_eq!(judged(text), Judgement::Shape, "{text}");
        }
        for text in [
            "inet 62.1.7.9/24 brd",
            "client ip 8.8.8.8 logged in",
            "8.8.8.8",
            "62.1.1.9 - frank [22/Nov/2026:10:00:00",
            "from 81.2.69.142:443",
        ] {
            assert_eq!(judged(text), Judgement::Sound, "{text}");
        }
    }
}
