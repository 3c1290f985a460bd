//! E-mail addresses (RFC 5321 §4.1.2, dot-strings and host names only).

use super::around::in_noise;
use crate::bytes::{before, last_line, run, run_back};
use crate::candidate::{Candidate, Judgement};
use crate::words::{Words, words};

/// Longest local part and domain in bytes (RFC 5321 §4.5.3.1).
const LONGEST_LOCAL: usize = 64;
const LONGEST_DOMAIN: usize = 255;

/// Domains and endings kept for examples and private use (RFC 2606, RFC 6761, RFC 6762).
const RESERVED: [&[u8]; 9] = [
    b"example.com",
    b"example.org",
    b"example.net",
    b".example",
    b".test",
    b".invalid",
    b".localhost",
    b".local",
    b".internal",
];

/// Local parts of addresses that machines, not persons, read or send as.
const MACHINES: [&[u8]; 6] =
    [b"git", b"noreply", b"no-reply", b"donotreply", b"do-not-reply", b"mailer-daemon"];

/// How far before an address the name of its field may stand.
const LONGEST_FIELD: usize = 48;

/// Fields of messages that hold who is to get them.
static RECIPIENTS: Words = words! {
    "to" "cc" "bcc" "recipient" "recipients" "to_email" "reply_to" "rcpt"
};

/// How far before a login the command that needs it may begin.
const LONGEST_COMMAND: usize = 96;

/// Commands that log in on another machine.
static LOGINS: Words = words! {
    "autossh " "mosh " "rsync " "scp " "sftp " "ssh " "ssh-copy-id " "sshfs "
};

/// Endings that are files, not domains: `logo@2x.png`.
const FILES: [&[u8]; 10] =
    [b"png", b"jpg", b"jpeg", b"gif", b"svg", b"webp", b"js", b"ts", b"css", b"json"];

/// An address around the `@` of the candidate.
pub(super) fn email(candidate: &mut Candidate<'_>) -> Judgement {
    let Some((start, end)) = bounds(candidate.text, candidate.start) else {
        return Judgement::Refuse;
    };
    candidate.start = start;
    candidate.end = end;
    let value = candidate.value();
    let reserved = RESERVED.iter().any(|name| {
        value
            .len()
            .checked_sub(name.len())
            .and_then(|cut| value.get(cut..))
            .is_some_and(|tail| tail.eq_ignore_ascii_case(name))
    });
    let local = value.split(|byte| *byte == b'@').next().unwrap_or_default();
    let machine = MACHINES.iter().any(|name| local.eq_ignore_ascii_case(name));
    // A place to fill in, the name of a class and where an object of it lies, or chance.
    let template = local.starts_with(b"%s") || local.starts_with(b"%d");
    let object = value.rsplit(|byte| *byte == b'.').next().is_some_and(is_class);
    let letter = is_of_message(candidate.before());
    if reserved || machine || template || object || letter || in_noise(candidate) {
        return Judgement::Refuse;
    }
    Judgement::sound_if(!is_recipient(candidate.before()) && !is_login(candidate))
}

/// Whether the last part of a name of a host is rather the name of a class: `Object`.
fn is_class(label: &[u8]) -> bool {
    label.len() > 4
        && label.first().is_some_and(u8::is_ascii_uppercase)
        && label.iter().skip(1).all(u8::is_ascii_lowercase)
}

/// Whether it is the number of a message (RFC 5322 §3.6.4), which looks like an address.
fn is_of_message(head: &[u8]) -> bool {
    let near = head.get(head.len().saturating_sub(LONGEST_FIELD)..).unwrap_or_default();
    let line = last_line(near);
    line.ends_with(b"<") && NUMBERED.begin(line)
}

/// Fields that hold such numbers.
static NUMBERED: Words = words! { "message-id:" "in-reply-to:" "references:" "content-id:" };

/// Whether it is a user of another machine: the argument of a command that logs in there, or what
/// stands before a path on it, `ann@host:/srv`.
fn is_login(candidate: &Candidate<'_>) -> bool {
    let head = candidate.before();
    let near = head.get(head.len().saturating_sub(LONGEST_COMMAND)..).unwrap_or_default();
    let line = last_line(near);
    matches!(candidate.after(), [b':', b'/' | b'~', ..])
        || LOGINS.stand_near_end(line, LONGEST_COMMAND)
}

/// Whether `head` ends in the field of a message that says who is to get it: `To: `, `"cc": "`,
/// `--bcc `. The person knows the address already.
fn is_recipient(head: &[u8]) -> bool {
    let line = head.get(head.len().saturating_sub(LONGEST_FIELD)..).unwrap_or_default();
    let line = last_line(line);
    let marks = run_back(line, |byte| {
        matches!(byte, b' ' | b'"' | b'\'' | b':' | b'=' | b'<' | b'[' | b'(' | b'\\')
    });
    let word = line.get(..line.len().saturating_sub(marks)).unwrap_or_default();
    let field = line.get(word.len()..).unwrap_or_default();
    let assigned = field.iter().any(|byte| matches!(byte, b':' | b'='));
    let option = word.windows(2).any(|pair| pair == b"--");
    let start = word
        .len()
        .saturating_sub(run_back(word, |byte| byte.is_ascii_alphanumeric() || byte == b'_'));
    (assigned || option) && RECIPIENTS.contain(word.get(start..).unwrap_or_default())
}

fn bounds(text: &[u8], at: usize) -> Option<(usize, usize)> {
    let rest = text.get(at.checked_add(1)?..)?;
    let end = domain(rest.get(..LONGEST_DOMAIN.min(rest.len()))?)?;
    let head = text.get(..at)?;
    let recent = head.get(head.len().saturating_sub(LONGEST_LOCAL.saturating_add(1))..)?;
    let whole = run_back(recent, is_local);
    let local = head.get(head.len().checked_sub(whole)?..)?;
    // A local part does not begin or end with a dot; what stands before a leading one is prose.
    let marks = run(local, |byte| matches!(byte, b'.' | b'-' | b'\'' | b'+'));
    let length = whole.checked_sub(marks)?;
    let start = at.checked_sub(length)?;
    let fits = length > 0 && length <= LONGEST_LOCAL && !local.ends_with(b".");
    (fits && before(text, start) != Some(b'@'))
        .then_some((start, at.checked_add(1)?.checked_add(end)?))
}

const fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'%' | b'+' | b'-' | b'\'')
}

/// Length of a host name of two labels or more whose last label is of letters.
fn domain(text: &[u8]) -> Option<usize> {
    let whole = run(text, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
    let name = text.get(..whole)?;
    let length = whole.checked_sub(run_back(name, |byte| matches!(byte, b'.' | b'-')))?;
    let name = name.get(..length)?;
    let mut labels = name.split(|byte| *byte == b'.');
    let last = labels.next_back()?;
    let top = last.len() >= 2 && last.len() <= 24 && last.iter().all(u8::is_ascii_alphabetic);
    let mut count = 0_usize;
    for label in labels {
        count = count.checked_add(1)?;
        if label.is_empty() || label.len() > 63 || label.starts_with(b"-") || label.ends_with(b"-")
        {
            return None;
        }
    }
    let file = FILES.iter().any(|ending| last.eq_ignore_ascii_case(ending));
    let call = matches!(text.get(length), Some(b'(' | b'_'));
    (count > 0 && top && !file && !call).then_some(length)
}
