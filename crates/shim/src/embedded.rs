//! Commands that stand in something else: a text in quotes in data or code, a list of words
//! (`["mysql", "-pX"]`), what follows a label or a prompt.
//!
//! Where a line as a whole is no command, parts of it may be one: the string that `os.system` is
//! given, a value of JSON, the words of a Dockerfile's `CMD`, `db: mysql -pX`. Each part that begins
//! like a command that the tables know is read as one.

use std::cell::OnceCell;
use std::ffi::OsString;
use std::ops::Range;
use std::os::unix::ffi::OsStringExt as _;

use crate::line::{self, LineSecret};
use crate::part::Part;
use crate::secrets;

/// How deep texts may stand in texts.
const DEEPEST: usize = 3;

/// Most words of one list.
const MOST_WORDS: usize = 64;

/// Words behind which a command begins although others stand before them.
const LEADING: &[&[u8]] = &[
    b"-exec",
    b"-execdir",
    b"-ok",
    b"CMD",
    b"CMD-SHELL",
    b"ENTRYPOINT",
    b"RUN",
    b"bash",
    b"exec",
    b"run",
    b"sh",
];

/// Bytes that end a label or a prompt before a blank: `run: `, `~$ `, `❯ `, `➜ `.
const ENDS_PROMPT: &[u8] = b":>$#%~\xaf\x9c";

/// Adds the secrets of commands in parts of `part`, which stands `depth` deep. What begins at byte `read`
/// was read already.
pub(crate) fn find(
    part: &Part<'_>,
    depth: usize,
    read: Option<usize>,
    found: &mut Vec<LineSecret>,
) {
    if depth > DEEPEST {
        return;
    }
    let literals = literals(part.text());
    behind_marks(part, &literals, depth, read, found);
    let mut rest = literals.as_slice();
    while let Some(((start, end), more)) = rest.split_first() {
        rest = more;
        let Some(raw) = part.text().get(*start..*end) else { continue };
        let several = raw.iter().any(|byte| matches!(byte, b' ' | b'\t'));
        let quotes = raw.iter().any(|byte| matches!(byte, b'"' | b'\'' | b'`'));
        if several || quotes {
            if let Some(inner) = part.part(*start, *end) {
                of_text(&inner, depth, found);
            }
        } else if line::is_known(raw) {
            let words = list(part.text(), (*start, *end), more);
            rest = more.get(words.len().saturating_sub(1)..).unwrap_or_default();
            of_list(part, &words, depth, found);
        }
    }
}

/// The secrets of a text, which may be a command or hold some.
fn of_text(inner: &Part<'_>, depth: usize, found: &mut Vec<LineSecret>) {
    let mut inside = Vec::new();
    if line::worth_reading(inner.text()) {
        inside = line::secrets(inner.text(), depth.saturating_add(1));
    } else {
        find(&Part::whole(inner.text()), depth.saturating_add(1), None, &mut inside);
    }
    add(inner, &inside, found);
}

/// Adds secrets of a part as those of its line.
fn add(part: &Part<'_>, inside: &[LineSecret], found: &mut Vec<LineSecret>) {
    let outside =
        |one: &LineSecret| Some(LineSecret { span: part.span(one.span)?, entity: one.entity });
    found.extend(inside.iter().filter_map(outside));
}

/// The literals of a list that begins with `first`: between two of them stand commas, blanks and
/// brackets.
fn list(text: &[u8], first: (usize, usize), more: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut words = vec![first];
    let mut end = first.1;
    for next in more.iter().take(MOST_WORDS) {
        let between = text.get(end.saturating_add(1)..next.0.saturating_sub(1)).unwrap_or_default();
        let joins = |byte: &u8| matches!(byte, b',' | b' ' | b'\t' | b'[' | b']');
        if !between.iter().all(joins) || !between.contains(&b',') {
            break;
        }
        words.push(*next);
        end = next.1;
    }
    words
}

/// The secrets of a command whose words stand in a list.
fn of_list(part: &Part<'_>, words: &[(usize, usize)], depth: usize, found: &mut Vec<LineSecret>) {
    let words: Vec<Part<'_>> =
        words.iter().filter_map(|(start, end)| part.part(*start, *end)).collect();
    let argv: Vec<OsString> =
        words.iter().map(|word| OsString::from_vec(word.text().to_vec())).collect();
    for secret in secrets::nested(&argv, depth) {
        let span = words.get(secret.place.argument).and_then(|word| word.span(secret.place.span));
        found.extend(span.map(|span| LineSecret { span, entity: secret.entity }));
    }
}

/// The secrets of commands behind a label, a prompt or a word that another program is behind, outside
/// of quotes.
fn behind_marks(
    part: &Part<'_>,
    literals: &[(usize, usize)],
    depth: usize,
    read: Option<usize>,
    found: &mut Vec<LineSecret>,
) {
    let text = part.text();
    let mut literals = literals.iter().peekable();
    let mut marks = Marks::of(text);
    for (mark, _) in text.iter().enumerate().skip(1).filter(|(_, byte)| may_mark(**byte)) {
        let at = mark.saturating_add(1);
        let tail = text.get(at..).unwrap_or_default();
        // Nearly no place passes this look.
        if !line::may_begin(tail) {
            continue;
        }
        while literals.peek().is_some_and(|(_, end)| *end < at) {
            literals.next();
        }
        let outside = literals.peek().is_none_or(|(start, _)| at < *start);
        if outside
            && marks.stands_at(at)
            && marks.is_worth_reading(at)
            && let Some(tail) = part.part(at, text.len())
        {
            if read != Some(at) {
                let inside = line::of_commands(tail.text(), depth.saturating_add(1));
                add(&tail, &inside, found);
            }
            return;
        }
    }
}

/// Whether a byte may stand directly before a command that [`Marks`] know.
const fn may_mark(byte: u8) -> bool {
    matches!(byte, b' ' | b'>' | b'(' | b'@' | b'=')
}

/// What stands before commands in a text. What takes a look at the whole of it is worked out once, and
/// only when it is asked for.
struct Marks<'t> {
    text: &'t [u8],
    /// Where the command of a crontab's line may begin.
    cron: OnceCell<Option<Range<usize>>>,
    /// The last place at which a command is known that stands behind a sign that ends another.
    joined: OnceCell<Option<usize>>,
}

impl<'t> Marks<'t> {
    const fn of(text: &'t [u8]) -> Self {
        Self { text, cron: OnceCell::new(), joined: OnceCell::new() }
    }

    /// Whether a command may begin at `at` although something stands before it.
    fn stands_at(&mut self, at: usize) -> bool {
        let head = self.text.get(..at).unwrap_or_default();
        match head {
            [.., mark, b' '] if ENDS_PROMPT.contains(mark) => true,
            [.., b' '] => {
                let word = head.trim_ascii_end().rsplit(u8::is_ascii_whitespace).next();
                let cron = || self.cron.get_or_init(|| behind_schedule(self.text));
                word.is_some_and(|word| LEADING.contains(&word))
                    || cron().as_ref().is_some_and(|cron| cron.contains(&at))
            }
            [.., b'>' | b'(' | b'@'] => true,
            [.., b'='] => self.text.get(at) == Some(&b'/'),
            _ => false,
        }
    }

    /// Whether some command of what begins at `at` is known.
    fn is_worth_reading(&mut self, at: usize) -> bool {
        let joined = || self.joined.get_or_init(|| line::last_joined(self.text));
        line::known_head(self.text.get(at..).unwrap_or_default()).is_some()
            || joined().is_some_and(|last| last >= at)
    }
}

/// Where a command may begin behind the five fields of a time and the name of a user: in a line of a
/// system's crontab.
fn behind_schedule(text: &[u8]) -> Option<Range<usize>> {
    let field = |word: &[u8]| {
        word.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'*' | b'/' | b',' | b'-'))
    };
    let mut at = 0_usize;
    for number in 0..=5 {
        let rest = text.get(at..)?;
        let rest = rest.trim_ascii_start();
        let length = rest.iter().position(u8::is_ascii_whitespace)?;
        let (word, tail) = rest.split_at_checked(length)?;
        if number < 5 && !field(word) {
            return None;
        }
        at = text.len().saturating_sub(tail.len());
    }
    let command = text.len().saturating_sub(text.get(at..)?.trim_ascii_start().len());
    Some(at..command.saturating_add(1))
}

/// The texts between quotes, in order; a quote in a word (`don't`) opens none.
fn literals(text: &[u8]) -> Vec<(usize, usize)> {
    let mut all = Vec::new();
    // Quotes of which no further one closes what it opens.
    let mut unclosed = [0_u8; 3];
    let mut at = 0_usize;
    while let Some(found) = text.get(at..).and_then(|rest| memchr::memchr3(b'"', b'\'', b'`', rest))
    {
        let open = at.saturating_add(found);
        let start = open.saturating_add(1);
        let quote = text.get(open).copied().unwrap_or_default();
        at = start;
        let before = open.checked_sub(1).and_then(|before| text.get(before));
        let inside = quote == b'\'' && before.is_some_and(u8::is_ascii_alphanumeric);
        if inside || before == Some(&b'\\') || unclosed.contains(&quote) {
            continue;
        }
        if let Some(end) = closing(text, start, quote) {
            all.push((start, end));
            at = end.saturating_add(1);
        } else {
            unclosed = [quote, unclosed[0], unclosed[1]];
        }
    }
    all
}

/// Where the quote stands that closes the one before `start`.
fn closing(text: &[u8], start: usize, quote: u8) -> Option<usize> {
    let mut at = start;
    loop {
        let rest = text.get(at..)?;
        let found = at.checked_add(memchr::memchr2(quote, b'\\', rest)?)?;
        if text.get(found) == Some(&quote) {
            return Some(found);
        }
        at = found.checked_add(2)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The line with the secrets in it between brackets.
    fn marked(line: &str) -> String {
        let mut marked = line.to_owned();
        for found in line::secrets_in_line(line.as_bytes()).iter().rev() {
            marked.insert(found.span.end(), '»');
            marked.insert(found.span.start(), '«');
        }
        marked
    }

    #[test]
    fn a_command_is_found_in_data_and_code() {
        let lines = [
            r#"{"cmd": "mysql -u root -p«S3cret» db"}"#,
            r#"{"command": ["mysql", "-u", "root", "-p«S3cret»"]}"#,
            r#"{"arguments":"{\"command\":\"redis-cli -a «S3cret» ping\"}"}"#,
            r#"{"tool":"bash","input":{"command":"cd /srv && redis-cli -a «S3cret» ping"}}"#,
            r#"os.system("mysql -u root -p«S3cret» db")"#,
            r#"subprocess.run(["/usr/bin/mysql", "-u", "root", "-p«S3cret»"], check=True)"#,
            r#"exec.Command("redis-cli", "-a", "«S3cret»", "ping")"#,
            r#"child_process.execFile('redis-cli', ['-a', '«S3cret»'])"#,
            r#"Runtime.getRuntime().exec("mysql -u root -p«S3cret»");"#,
            r#"ENTRYPOINT ["sshpass", "-p", "«S3cret»", "ssh", "h"]"#,
            r#"args: ["bash", "-c", "redis-cli -a «S3cret» ping"]"#,
            r#"    test: ["CMD", "mysqladmin", "ping", "-p«S3cret»"]"#,
            r#"alias db='mysql -u root -p«S3cret»'"#,
            r#"ansible db -m shell -a "mysql -u root -p«S3cret»""#,
            r#"Then run "redis-cli -a «S3cret» ping"."#,
            r#"don't use `redis-cli -a «S3cret» ping` here"#,
            r#"echo "ssh db 'mysql -u root -p«S3cret»'""#,
        ];
        for line in lines {
            assert_eq!(marked(&line.replace(['«', '»'], "")), line);
        }
    }

    #[test]
    fn a_command_is_found_behind_labels_and_prompts() {
        let lines = [
            "  shell: mysql -u root -p«S3cret» db",
            "I ran: redis-cli -a «S3cret» ping",
            "PS C:\\> redis-cli -a «S3cret» ping",
            "[root@db ~]# redis-cli -a «S3cret» ping",
            "❯ redis-cli -a «S3cret» ping",
            "➜  ~ redis-cli -a «S3cret» ping",
            "ExecStart=/usr/bin/redis-cli -a «S3cret» ping",
            "HEALTHCHECK --interval=5s CMD mysqladmin ping -p«S3cret»",
            "* * * * * root mysqldump -u root -p«S3cret» db",
            "<code>redis-cli -a «S3cret» ping</code>",
            "find . -exec mysql -u root -p«S3cret» \\;",
            "C:\\mysql\\bin\\mysql.exe -u root -p«S3cret»",
            "mysql.exe -u root -p«S3cret»",
        ];
        for line in lines {
            assert_eq!(marked(&line.replace(['«', '»'], "")), line);
        }
    }

    #[test]
    fn what_is_no_command_is_left_alone() {
        let lines = [
            "the mysql -pS3cret option",
            r#"names = ["mysql", "redis-cli", "-a"]"#,
            r#"f("mysql", -pS3cret)"#,
            r#"{"cmd": "mysql -u root -p$PASS db"}"#,
            r#"["mysql", "-u", "root", "-p"]"#,
            r#"it's 'mysql"#,
            r#""\"#,
            "'''''''''\"\"\"`",
        ];
        for line in lines {
            assert_eq!(marked(line), line);
        }
    }
}
