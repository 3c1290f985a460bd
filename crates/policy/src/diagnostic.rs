//! What is wrong with a policy file: where, why, and what to write instead.
//!
//! Shown in the form that compilers have taught everybody to read. Plain text; colour is the
//! business of whoever prints it.

use core::fmt;
use core::ops::Range;

/// How bad a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The policy can be used, but something in it is probably not meant.
    Warning,
    /// The policy cannot be used.
    Error,
}

impl Level {
    /// `warning` or `error`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One thing that is wrong with a policy file.
///
/// [`fmt::Display`] shows it whole, over several lines:
///
/// ```text
/// error: unknown key `comand`
///   --> policy.toml:12:1
///    |
/// 12 | comand = "git"
///    | ^^^^^^
///    = help: did you mean `command`?
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub level: Level,
    /// Path of the file, for display.
    pub path: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// What is wrong, in lower case without a full stop.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The line itself, without its newline.
    pub source_line: String,
    /// How many characters of the line are meant, at least 1.
    pub width: u32,
}

impl Diagnostic {
    /// Whether the policy cannot be used because of it.
    #[must_use]
    pub const fn is_error(&self) -> bool {
        matches!(self.level, Level::Error)
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.line.to_string();
        let (margin, bar) = (number.len(), "|");
        writeln!(f, "{}: {}", self.level.name(), self.message)?;
        writeln!(f, "{:margin$}--> {}:{}:{}", "", self.path, self.line, self.column)?;
        writeln!(f, "{:margin$} {bar}", "")?;
        // A tab is shown as one blank, so that the marks below stand under what they mark.
        writeln!(f, "{number} {bar} {}", self.source_line.replace('\t', " "))?;
        // Repeated, because a width of `format!` ends at 65,535.
        let indent = " ".repeat(usize::try_from(self.column).unwrap_or(1).saturating_sub(1));
        let marks = "^".repeat(usize::try_from(self.width).unwrap_or(1));
        write!(f, "{:margin$} {bar} {indent}{marks}", "")?;
        match &self.help {
            Some(help) => write!(f, "\n{:margin$} = help: {help}", ""),
            None => Ok(()),
        }
    }
}

/// A text with its path: turns byte ranges into diagnostics.
#[derive(Clone, Copy, Debug)]
pub struct SourceText<'a> {
    /// Path of the file, for display.
    pub path: &'a str,
    /// The whole text.
    pub text: &'a str,
}

impl SourceText<'_> {
    /// The line (from 1) that holds the byte at `offset`.
    #[must_use]
    pub fn line_of(&self, offset: usize) -> u32 {
        let text = self.text.as_bytes();
        // In blocks whose count fits a byte, so that many bytes are compared at once: every rule of
        // a file asks for its line.
        let blocks = text.get(..offset).unwrap_or(text).chunks(usize::from(u8::MAX));
        let newlines = blocks.map(|block| -> u32 {
            block.iter().map(|byte| u8::from(*byte == b'\n')).sum::<u8>().into()
        });
        newlines.fold(1, u32::saturating_add)
    }

    /// A diagnostic about the bytes of `span`, as far as they stand on its first line.
    #[must_use]
    pub fn diagnostic(&self, level: Level, span: Range<usize>, message: String) -> Diagnostic {
        let start = floor_boundary(self.text, span.start);
        let (before, after) = self.text.split_at_checked(start).unwrap_or((self.text, ""));
        let line_start = before.rfind('\n').map_or(0, |newline| newline.saturating_add(1));
        let head = before.get(line_start..).unwrap_or_default();
        let tail = after.split('\n').next().unwrap_or_default().trim_end_matches('\r');
        let length = span.end.saturating_sub(start).min(tail.len());
        let marked = tail.get(..floor_boundary(tail, length)).unwrap_or_default();
        Diagnostic {
            level,
            path: self.path.to_owned(),
            line: self.line_of(start),
            column: count(head).saturating_add(1),
            message,
            help: None,
            source_line: format!("{head}{tail}"),
            width: count(marked).max(1),
        }
    }
}

fn count(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}

/// The last character boundary at or before `offset`.
fn floor_boundary(text: &str, offset: usize) -> usize {
    let mut at = offset.min(text.len());
    while !text.is_char_boundary(at) {
        at = at.saturating_sub(1);
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_stand_under_what_they_mark() {
        let text = "id = 1\nnäme = \"x\"\n";
        let source = SourceText { path: "policy.toml", text };
        let mut diagnostic = source.diagnostic(Level::Error, 7..12, "unknown key `näme`".into());
        diagnostic.help = Some("did you mean `name`?".into());
        insta::assert_snapshot!(diagnostic, @r#"
        error: unknown key `näme`
         --> policy.toml:2:1
          |
        2 | näme = "x"
          | ^^^^
          = help: did you mean `name`?
        "#);
    }

    #[test]
    fn spans_outside_the_text_are_survived() {
        let source = SourceText { path: "p", text: "é\n" };
        for span in [1..1, 0..99, 99..100, 3..3] {
            let shown = source.diagnostic(Level::Warning, span, "m".into()).to_string();
            assert!(shown.starts_with("warning: m\n"), "{shown}");
        }
    }
}
