//! Standard output as data and standard error as talk, with colour only where a person looks.

use core::fmt::Display;
use std::io::{self, IsTerminal, Write};

use clap::ValueEnum;
use clap::builder::styling::{AnsiColor, Style};
use datafog_config::{EnvVars, Host};
use datafog_core::is_unseen;
use serde::Serialize;

/// Version of everything that `--json` prints.
const SCHEMA_VERSION: u32 = 1;

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorChoice {
    /// On a terminal, unless NO_COLOR or CLICOLOR=0 is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How a word is shown. Words carry the meaning; colour only helps to find them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    /// Something is wrong.
    Bad,
    /// A heading or a name.
    Bold,
    /// Less important.
    Dim,
    /// All is well.
    Good,
    /// Worth a look.
    Warning,
}

impl Tone {
    const fn style(self) -> Style {
        match self {
            Self::Bad => AnsiColor::Red.on_default().bold(),
            Self::Bold => Style::new().bold(),
            Self::Dim => Style::new().dimmed(),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Warning => AnsiColor::Yellow.on_default(),
        }
    }
}

/// The two streams.
#[derive(Clone, Copy, Debug)]
pub(super) struct Output {
    data_in_color: bool,
    talk_in_color: bool,
}

/// A JSON document with its version in front.
#[derive(Serialize)]
struct Versioned<'a, T> {
    schema_version: u32,
    #[serde(flatten)]
    body: &'a T,
}

impl Output {
    /// The streams for a choice and an environment.
    pub(super) fn new(choice: ColorChoice, host: &Host) -> Self {
        Self {
            data_in_color: is_colored(choice, host, io::stdout().is_terminal()),
            talk_in_color: is_colored(choice, host, io::stderr().is_terminal()),
        }
    }

    pub(super) const fn data_in_color(self) -> bool {
        self.data_in_color
    }

    pub(super) const fn talk_in_color(self) -> bool {
        self.talk_in_color
    }

    /// Writes data, in one piece.
    pub(super) fn print(self, text: impl Display) -> io::Result<()> {
        write_all(&mut io::stdout().lock(), &text)
    }

    /// Writes talk, in one piece. Nobody listening is no reason to stop the work.
    pub(super) fn say(self, text: impl Display) {
        let _told: io::Result<()> = write_all(&mut io::stderr().lock(), &text);
    }

    /// Writes a JSON document with `schema_version` in front.
    pub(super) fn json(self, body: &impl Serialize) -> io::Result<()> {
        let document = Versioned { schema_version: SCHEMA_VERSION, body };
        self.print(serde_json::to_string_pretty(&document)? + "\n")
    }

    /// The text in a tone, for standard output.
    pub(super) fn tone(self, tone: Tone, text: impl Display) -> String {
        toned(self.data_in_color, tone, text)
    }

    /// Rows with columns of one width, two blanks apart.
    pub(super) fn table(self, rows: &[Vec<Cell>]) -> String {
        let mut widths: Vec<usize> = Vec::new();
        for row in rows {
            widths.resize(widths.len().max(row.len()), 0);
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.width().max(*width);
            }
        }
        let mut table = String::new();
        for row in rows {
            let begins = table.len();
            for (cell, width) in row.iter().zip(&widths) {
                self.append(&mut table, cell);
                let blanks = width.saturating_sub(cell.width()).saturating_add(2);
                table.extend(std::iter::repeat_n(' ', blanks));
            }
            let line = table.get(begins..).unwrap_or_default().trim_end().len();
            table.truncate(begins.saturating_add(line));
            table.push('\n');
        }
        table
    }

    /// Appends a cell in its tone, for standard output.
    fn append(self, table: &mut String, cell: &Cell) {
        match cell.1.filter(|_| self.data_in_color) {
            Some(tone) => table.push_str(&toned(true, tone, &cell.0)),
            None => table.push_str(&cell.0),
        }
    }

    /// The text in a tone, for standard error.
    pub(super) fn talk_tone(self, tone: Tone, text: impl Display) -> String {
        toned(self.talk_in_color, tone, text)
    }
}

/// One cell of a table: its text, on one line, and how it is shown.
#[derive(Clone, Debug)]
pub(super) struct Cell(String, Option<Tone>);

impl Cell {
    pub(super) fn new(text: impl Display) -> Self {
        Self(plain(text), None)
    }

    pub(super) fn toned(tone: Tone, text: impl Display) -> Self {
        Self(plain(text), Some(tone))
    }

    /// In characters.
    fn width(&self) -> usize {
        if self.0.is_ascii() { self.0.len() } else { self.0.chars().count() }
    }
}

/// Text for a person from a name that may hold anything: it stays on one line and cannot drive a
/// terminal.
pub(super) fn plain(text: impl Display) -> String {
    let text = text.to_string();
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) || !text.contains(is_unseen) {
        return text;
    }
    text.replace(is_unseen, "\u{fffd}")
}

fn write_all(stream: &mut impl Write, text: &impl Display) -> io::Result<()> {
    stream.write_all(text.to_string().as_bytes())?;
    stream.flush()
}

fn toned(colored: bool, tone: Tone, text: impl Display) -> String {
    let style = tone.style();
    if colored { format!("{style}{text}{style:#}") } else { text.to_string() }
}

/// By <https://no-color.org> and <https://bixense.com/clicolors>; an explicit choice wins.
fn is_colored(choice: ColorChoice, host: &Host, terminal: bool) -> bool {
    let value = |name| host.variable(name).filter(|value| !value.is_empty());
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto if value(EnvVars::NO_COLOR).is_some() => false,
        ColorChoice::Auto if value("CLICOLOR_FORCE").is_some_and(|force| force != "0") => true,
        ColorChoice::Auto => {
            let dumb = value("TERM").is_none_or(|term| term == "dumb");
            terminal && !dumb && value("CLICOLOR").is_none_or(|colored| colored != "0")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_longest_cell_in_characters_and_no_line_ends_in_blanks() {
        let row = |cells: [&str; 3]| cells.map(|cell| Cell::toned(Tone::Bold, cell)).to_vec();
        let rows = [row(["é…", "b", "c"]), row(["long", "", ""]), vec![Cell::new("x\u{1b}\ny")]];
        let output = |data_in_color| Output { data_in_color, talk_in_color: false };
        assert_eq!(output(false).table(&rows), "é…    b  c\nlong\nx\u{fffd}\u{fffd}y\n");
        let colored = output(true).table(&rows);
        assert!(colored.starts_with("\u{1b}[1mé…\u{1b}[0m    \u{1b}[1mb"), "{colored:?}");
        assert_eq!(output(false).table(&[]), "");
    }
}
