//! Commands that a script of sed runs: `e command`, and `e` behind a substitution, which runs what the
//! line has become; and the files that it writes (`w`) and reads (`r`) by itself.
//!
//! Of the language only as much is read as tells commands from the text in them: addresses,
//! substitutions with their delimiters, blocks. What files hold (`-f`) is not looked at.

/// What a script runs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Run {
    /// A line for a shell.
    Line(String),
    /// A line that is made from the input.
    Made,
    /// A file that it reads.
    Read(String),
    /// A file that it writes over.
    Write(String),
}

/// Commands whose text goes on to the end of the line: text and labels.
const TEXTS: &[u8] = b"abcitT:";

/// Names that mean no file (sed's manual, "Commands").
const STREAMS: [&str; 3] = ["/dev/stderr", "/dev/stdin", "/dev/stdout"];

/// What the script runs, in order. Linear in its size.
pub(crate) fn runs(script: &str) -> Vec<Run> {
    let mut found = Vec::new();
    let mut rest = script.as_bytes();
    while let Some(command) = command(&mut rest) {
        match command {
            b'e' => {
                let line = String::from_utf8_lossy(line(&mut rest).trim_ascii()).into_owned();
                found.push(if line.is_empty() { Run::Made } else { Run::Line(line) });
            }
            b's' => {
                let Some((flags, file)) = substitution(&mut rest) else { break };
                found.extend(flags.contains(&b'e').then_some(Run::Made));
                found.extend(file.and_then(named).map(Run::Write));
            }
            b'w' | b'W' => found.extend(named(line(&mut rest)).map(Run::Write)),
            b'r' | b'R' => found.extend(named(line(&mut rest)).map(Run::Read)),
            b'y' => {
                substitution(&mut rest);
            }
            command if TEXTS.contains(&command) => {
                line(&mut rest);
            }
            _ => {}
        }
    }
    found
}

/// Passes addresses and what parts commands; the letter of the next command.
fn command(rest: &mut &[u8]) -> Option<u8> {
    loop {
        let (first, tail) = rest.split_first()?;
        *rest = tail;
        match first {
            b'/' => delimited(rest, b'/'),
            b'\\' => {
                let (mark, tail) = rest.split_first()?;
                *rest = tail;
                delimited(rest, *mark);
            }
            b'#' => {
                line(rest);
            }
            // These behind an address belong to it.
            b'I' | b'M' => {}
            letter if letter.is_ascii_alphabetic() || *letter == b':' => return Some(*letter),
            _ => {}
        }
    }
}

/// Everything up to the end of the line.
fn line<'s>(rest: &mut &'s [u8]) -> &'s [u8] {
    let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
    let (line, tail) = rest.split_at_checked(end).unwrap_or((rest, &[]));
    *rest = tail;
    line
}

/// The file that the rest of a line names.
fn named(line: &[u8]) -> Option<String> {
    let name = String::from_utf8_lossy(line.trim_ascii()).into_owned();
    (!name.is_empty() && !STREAMS.contains(&name.as_str())).then_some(name)
}

/// Passes both parts of a substitution; its flags, and what names a file that it writes.
fn substitution<'s>(rest: &mut &'s [u8]) -> Option<(&'s [u8], Option<&'s [u8]>)> {
    let (mark, tail) = rest.split_first()?;
    *rest = tail;
    delimited(rest, *mark);
    delimited(rest, *mark);
    let flag = |byte: &u8| byte.is_ascii_alphanumeric() && *byte != b'w';
    let end = rest.iter().position(|byte| !flag(byte)).unwrap_or(rest.len());
    let (flags, tail) = rest.split_at_checked(end)?;
    *rest = tail;
    // `w` takes the rest of the line for the name of a file.
    let Some((b'w', tail)) = rest.split_first() else { return Some((flags, None)) };
    *rest = tail;
    Some((flags, Some(line(rest))))
}

/// Passes text up to a mark that no backslash stands before.
fn delimited(rest: &mut &[u8], mark: u8) {
    while let Some((first, tail)) = rest.split_first() {
        *rest = match first {
            b'\\' => tail.get(1..).unwrap_or_default(),
            _ => tail,
        };
        if *first == mark {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_script_runs_is_found() {
        let line = |text: &str| Run::Line(text.to_owned());
        for (script, expected) in [
            ("e rm -rf x", vec![line("rm -rf x")]),
            ("1e rm x", vec![line("rm x")]),
            ("/a\\/b/I,$!e rm x", vec![line("rm x")]),
            ("\\,a/b,e rm x", vec![line("rm x")]),
            ("1{p;e rm x\n}", vec![line("rm x")]),
            ("s/a/b/;e rm x", vec![line("rm x")]),
            ("s,x,rm -rf y,ge", vec![Run::Made]),
            ("y/abc/def/\ne date", vec![line("date")]),
            ("e", vec![Run::Made]),
            ("s/a/b/we", vec![Run::Write("e".to_owned())]),
            ("w e rm", vec![Run::Write("e rm".to_owned())]),
            ("/x/W out.txt\nr in.txt", {
                vec![Run::Write("out.txt".to_owned()), Run::Read("in.txt".to_owned())]
            }),
            ("s,a,b,gw /etc/passwd\ne date", {
                vec![Run::Write("/etc/passwd".to_owned()), line("date")]
            }),
        ] {
            assert_eq!(runs(script), expected, "{script}");
        }
    }

    #[test]
    fn text_is_no_command() {
        for script in [
            "",
            "s/e rm/x/g",
            "s/a/e rm x/",
            "s/a/b/w /dev/stdout",
            "/e rm/d",
            "a e rm x",
            "1i\\e rm x",
            "# e rm x",
            "p",
            "$!N;P;D",
            "y/e/f/",
            "s/a",
            "\\",
            "b end; :end",
            "w /dev/stderr",
            "w",
            "1,5p",
            "/x/,/y/{s/a/b/g}",
        ] {
            assert_eq!(runs(script), [], "{script}");
        }
    }
}
