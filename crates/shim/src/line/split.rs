//! Parts a line into commands and words as a shell does, as far as one must to know which word stands
//! behind which. It expands nothing, and copies a word only where quotes or escapes stand in its midst.

use datafog_core::Span;

use crate::part::Part;

/// A word as a shell would pass it, without expansion.
#[derive(Debug)]
pub(super) struct Word<'l> {
    part: Part<'l>,
    /// Some of it stood in quotes.
    pub(super) quoted: bool,
}

impl<'l> Word<'l> {
    const EMPTY: Self = Self { part: Part::EMPTY, quoted: false };

    /// The bytes that are passed.
    pub(super) fn text(&self) -> &[u8] {
        self.part.text()
    }

    /// Where bytes `start..end` of the word stand in the line.
    pub(super) fn span(&self, start: usize, end: usize) -> Option<Span> {
        self.part.span(Span::new(start, end)?)
    }
}

/// A command of a line.
#[derive(Debug, Default)]
pub(super) struct Command<'l> {
    pub(super) words: Vec<Word<'l>>,
    /// What it is given on standard input by `<<<`.
    pub(super) fed: Option<Word<'l>>,
}

/// The commands of a line.
pub(super) fn commands(line: &[u8]) -> Vec<Command<'_>> {
    let mut splitter = Splitter { line, ..Splitter::default() };
    let mut at = 0_usize;
    while let Some(byte) = line.get(at) {
        at = splitter.take(at, *byte);
    }
    splitter.end_command();
    splitter.commands
}

#[derive(Debug, Default)]
struct Splitter<'l> {
    line: &'l [u8],
    commands: Vec<Command<'l>>,
    command: Command<'l>,
    word: Option<Word<'l>>,
    /// The quote that is open.
    quote: Option<u8>,
    /// The word is the file of a redirection.
    redirected: bool,
    /// How many `<` led to it.
    angles: u8,
}

impl<'l> Splitter<'l> {
    /// Takes the byte at `at`, and those behind it that mean no more; returns where to go on.
    fn take(&mut self, at: usize, byte: u8) -> usize {
        let next = at.saturating_add(1);
        let following = self.line.get(next).copied();
        match (self.quote, byte) {
            (Some(quote), byte) if byte == quote => self.quote = None,
            (Some(b'"'), b'\\') if matches!(following, Some(b'"' | b'\\' | b'$' | b'`')) => {
                return self.push(next, |_| false);
            }
            (Some(quote), _) => return self.push(at, |byte| byte != quote && byte != b'\\'),
            (None, b'\\') if self.in_windows_path() => return self.push(at, |_| false),
            (None, b'\\') if following.is_none() => {}
            (None, b'\\') => return self.push(next, |_| false),
            (None, b'"' | b'\'') => {
                self.quote = Some(byte);
                self.word.get_or_insert(Word::EMPTY).quoted = true;
            }
            (None, b'$') if following == Some(b'(') => {
                self.end_command();
                return next.saturating_add(1);
            }
            (None, b'|' | b';' | b'&' | b'(' | b')' | b'`' | b'\n')
                if !self.is_redirection(byte) =>
            {
                self.end_command();
            }
            (None, b'<' | b'>') => self.redirect(byte),
            (None, byte) if byte.is_ascii_whitespace() => self.end_word(),
            (None, _) => return self.push(at, is_plain),
        }
        next
    }

    /// Adds the byte at `at`, and those behind it that are alike, to the word; returns where to go on.
    fn push(&mut self, at: usize, alike: impl Fn(u8) -> bool) -> usize {
        let next = at.saturating_add(1);
        let rest = self.line.get(next..).unwrap_or_default();
        let end = next.saturating_add(rest.iter().take_while(|byte| alike(**byte)).count());
        self.word.get_or_insert(Word::EMPTY).part.extend(self.line, at, end);
        end
    }

    /// Whether the word began like `C:`, so that a backslash parts folders.
    fn in_windows_path(&self) -> bool {
        let text = self.word.as_ref().map(Word::text);
        matches!(text, Some([drive, b':', ..]) if drive.is_ascii_alphabetic())
    }

    /// The `&` of `>&2`.
    fn is_redirection(&self, byte: u8) -> bool {
        byte == b'&' && self.redirected && self.word.is_none()
    }

    /// The digits before `>` are a descriptor, what follows is a file; `<password>` is neither, but
    /// no secret either.
    fn redirect(&mut self, byte: u8) {
        let digits =
            self.word.as_ref().is_some_and(|word| word.text().iter().all(u8::is_ascii_digit));
        if digits {
            self.word = None;
        }
        self.end_word();
        self.angles = if byte == b'<' { self.angles.saturating_add(1) } else { 0 };
        self.redirected = true;
    }

    fn end_word(&mut self) {
        let Some(word) = self.word.take() else { return };
        let angles = std::mem::take(&mut self.angles);
        if !std::mem::take(&mut self.redirected) {
            if self.command.words.is_empty() {
                self.command.words.reserve(USUAL);
            }
            self.command.words.push(word);
        } else if angles == 3 {
            self.command.fed = Some(word);
        }
    }

    fn end_command(&mut self) {
        self.end_word();
        self.redirected = false;
        self.angles = 0;
        let command = std::mem::take(&mut self.command);
        if !command.words.is_empty() {
            self.commands.push(command);
        }
    }
}

/// As many words as most commands have.
const USUAL: usize = 8;

/// Whether a byte outside of quotes means no more than itself.
pub(super) const fn is_plain(byte: u8) -> bool {
    !matches!(
        byte,
        b'\\' | b'"' | b'\'' | b'$' | b'|' | b';' | b'&' | b'(' | b')' | b'`' | b'<' | b'>'
    ) && !byte.is_ascii_whitespace()
}
