//! Command lines in text: a shell history, a script, a log, the examples of a page.
//!
//! It knows enough of shells to find words, quotes and where one command ends and the next begins,
//! and where in the line each byte of a word stands. It expands nothing and runs nothing: a word
//! that a shell would make something else of is judged as it is written. It is no parser for
//! decisions about what a shell will run, only one that finds what stands there.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

use datafog_core::Span;

use crate::embedded;
use crate::heads::{self, Heads};
use crate::naming::{self, Named};
use crate::part::Part;
use crate::profile::{PREFIXES, SecretKind};
use crate::secrets;

use split::{Word, commands};

mod split;

/// A secret in a line of text, because of where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineSecret {
    /// Which bytes of the line.
    pub span: Span,
    /// Entity type, for example `secret.generic.password`.
    pub entity: &'static str,
}

/// Every entity type of a secret in a line.
pub const LINE_ENTITIES: [&str; 2] =
    [secrets::entity(Named::Key), secrets::entity(Named::Password)];

/// How deep commands may stand in each other.
const DEEPEST: usize = 3;

/// Longer lines are not looked at: nobody types them.
const LONGEST: usize = 16 << 10;

/// Words that may be the name of a program, or stand before one.
static HEADS: Heads = Heads::of(PREFIXES);

/// The secrets that stand in `line` (without its line end) as arguments of a program: the `S3cret`
/// of `mysql -u root -pS3cret db`. In order of place, disjoint.
///
/// A line whose commands no table knows costs a look at the first word of each, and allocates
/// nothing.
#[must_use]
pub fn secrets_in_line(line: &[u8]) -> Vec<LineSecret> {
    if line.len() > LONGEST {
        return Vec::new();
    }
    let head = known_head(line);
    let mut found = Vec::new();
    if head.is_some() || joined(line).next().is_some() {
        found = of_commands(line, 0);
    }
    // Behind assignments, and with escapes undone, another command may be read there.
    let plain = |byte: &u8| (split::is_plain(*byte) && *byte != b'=') || *byte == b' ';
    let read = head.filter(|head| line.iter().take(*head).all(plain) && !line.contains(&b'\\'));
    embedded::find(&Part::whole(line), 0, read, &mut found);
    in_order(found)
}

/// The same for a line that stands in a command, `depth` deep.
pub(crate) fn secrets(line: &[u8], depth: usize) -> Vec<LineSecret> {
    in_order(of_commands(line, depth))
}

/// Those in the commands of a line as a shell parts it.
pub(crate) fn of_commands(line: &[u8], depth: usize) -> Vec<LineSecret> {
    let mut found = Vec::new();
    if depth > DEEPEST || line.len() > LONGEST {
        return found;
    }
    let commands = commands(line);
    for command in &commands {
        of_command(&command.words, depth, &mut found);
        found.extend(command.fed.as_ref().and_then(|fed| taken(fed, &command.words)));
    }
    for pair in commands.windows(2) {
        if let [source, reader] = pair {
            found.extend(piped(&source.words, &reader.words));
        }
    }
    found
}

/// In order of place, disjoint: of two that overlap the first, of two that begin alike the longer.
fn in_order(mut found: Vec<LineSecret>) -> Vec<LineSecret> {
    found.sort_by_key(|it| (it.span.start(), core::cmp::Reverse(it.span.end())));
    found.dedup_by(|next, kept| next.span.overlaps(kept.span));
    found
}

/// `NAME=value`: where the value begins.
pub(crate) fn assignment(word: &[u8]) -> Option<usize> {
    let named = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
    let equals = word.iter().take_while(named).count();
    let begins = word.first().is_some_and(|first| !first.is_ascii_digit());
    (begins && equals > 0 && word.get(equals) == Some(&b'=')).then_some(equals.saturating_add(1))
}

/// Whether some command of the line is known, by a look at first words alone.
pub(crate) fn worth_reading(line: &[u8]) -> bool {
    known_head(line).is_some() || joined(line).next().is_some()
}

/// The last place in the line at which a command that is known follows a sign: see [`joined`].
pub(crate) fn last_joined(line: &[u8]) -> Option<usize> {
    joined(line).max()
}

/// Where a sign stands that a command may follow which is known, by a look at its first word: one that
/// ends another, or one that begins `x=$(command …)`, "`command …`" and `(command …)`, but no call of a
/// function.
fn joined(line: &[u8]) -> impl Iterator<Item = usize> + '_ {
    let behind = |at: usize| line.get(at.saturating_add(1)..).unwrap_or_default();
    let called = |at: usize| {
        let before = at.checked_sub(1).and_then(|before| line.get(before));
        before.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
    };
    let ends = memchr::memchr3_iter(b'|', b';', b'&', line);
    let begins = memchr::memchr2_iter(b'(', b'`', line).filter(move |at| !called(*at));
    ends.chain(begins).filter(move |at| follows(behind(*at)))
}

/// Whether the first word may be one of the tables, by one look into a small table.
pub(crate) fn may_begin(text: &[u8]) -> bool {
    let odd = matches!(text, [b'.' | b'/' | b'~', ..] | [_, b':', b'\\', ..]);
    odd || HEADS.has(text) || assignment(text).is_some()
}

/// The same behind a sign that ends a command, where most words are known to begin none by one look
/// into a small table.
fn follows(text: &[u8]) -> bool {
    let text = text.trim_ascii_start();
    let odd = matches!(text, [b'"' | b'\'' | b'.' | b'/' | b'~', ..]);
    (odd || HEADS.has(text) || assignment(text).is_some()) && known_head(text).is_some()
}

/// Where the first word that is no prefix begins, if it names a program in the tables.
pub(crate) fn known_head(text: &[u8]) -> Option<usize> {
    let mut rest = text;
    for _ in 0..6 {
        rest = rest.trim_ascii_start();
        let end = quoted_path(rest).unwrap_or_else(|| word_end(rest));
        let (word, tail) = rest.split_at_checked(end).filter(|(word, _)| !word.is_empty())?;
        let assigned = assignment(word);
        if assigned.is_none() && !is_prefix(word) {
            return is_known(word).then(|| text.len().saturating_sub(rest.len()));
        }
        // A value in quotes may hold blanks.
        let value = assigned.and_then(|from| rest.get(from..)).and_then(<[u8]>::split_first);
        rest = match value {
            Some((quote @ (b'"' | b'\''), value)) => {
                let end = value.iter().position(|byte| byte == quote).unwrap_or(value.len());
                value.get(end.saturating_add(1)..).unwrap_or_default()
            }
            Some(_) | None => tail,
        };
    }
    None
}

/// Where the first blank stands in the next bytes, or the text ends.
fn word_end(text: &[u8]) -> usize {
    let near = text.get(..LONGEST_WORD).unwrap_or(text);
    let end = memchr::memchr3(b' ', b'\t', b'\n', near);
    let word = near.get(..end.unwrap_or(near.len())).unwrap_or_default();
    memchr::memchr2(b'\r', b'\x0c', word).or(end).unwrap_or(text.len())
}

/// Longest word that may be looked at, in bytes, when no blank ends it.
const LONGEST_WORD: usize = 64;

/// Length of a path of Windows in quotes at the start of a line, which may hold blanks:
/// `"C:\Program Files\MySQL\bin\mysql.exe"`.
fn quoted_path(text: &[u8]) -> Option<usize> {
    let (quote, path) = text.split_first().filter(|(first, _)| matches!(first, b'"' | b'\''))?;
    if !matches!(path, [drive, b':', b'\\', ..] if drive.is_ascii_alphabetic()) {
        return None;
    }
    path.iter().take(LONGEST_PATH).position(|byte| byte == quote)?.checked_add(2)
}

/// Longest path to a program that is looked at, in bytes.
const LONGEST_PATH: usize = 260;

/// The last word of a prompt: `me@host:~$`.
fn ends_prompt(word: &[u8]) -> bool {
    word.len() > 1 && matches!(word.last(), Some(b'$' | b'#' | b'%' | b'>'))
}

/// Whether a word before a command belongs to the text around it: a prompt, a keyword, a number of
/// a history, a time of a log.
fn is_prefix(word: &[u8]) -> bool {
    let number = |byte: &u8| {
        byte.is_ascii_digit()
            || matches!(byte, b':' | b'.' | b'-' | b'T' | b'Z' | b'[' | b']' | b'*')
    };
    ends_prompt(word) || word.iter().all(number) || (HEADS.has(word) && heads::is_prefix(word))
}

/// Whether a word names a program in the tables.
pub(crate) fn is_known(word: &[u8]) -> bool {
    // What has no blank for so long names none, and a line may hold many such.
    if word.len() > LONGEST_PATH {
        return false;
    }
    let name = word.strip_suffix(b"\"").or_else(|| word.strip_suffix(b"'")).unwrap_or(word);
    let name = secrets::program_name(name);
    let name = name.strip_prefix(b"\"").or_else(|| name.strip_prefix(b"'")).unwrap_or(name);
    let likely = name.len() < 32 && name.first().is_some_and(u8::is_ascii_alphanumeric);
    likely && HEADS.has(name) && heads::program(name).is_some()
}

/// Flags by which a program takes a secret from standard input.
const FROM_STDIN: &[&[u8]] =
    &[b"--password-stdin", b"--passwd-on-stdin", b"--token-stdin", b"--with-token"];

/// The `X` of `echo X | docker login --password-stdin` and `echo X | sudo -S`.
fn piped(source: &[Word<'_>], reader: &[Word<'_>]) -> Option<LineSecret> {
    let skip = source.iter().take_while(|word| !word.quoted && is_prefix(word.text())).count();
    let (program, words) = source.get(skip..)?.split_first()?;
    let written = words.last().filter(|_| matches!(program.text(), b"echo" | b"printf"))?;
    taken(written, reader)
}

/// What the command of the words `reader` takes as a secret from `written` on its standard input.
fn taken(written: &Word<'_>, reader: &[Word<'_>]) -> Option<LineSecret> {
    let has = |flag: &[u8]| reader.iter().any(|word| word.text() == flag);
    let (from, named) = if FROM_STDIN.iter().any(|flag| has(flag)) {
        (0, if has(b"--with-token") { Named::Key } else { Named::Password })
    } else {
        let argv: Vec<OsString> = words_of(reader);
        let piped = secrets::piped(&argv)?;
        let mark = |byte: &u8| piped.after.as_bytes().contains(byte);
        let from = match piped.after {
            "" => 0,
            _ => written.text().iter().position(mark)?.checked_add(1)?,
        };
        (from, if piped.is == SecretKind::Key { Named::Key } else { Named::Password })
    };
    let value = written.text().get(from..)?;
    if naming::is_placeholder(value) || value.contains(&b' ') {
        return None;
    }
    let span = written.span(from, written.text().len())?;
    Some(LineSecret { span, entity: secrets::entity(named) })
}

/// The words as they are passed, without prefixes.
fn words_of(words: &[Word<'_>]) -> Vec<OsString> {
    let skip = words.iter().take_while(|word| !word.quoted && is_prefix(word.text())).count();
    let words = words.get(skip..).unwrap_or_default();
    words.iter().map(|word| OsString::from_vec(word.text().to_vec())).collect()
}

/// One command: its prefixes taken off, its assignments looked at, its words judged by its table.
fn of_command(words: &[Word<'_>], depth: usize, found: &mut Vec<LineSecret>) {
    let skip = words.iter().take_while(|word| !word.quoted && is_prefix(word.text())).count();
    let mut words = words.get(skip..).unwrap_or_default();
    while let Some((word, rest)) = words.split_first()
        && let Some(from) = assignment(word.text())
    {
        // Alone, an assignment is judged as text by those who know more of it.
        let named = word.text().get(..from.saturating_sub(1)).and_then(naming::says);
        let value = word.text().get(from..).unwrap_or_default();
        if let (Some(named), false, false) = (named, rest.is_empty(), naming::is_placeholder(value))
            && let Some(span) = word.span(from, word.text().len())
        {
            found.push(LineSecret { span, entity: secrets::entity(named) });
        }
        words = rest;
    }
    let Some((program, behind)) = words.split_first() else { return };
    let Some(profile) = secrets::known(program.text()) else { return };
    if !behind.iter().any(|word| profile.telling.may_lead(word.text())) {
        return;
    }
    let argv: Vec<OsString> =
        words.iter().map(|word| OsString::from_vec(word.text().to_vec())).collect();
    for secret in secrets::of_program(profile, &argv, depth) {
        let place = secret.place;
        let span = words
            .get(place.argument)
            .and_then(|word| word.span(place.span.start(), place.span.end()));
        found.extend(span.map(|span| LineSecret { span, entity: secret.entity }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The line with the secrets in it between brackets.
    fn marked(line: &str) -> String {
        let mut marked = line.to_owned();
        for found in secrets_in_line(line.as_bytes()).iter().rev() {
            marked.insert(found.span.end(), '»');
            marked.insert(found.span.start(), '«');
        }
        marked
    }

    #[test]
    fn a_command_is_found_in_the_text_around_it() {
        let lines = [
            "$ mysql -u root -p«S3cret» db",
            "ann@host:~/src$ mysql -u root -p«S3cret» db",
            "# redis-cli -a «S3cret» ping",
            ": 1700000000:0;redis-cli -a «S3cret» ping",
            "  501  redis-cli -a «S3cret» ping",
            "[2026-01-02 10:11:12] redis-cli -a «S3cret» ping",
            "RUN redis-cli -a «S3cret» ping && rm -rf x",
            "- run: mysql -u root -p«S3cret»",
            "if mysqladmin -p«S3cret» ping; then echo up; fi",
            "cat dump.sql | mysql -u root -p«S3cret» db",
            "cd /srv && /usr/bin/mysql -u root '-p«S3 cret»' db 2>/dev/null",
            "x=$(redis-cli -a «S3cret» get k)",
            "echo `redis-cli -a «S3cret» get k`",
            "(redis-cli -a \"«S3cret»\" ping)",
            "RESTIC_PASSWORD=«S3cret» restic backup dir",
            "ssh host 'mysql -u root -p«S3cret» db'",
            "ssh -p 22 host mysql -u root -p«S3cret» db",
            "sudo -u ann env PGPASSWORD=«S3cret» psql -h db",
            "curl -u ann:«S3cret» https://example.com/",
            "BORG_PASSPHRASE='«S3 cret»' borg create r",
            "echo «S3cret» | sudo -S ls",
            "$ echo '«S3cret»' | docker login -u ann --password-stdin",
            "printf %s «S3cret» | gh auth login --with-token",
            "mysql -u root -p«pas'swo'rd9»",
        ];
        for line in lines {
            assert_eq!(marked(&line.replace(['«', '»'], "")), line);
        }
    }

    #[test]
    fn what_only_looks_alike_is_left_alone() {
        let lines = [
            "mysql -p",
            "mysql -p$PASS db",
            "echo $PASS | sudo -S ls",
            "echo done | sudo tee file",
            "echo 'many words' | gh auth login --with-token",
            "mysql -p\"$PASS\" db",
            "mysql -p<password> db",
            "ssh -p 22 host",
            "docker run -p 80:80 nginx",
            "mkdir -p a/b",
            "cp -p a b",
            "tar -pxf a.tar",
            "grep -p pattern file",
            "password=hunter2",
            "let mysql = connect(-pS3cret);",
            "the mysql -pS3cret option",
            "for p in a b; do echo $p; done",
            "",
            "''",
            "PWD=/srv/app mysql",
            "a | b && c ; d (",
            "mysql -p'",
            "mysql '",
        ];
        for line in lines {
            assert_eq!(marked(line), line);
        }
    }
}
