//! Passwords in the user part of a URL (RFC 3986 §3.2.1).

use super::census::Census;
use super::entropy;
use super::placeholder;
use crate::bytes::{is_host, run, run_back};
use crate::candidate::{Candidate, Judgement};
use crate::url::{LONGEST, is_user_part, user_part};
use crate::words::{Words, words};

/// Schemes of databases and brokers.
static DATABASES: Words = words! {
    "postgres" "postgresql" "mysql" "mysql2" "mariadb" "mongodb" "redis" "rediss" "amqp" "amqps" "mssql"
    "sqlserver" "oracle" "clickhouse" "cockroachdb" "neo4j" "couchdb" "ldap" "ldaps"
};

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
    // Most URLs are of one kind only, and their scheme says of which.
    let user = user_part(candidate.text, candidate.start)
        .filter(|start| is_of_database(candidate.text, *start) == Some(database));
    let Some(found) = user.and_then(|start| find(candidate.text, start, candidate.start)) else {
        return Judgement::Refuse;
    };
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

/// Whether the scheme of the URL whose user part begins at `start` is one of a database or broker; `None`
/// without a scheme.
fn is_of_database(text: &[u8], start: usize) -> Option<bool> {
    let head = text.get(..start)?.strip_suffix(b"://")?;
    let near = head.get(head.len().saturating_sub(16)..)?;
    let named =
        run_back(near, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'.' | b'-'));
    let scheme = near.get(near.len().checked_sub(named)?..)?;
    let first = scheme.split(|byte| *byte == b'+').next().unwrap_or_default();
    (named > 0).then(|| DATABASES.contain(first))
}

struct Found<'t> {
    user: &'t [u8],
    password: (usize, usize),
}

/// Reads `user:password@` from `start` over its first `@`, which stands at `at`, to its last.
fn find(text: &[u8], start: usize, at: usize) -> Option<Found<'_>> {
    let user = text.get(start..at)?;
    let colon = user.iter().position(|byte| *byte == b':')?;
    let open = start.checked_add(colon)?.checked_add(1)?;
    let end = last_at(text, at)?;
    let host = text.get(end.checked_add(1)?)?;
    let fits = open < end && (host.is_ascii_alphanumeric() || matches!(host, b'[' | b'$' | b'{'));
    fits.then_some(Found { user: user.get(..colon)?, password: (open, end) })
}

/// The last `@` before the path: a password may hold one unescaped, and clients take the last.
fn last_at(text: &[u8], first: usize) -> Option<usize> {
    let rest = text.get(first..)?;
    let rest = rest.get(..LONGEST.min(rest.len()))?;
    let length = run(rest, |byte| is_user_part(byte) && byte != b',');
    let last = rest.get(..length)?.iter().rposition(|byte| *byte == b'@')?;
    first.checked_add(last)
}
