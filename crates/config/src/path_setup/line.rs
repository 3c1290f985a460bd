//! The one marked line in a shell's start file.

use std::path::Path;

use super::Shell;
use super::script::{fish_quoted, nushell_command, sh_quoted};

/// Ends our line. It is a comment in each of the shells, so a carriage return after it (a file
/// with CRLF line ends) is part of the comment and does no harm.
const MARK: &[u8] = b" # added by datafog";

/// Follows [`MARK`] when the file's last line had no end and we gave it one, so that undoing can
/// take that away too.
const ENDED_LINE_ABOVE: &[u8] = b" (and the line break above)";

/// Our line for one shell and one root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line(Vec<u8>);

impl Line {
    /// The line that sources the script of `root` in `shell`. `None` when the shell cannot write
    /// the root down (nushell has no way to spell bytes that are not UTF-8).
    pub(super) fn sourcing(shell: Shell, root: &Path, home: &Path) -> Option<Self> {
        let mut line = match shell {
            Shell::Bash | Shell::Sh | Shell::Zsh => {
                let script = sh_path(&root.join("env"), home);
                [b"if [ -r ", &*script, b" ]; then . ", &*script, b"; fi"].concat()
            }
            Shell::Fish => {
                let script = fish_quoted(&root.join("env.fish"));
                [b"if test -r ", &*script, b"; source ", &*script, b"; end"].concat()
            }
            // `source` of a missing file stops nushell's whole configuration, so nothing is sourced.
            Shell::Nushell => nushell_command(&root.join("shims"))?,
        };
        line.extend_from_slice(MARK);
        Some(Self(line))
    }

    /// Whether `text` holds the line.
    pub(super) fn is_in(&self, text: &[u8]) -> bool {
        text.split(|byte| *byte == b'\n').any(|line| self.is(line))
    }

    /// `text` with the line at its end; unchanged when it holds it already.
    pub(super) fn added_to(&self, mut text: Vec<u8>) -> Vec<u8> {
        if self.is_in(&text) {
            return text;
        }
        let crlf = text.windows(2).any(|pair| pair == b"\r\n");
        let end: &[u8] = if crlf { b"\r\n" } else { b"\n" };
        let ended = text.is_empty() || text.ends_with(b"\n");
        if !ended {
            text.extend_from_slice(end);
        }
        text.extend_from_slice(&self.0);
        if !ended {
            text.extend_from_slice(ENDED_LINE_ABOVE);
        }
        text.extend_from_slice(end);
        text
    }

    /// `text` without the line.
    pub(super) fn removed_from(&self, text: &[u8]) -> Vec<u8> {
        let mut rest = Vec::with_capacity(text.len());
        let mut lines = text.split_inclusive(|byte| *byte == b'\n').peekable();
        while let Some(line) = lines.next() {
            if !self.is(line) {
                rest.extend_from_slice(line);
            } else if lines.peek().is_none() && without_end(line).ends_with(ENDED_LINE_ABOVE) {
                rest.truncate(without_end(&rest).len());
            }
        }
        rest
    }

    fn is(&self, line: &[u8]) -> bool {
        let line = without_end(line);
        line.strip_suffix(ENDED_LINE_ABOVE).unwrap_or(line) == self.0
    }
}

/// The line without its end, LF or CRLF.
fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// The path for a Bourne shell; below home it is written with `$HOME`, so that start files kept
/// in a repository fit another machine too.
fn sh_path(path: &Path, home: &Path) -> Vec<u8> {
    match path.strip_prefix(home) {
        Ok(below) if home.parent().is_some() => {
            [b"\"$HOME\"/".as_slice(), &sh_quoted(below)].concat()
        }
        Ok(_) | Err(_) => sh_quoted(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(shell: Shell, root: &str) -> String {
        let line = Line::sourcing(shell, Path::new(root), Path::new("/home/ann")).unwrap();
        String::from_utf8(line.0).unwrap()
    }

    #[test]
    fn the_line_does_nothing_without_the_script() {
        assert_eq!(
            text(Shell::Sh, "/home/ann/.datafog"),
            r#"if [ -r "$HOME"/.datafog/env ]; then . "$HOME"/.datafog/env; fi # added by datafog"#
        );
        assert_eq!(
            text(Shell::Zsh, "/opt/it's"),
            r"if [ -r '/opt/it'\''s/env' ]; then . '/opt/it'\''s/env'; fi # added by datafog"
        );
        assert_eq!(
            text(Shell::Fish, "/opt/it's"),
            r"if test -r '/opt/it\'s/env.fish'; source '/opt/it\'s/env.fish'; end # added by datafog"
        );
    }

    #[test]
    fn a_line_that_somebody_changed_is_no_longer_ours() {
        let line = Line::sourcing(Shell::Sh, Path::new("/r"), Path::new("/h")).unwrap();
        let mut text = b"# ".to_vec();
        text.extend_from_slice(&line.0);
        assert!(!line.is_in(&text));
        assert_eq!(line.removed_from(&text), text);
    }
}
