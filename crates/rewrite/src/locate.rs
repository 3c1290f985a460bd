//! Finds the command that is to be changed within the whole that it stands in: behind `sudo` or
//! `env`, in a line for a shell, in the argument of a tool.
//!
//! It follows what starts what by the same tables as the judge does, and changes a command only where
//! its words stand as they are. A line is printed again word by word: what was not changed keeps its
//! bytes, and the result is read again before anybody gets it.

use std::ffi::OsString;

use datafog_core::{RewriteStep, Surroundings, Value};
use datafog_shell::{Piece, Simple, simple_commands};
use datafog_shim::{Start, What, Word};

use crate::command::Command;
use crate::draft::{Draft, Fate};
use crate::{Demand, Refusal, Target, Way, custom, shell_word};

/// How deep commands may stand in each other.
const DEEPEST: usize = 8;

/// One demand at work.
pub(crate) struct Work<'a> {
    pub(crate) demand: &'a Demand<'a>,
    pub(crate) world: &'a dyn Surroundings,
}

type Changed<T> = Result<Option<T>, Refusal>;

impl Work<'_> {
    /// A command line that is executed as it is.
    pub(crate) fn in_argv(&self, argv: &[OsString]) -> Changed<Vec<OsString>> {
        let words: Vec<Word> = argv.iter().map(Word::of).collect();
        Ok(self.in_words(&words, self.demand.target, 0)?.map(|draft| draft.applied(argv)))
    }

    /// The arguments of a tool: every line and every list of words that it would run.
    pub(crate) fn in_call(&self, name: &str, arguments: &Value) -> Changed<Value> {
        let mut changed = arguments.clone();
        let any = self.in_value(name, &mut changed, false)?;
        Ok(any.then_some(changed))
    }

    fn in_value(&self, name: &str, value: &mut Value, runs: bool) -> Result<bool, Refusal> {
        match value {
            Value::Table(members) => {
                if self.in_program(members)? {
                    return Ok(true);
                }
                let mut any = false;
                for (name, value) in members {
                    let runs = datafog_shim::holds_command(name);
                    any |= self.in_value(name, value, runs)?;
                }
                Ok(any)
            }
            Value::List(items) if runs && !name.to_ascii_lowercase().ends_with('s') => {
                let argv: Option<Vec<OsString>> =
                    items.iter().map(|item| item.as_text().map(OsString::from)).collect();
                match argv {
                    Some(argv) => Ok(match self.in_argv(&argv)? {
                        Some(new) => {
                            *items = texts(new)?;
                            true
                        }
                        None => false,
                    }),
                    None => self.in_each(name, items, runs),
                }
            }
            Value::List(items) => self.in_each(name, items, runs),
            Value::Text(text) if runs => match self.in_line(text, self.demand.target, 0)? {
                Some(line) => {
                    *text = line;
                    Ok(true)
                }
                None => Ok(false),
            },
            Value::Bool(_) | Value::Float(_) | Value::Integer(_) | Value::Null | Value::Text(_) => {
                Ok(false)
            }
        }
    }

    fn in_each(&self, name: &str, items: &mut [Value], runs: bool) -> Result<bool, Refusal> {
        let mut any = false;
        for item in items {
            any |= self.in_value(name, item, runs)?;
        }
        Ok(any)
    }

    /// `command` and `args`, as servers are started.
    fn in_program(&self, members: &mut [(String, Value)]) -> Result<bool, Refusal> {
        let at = |names: &[&str]| {
            members
                .iter()
                .position(|(name, _)| names.iter().any(|it| it.eq_ignore_ascii_case(name)))
        };
        let program = at(&["program", "executable"]).or_else(|| at(&["command"]));
        let (Some(program), Some(rest)) = (program, at(&["args", "arguments"])) else {
            return Ok(false);
        };
        let head = members.get(program).and_then(|(_, value)| value.as_text());
        let words = match members.get(rest) {
            Some((_, Value::List(items))) => items.iter().map(Value::as_text).collect(),
            Some(_) | None => None::<Vec<&str>>,
        };
        let (Some(head), Some(words)) = (head, words) else { return Ok(false) };
        let argv: Vec<OsString> = [head].into_iter().chain(words).map(OsString::from).collect();
        let Some(new) = self.in_argv(&argv)? else { return Ok(false) };
        let mut new = texts(new)?.into_iter();
        let head = new.next().unwrap_or_default();
        for (at, value) in [(program, head), (rest, Value::List(new.collect()))] {
            if let Some(member) = members.get_mut(at) {
                member.1 = value;
            }
        }
        Ok(true)
    }

    /// A line for a shell.
    fn in_line(&self, text: &str, target: Target<'_>, depth: usize) -> Changed<String> {
        let Some(commands) = simple_commands(text) else { return Ok(None) };
        let (mut line, mut expected) = (Printing::of(text), Vec::new());
        for command in &commands {
            let words: Vec<Word> = command.words.iter().map(word).collect();
            match self.in_words(&words, target, depth)? {
                Some(draft) => expected.push(line.print(command, draft)?),
                None => expected.push(line.as_is(command)),
            }
        }
        let Some(new) = line.finish() else { return Ok(None) };
        if reads_as(&new, &expected) {
            return Ok(Some(new));
        }
        Refusal::because("the changed line would not be read as it is meant")
    }

    /// A command of these words, or one that it starts.
    fn in_words(&self, words: &[Word], target: Target<'_>, depth: usize) -> Changed<Draft> {
        if depth > DEEPEST {
            return Ok(None);
        }
        let here = match target {
            Target::Any => true,
            Target::Command(argv) => is_same(words, argv),
            Target::Tool => false,
        };
        let starts = datafog_shim::behind(words, None, self.world);
        if here
            && !self.passes_on(words, &starts, target)
            && let Some(draft) = self.changed(words)?
        {
            return Ok(Some(draft));
        }
        // What starts the command may be what the rule spoke of.
        let target = if here { Target::Any } else { target };
        self.in_started(words, starts, target, depth.saturating_add(1))
    }

    /// Whether the steps are for a command that these words start, not for their own.
    fn passes_on(&self, words: &[Word], starts: &[Start<'_>], target: Target<'_>) -> bool {
        // What is said of `env A=b curl`, or of nobody knows which command, is said of `curl`: steps
        // are taken on its own words.
        let inner = |start: &Start<'_>| match &start.what {
            What::Command(inner) => {
                (start.told || target == Target::Any) && stands_at(words, inner).is_some()
            }
            What::Input(_) | What::Line(..) | What::Made => false,
        };
        self.takes_options() && starts.iter().any(inner)
    }

    /// The words with what they start changed in them.
    fn in_started(
        &self,
        words: &[Word],
        starts: Vec<Start<'_>>,
        target: Target<'_>,
        depth: usize,
    ) -> Changed<Draft> {
        let mut all = Draft::of(words.len());
        for start in starts {
            match start.what {
                What::Command(inner) => {
                    let Some(at) = stands_at(words, &inner) else { continue };
                    if let Some(draft) = self.in_words(&inner, target, depth)? {
                        all.take(at, draft);
                    }
                }
                What::Line(text, _) if text.known => {
                    let mut places = words.iter().skip(1);
                    let at = places.position(|word| word.known && word.text == text.text);
                    let (Some(at), Some(line)) = (at, text.text.to_str()) else { continue };
                    if let Some(line) = self.in_line(line, target, depth)? {
                        all.replace(at.saturating_add(1), line);
                    }
                }
                What::Input(_) | What::Line(..) | What::Made => {}
            }
        }
        Ok(Some(all).filter(Draft::changes))
    }

    /// Whether the rewrite changes options of whatever command it is given. What was found stands in
    /// the words of the whole, so a redaction is not among these.
    fn takes_options(&self) -> bool {
        match self.demand.way {
            Way::Builtin(_) => false,
            Way::Custom(rewrite) => {
                !rewrite.steps.iter().any(|step| matches!(step, RewriteStep::Redact(_)))
            }
        }
    }

    /// The change of this very command.
    fn changed(&self, words: &[Word]) -> Changed<Draft> {
        let about = (self.demand.findings, self.demand.own);
        let command = Command::of(words, about, self.world);
        let mut draft = Draft::of(words.len());
        match self.demand.way {
            Way::Builtin(builtin) => match builtin.command {
                Some(change) => change(&command, &mut draft)?,
                None => return Ok(None),
            },
            Way::Custom(rewrite) => custom::command(rewrite, &command, &mut draft)?,
        }
        Ok(Some(draft).filter(Draft::changes))
    }
}

fn texts(argv: Vec<OsString>) -> Result<Vec<Value>, Refusal> {
    let text = |word: OsString| word.into_string().map(Value::Text);
    let texts: Result<_, _> = argv.into_iter().map(text).collect();
    texts.map_err(|_| Refusal("the changed command cannot be written as text".to_owned()))
}

fn word(piece: &Piece) -> Word {
    Word { text: piece.text.clone().into(), known: piece.known }
}

/// Whether words as they are written can become these. A word that is not known may become any
/// number of words.
fn is_same(words: &[Word], argv: &[OsString]) -> bool {
    // Which numbers of the first words of `argv` the words so far can make.
    let mut reached = vec![false; argv.len().saturating_add(1)];
    reached.first_mut().into_iter().for_each(|none| *none = true);
    for word in words {
        let mut next = vec![false; reached.len()];
        let mut open = false;
        for (at, here) in reached.iter().enumerate() {
            open |= here;
            if let Some(slot) = next.get_mut(at).filter(|_| !word.known && open) {
                *slot = true;
            }
            let follows = *here && word.known && argv.get(at) == Some(&word.text);
            if let Some(slot) = next.get_mut(at.saturating_add(1)).filter(|_| follows) {
                *slot = true;
            }
        }
        reached = next;
    }
    reached.last().copied().unwrap_or_default()
}

/// Where in `words` the command stands that they start.
fn stands_at(words: &[Word], inner: &[Word]) -> Option<usize> {
    let mut windows = words.windows(inner.len().max(1)).enumerate().skip(1);
    windows.find(|(_, window)| *window == inner).map(|(at, _)| at)
}

/// Whether the line is read as these commands, each word as it is written.
fn reads_as(line: &str, expected: &[Vec<String>]) -> bool {
    let Some(commands) = simple_commands(line) else { return false };
    let written = |command: &Simple| -> Vec<Option<&str>> {
        command.words.iter().map(|word| line.get(word.span.clone())).collect()
    };
    commands.len() == expected.len()
        && commands.iter().zip(expected).all(|(command, expected)| {
            written(command) == expected.iter().map(|word| Some(word.as_str())).collect::<Vec<_>>()
        })
}

/// A line that is printed again, from its beginning to its end.
struct Printing<'t> {
    text: &'t str,
    out: String,
    /// Up to where the line has been printed.
    done: usize,
    changed: bool,
}

impl<'t> Printing<'t> {
    const fn of(text: &'t str) -> Self {
        Self { text, out: String::new(), done: 0, changed: false }
    }

    fn written(&self, piece: &Piece) -> &'t str {
        self.text.get(piece.span.clone()).unwrap_or_default()
    }

    fn as_is(&self, command: &Simple) -> Vec<String> {
        command.words.iter().map(|word| self.written(word).to_owned()).collect()
    }

    /// Prints up to `end`.
    fn copy(&mut self, end: usize) {
        self.out.push_str(self.text.get(self.done..end).unwrap_or_default());
        self.done = self.done.max(end);
    }

    /// Prints a command with its changes; returns its words as they are now written.
    fn print(&mut self, command: &Simple, draft: Draft) -> Result<Vec<String>, Refusal> {
        let mut now = Vec::new();
        self.changed = true;
        for (slot, piece) in draft.slots.into_iter().zip(&command.words) {
            let dropped = slot.fate == Fate::Dropped;
            let mut words = slot.before.iter().map(printed).collect::<Result<Vec<_>, _>>()?;
            match slot.fate {
                Fate::Dropped => {}
                Fate::Kept => words.push(self.written(piece).to_owned()),
                Fate::Replaced(text) => words.push(printed(&text)?),
            }
            if dropped && words.is_empty() {
                self.leave_out(piece, now.is_empty());
                continue;
            }
            self.copy(piece.span.start);
            self.out.push_str(&words.join(" "));
            self.done = piece.span.end;
            now.extend(words);
        }
        for word in &draft.after {
            let word = printed(word)?;
            self.out.push(' ');
            self.out.push_str(&word);
            now.push(word);
        }
        Ok(now)
    }

    /// Leaves a word out with the blanks before it; at the head of a command with those behind it.
    fn leave_out(&mut self, piece: &Piece, is_head: bool) {
        let blank = [' ', '\t'];
        if is_head {
            self.copy(piece.span.start);
            let rest = self.text.get(piece.span.end..).unwrap_or_default();
            let blanks = rest.len().saturating_sub(rest.trim_start_matches(blank).len());
            self.done = piece.span.end.saturating_add(blanks);
        } else {
            let before = self.text.get(self.done..piece.span.start).unwrap_or_default();
            let blanks = before.len().saturating_sub(before.trim_end_matches(blank).len());
            self.copy(piece.span.start.saturating_sub(blanks));
            self.done = piece.span.end;
        }
    }

    /// The whole line, if anything changed.
    fn finish(mut self) -> Option<String> {
        self.copy(self.text.len());
        self.changed.then_some(self.out)
    }
}

fn printed(text: &OsString) -> Result<String, Refusal> {
    shell_word(text)
        .ok_or_else(|| Refusal("a word of the safer form cannot be written in a line".to_owned()))
}
