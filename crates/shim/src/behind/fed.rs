//! Words of standard input that become words of a command: `xargs`, GNU parallel.

use std::os::unix::ffi::OsStrExt as _;

use super::{Gathering, MOST, UNTOLD, What, Word, joined, replaced};
use crate::text::Text;

/// Longest file of words that is read.
const LONGEST_LIST: usize = 64 << 10;

impl Gathering<'_, '_> {
    /// The command with the words of standard input, once for each word where one is put in place
    /// of a mark.
    pub(super) fn fed(&self, mut words: Vec<Word>) -> Vec<Vec<Word>> {
        let scope = self.call.scope();
        if !scope.feeds {
            return vec![words];
        }
        let given = |name: &str| self.call.given.iter().find(|given| given.spec.name == name);
        let mark = given("-I").or_else(|| given("-J")).or_else(|| given("--replace"));
        let Some(mark) = mark else {
            // A file of words in the place of standard input.
            let named = given("--arg-file").and_then(|given| given.value.as_ref());
            let named = named.and_then(|file| {
                let file = self.surroundings.cwd().join(file.to_path());
                String::from_utf8(self.surroundings.read(&file, LONGEST_LIST).ok()?).ok()
            });
            let input = named.as_deref().or(self.input).unwrap_or_default();
            let more = input.split([' ', '\t', '\n', '\0']);
            words.extend(more.filter(|word| !word.is_empty()).take(MOST).map(Word::of));
            return vec![words];
        };
        let mark = mark.value.as_ref().and_then(Text::utf8).unwrap_or("{}");
        let lines = self.input.map(|text| text.split(['\n', '\0']).filter(|line| !line.is_empty()));
        match lines {
            Some(lines) => {
                lines.take(MOST).map(|line| replaced(&words, mark, Some(line))).collect()
            }
            None => vec![replaced(&words, mark, None)],
        }
    }

    /// GNU parallel: a line, once for each word behind `:::`, or of its input.
    pub(super) fn each(&mut self, words: &[Word]) {
        let marks = |word: &Word| word.text.as_bytes().starts_with(b":::");
        let cut = words.iter().position(marks).unwrap_or(words.len());
        let (line, values) = words.split_at_checked(cut).unwrap_or((words, &[]));
        let line = joined(line);
        let values = values.iter().filter(|word| !marks(word));
        let mut values: Vec<Option<String>> = values
            .map(|word| word.text.to_str().filter(|_| word.known).map(str::to_owned))
            .collect();
        if cut == words.len() {
            let lines = self.input.map(|text| text.lines().map(|line| Some(line.to_owned())));
            values = lines.map_or_else(|| vec![None], Iterator::collect);
        }
        for value in values.iter().take(MOST) {
            let text = line.text.to_string_lossy();
            let value = value.as_deref().unwrap_or(UNTOLD);
            let text = match text.contains("{}") {
                true => text.replace("{}", value),
                false => format!("{text} {value}"),
            };
            let known = line.known && value != UNTOLD;
            self.push(What::Line(Word { text: text.trim_start().into(), known }, Vec::new()));
        }
    }
}
