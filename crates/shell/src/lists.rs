//! Files that hold names of files, for loops and programs that make their words of them:
//! `while read f; do rm "$f"; done < list`.
//!
//! A file is read only for the names of what is there, so nothing else that it holds gets into a
//! word. Whatever else it holds by the time the line runs, only the run can tell.

use crate::limits::MOST_BYTES;
use crate::read::Place;
use crate::script::{Field, Input, Source};
use crate::walk::Walker;

/// Programs that make words of their input.
pub(crate) const FEEDING: [&str; 4] = ["gxargs", "parallel", "rush", "xargs"];

/// Most lines that are looked up.
const MOST: usize = 256;

impl Walker {
    /// The lines of what comes in that name something which is there, and whether these are all;
    /// `None` where nobody can tell, or none does.
    pub(crate) fn names_in(&self, input: &Input) -> Option<(String, bool)> {
        let file = match input {
            Input::File(file) => file,
            Input::Pipe(range) => match self.script.commands.get(range.clone())? {
                [one] if one.redirections.is_empty() => match one.words.as_slice() {
                    [cat, file] if cat.known && cat.text == "cat" => file,
                    _ => return None,
                },
                _ => return None,
            },
            Input::Inherited | Input::Text(_) => return None,
        };
        if let Some(written) = self.written_to(file) {
            return Some((written?, true));
        }
        let folder = self.cwd().filter(|_| self.place == Place::Here && file.known)?;
        let text = self.world.text(&folder.join(&file.text))?;
        let is_there = |line: &&str| self.world.is_there(&folder.join(line.trim()));
        let all = || text.split(['\n', '\0']).filter(|line| !line.trim().is_empty());
        let names: Vec<&str> = all().take(MOST).filter(is_there).collect();
        // Of the rest, what is not looked at may be anything.
        let whole = names.len() == all().count();
        (!names.is_empty()).then(|| (names.join("\n") + "\n", whole))
    }

    /// The input of a command, with the names that it lists where the command makes words of them and
    /// nothing else stands there: what it would make of other lines, nobody knows.
    pub(crate) fn fed_names(&self, fields: &[Field], input: Input) -> Input {
        if !fields.first().is_some_and(|head| FEEDING.contains(&name(head))) {
            return input;
        }
        match self.names_in(&input) {
            Some((names, true)) => Input::Text(names),
            Some(_) | None => input,
        }
    }
}

/// The name of the program that a word means.
pub(crate) fn name(field: &Field) -> &str {
    field.text.rsplit('/').next().unwrap_or_default()
}

/// Where that comes from which is read from an input.
pub(crate) fn source_of(input: &Input) -> Option<Source> {
    match input {
        Input::File(file) => Some(Source::File(file.clone())),
        Input::Pipe(range) => Some(Source::Commands(range.clone())),
        Input::Inherited | Input::Text(_) => None,
    }
}

/// Longest file that is read.
pub(crate) const LONGEST: usize = MOST_BYTES;
