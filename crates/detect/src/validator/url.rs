//! Passwords in the user part of a URL (RFC 3986 §3.2.1).

use super::census::Census;
use super::entropy;
use super::placeholder;
use crate::bytes::{is_host, run, run_back};
use crate::candidate::{Candidate, Judgement};
use crate::url::{LONGEST, is_user_part, user_part};

/// Schemes of databases and brokers.
const DATABASES: [&[u8]; 19] = [
    b"postgres",
    b"postgresql",
    b"mysql",
    b"mysql2",
    b"mariadb",
    b"mongodb",
    b"redis",
    b"rediss",
    b"amqp",
    b"amqps",
    b"mssql",
    b"sqlserver",
    b"oracle",
    b"clickhouse",
    b"cockroachdb",
    b"neo4j",
    b"couchdb",
    b"ldap",
    b"ldaps",
];

/// Fewest bytes of a password that is taken for random.
const LEAST_RANDOM: usize = 9;

/// Hosts kept for documents (RFC 2606 §3), which nobody has a password for.
const DOCUMENTS: [&[u8]; 3] = [b"example.com", b"example.org", b"example.net"];

/// The password in a URL of a database or broker.
pub(super) fn database(candidate: &mut Candidate<'_>) -> Judgement {
    judge(candidate, true)
}

/// The password in any other URL.
pub(super) fn credentials(candidate: &mut Candidate<'_>) -> Judgement {
    judge(candidate, false)
}

fn judge(candidate: &mut Candidate<'_>, database: bool) -> Judgement {
    let Some(found) = find(candidate.text, candidate.start) else { return Judgement::Refuse };
    let scheme = found.scheme.split(|byte| *byte == b'+').next().unwrap_or_default();
    if DATABASES.iter().any(|known| known.eq_ignore_ascii_case(scheme)) != database {
        return Judgement::Refuse;
    }
    (candidate.start, candidate.end) = found.password;
    let value = candidate.value();
    let host = candidate.after().get(1..).unwrap_or_default();
    let host = host.get(..run(host, is_host)).unwrap_or_default();
    // What a machine made is no sample, wherever it is shown.
    let documented = DOCUMENTS.iter().any(|name| host.eq_ignore_ascii_case(name))
        && !(value.len() >= LEAST_RANDOM && entropy::is_random(value, Census::of(value)));
    // What a test begins its own server with: `postgres:postgres@localhost`.
    let local = matches!(host, b"localhost" | b"127.0.0.1")
        && value == found.user
        && value.iter().all(u8::is_ascii_lowercase);
    Judgement::refuse_unless(
        !documented
            && !local
            && !placeholder::is_reference(value)
            && !placeholder::is_placeholder(value),
    )
}

struct Found<'t> {
    scheme: &'t [u8],
    user: &'t [u8],
    password: (usize, usize),
}

/// Reads `scheme://user:password@` backwards from its first `@`, and forwards to its last.
fn find(text: &[u8], at: usize) -> Option<Found<'_>> {
    let start = user_part(text, at)?;
    let scheme = text.get(..start)?.strip_suffix(b"://")?;
    let named = run_back(scheme.get(scheme.len().saturating_sub(16)..)?, |byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'.' | b'-')
    });
    let user = text.get(start..at)?;
    let colon = user.iter().position(|byte| *byte == b':')?;
    let open = start.checked_add(colon)?.checked_add(1)?;
    let end = last_at(text, at)?;
    let host = text.get(end.checked_add(1)?)?;
    let fits = open < end
        && named > 0
        && (host.is_ascii_alphanumeric() || matches!(host, b'[' | b'$' | b'{'));
    fits.then_some(Found {
        scheme: scheme.get(scheme.len().checked_sub(named)?..)?,
        user: user.get(..colon)?,
        password: (open, end),
    })
}

/// The last `@` before the path: a password may hold one unescaped, and clients take the last.
fn last_at(text: &[u8], first: usize) -> Option<usize> {
    let rest = text.get(first..)?;
    let rest = rest.get(..LONGEST.min(rest.len()))?;
    let length = run(rest, |byte| is_user_part(byte) && byte != b',');
    let last = rest.get(..length)?.iter().rposition(|byte| *byte == b'@')?;
    first.checked_add(last)
}
