//! A search whose names another program takes away: `find ~/notes -mtime +30 | xargs rm`.
//!
//! Which files that are, only the run can tell. Where they lie, the search says; so the line is also
//! read as if the search itself took them away, `find ~/notes -mtime +30 -exec rm '{}' +`
//! (find(1), xargs(1)).

use std::ops::Range;

use crate::lists::{FEEDING, name};
use crate::script::{Field, Input, Source};
use crate::walk::Walker;

/// Programs that take away what is named to them.
const REMOVING: [&str; 6] = ["rm", "rmdir", "shred", "truncate", "unlink", "wipe"];

/// Options with a value of programs that make words of names (xargs(1), parallel(1)).
const VALUED: [&str; 10] = ["-E", "-I", "-L", "-P", "-S", "-a", "-d", "-j", "-n", "-s"];

/// What may stand in front of a program and changes nothing of what it does to files.
const BEFORE: [&str; 8] = ["command", "doas", "env", "ionice", "nice", "nohup", "sudo", "time"];

/// Programs that hand on some of the lines that they are given, in some order.
const SIFTING: [&str; 12] = [
    "egrep", "fgrep", "grep", "head", "parallel", "shuf", "sort", "tac", "tail", "tr", "uniq",
    "xargs",
];

/// Programs that tell where on the machine names stand (locate(1)).
const EVERYWHERE: [&str; 4] = ["locate", "mdfind", "mlocate", "plocate"];

/// Programs that print the numbers of processes, and those that end the same ones (pgrep(1),
/// pidof(1)).
const HUNTING: [(&str, &str); 2] = [("pgrep", "pkill"), ("pidof", "killall")];

/// Longest way from the search to the program that removes.
const MOST: usize = 8;

impl Walker {
    /// Adds the search as it would be if it removed by itself, where the words start a program that
    /// removes and names of a search come in, or stand among them (`rm $(find …)`, `while read f`).
    pub(crate) fn add_removing_search(&mut self, fields: &[Field], input: &Input) {
        if let Some(removal) = fed(fields) {
            if removes(removal)
                && let Input::Pipe(range) = input
                && let Some(search) = self.search_behind(range)
            {
                self.add_search(search, removal);
            }
        } else if removes(fields) && fields.iter().any(is_whole) {
            let named = self.sources_at_hand().into_iter().find_map(|source| match source {
                Source::Commands(range) => self.search_behind(&range),
                Source::File(_) => None,
            });
            if let Some(search) = named {
                self.add_search(search, fields);
            }
        }
    }

    /// Adds the program that ends the processes whose numbers come in, or stand among the words of
    /// `kill`: `kill $(pgrep -u ann)` is `pkill -u ann`.
    pub(crate) fn add_hunt(&mut self, fields: &[Field], input: &Input) {
        let kills = |words: &[Field]| starts(words, "kill");
        let ranges: Vec<Range<usize>> = match (fed(fields), input) {
            (Some(words), Input::Pipe(range)) if kills(words) => vec![range.clone()],
            (None, _) if kills(fields) && fields.iter().any(is_whole) => {
                let sources = self.sources_at_hand().into_iter();
                let ranges = sources.filter_map(|source| match source {
                    Source::Commands(range) => Some(range),
                    Source::File(_) => None,
                });
                ranges.collect()
            }
            _ => return,
        };
        let hunts: Vec<Vec<Field>> =
            ranges.iter().filter_map(|range| self.hunt_behind(range)).collect();
        for words in hunts {
            if self.step(words.len()) {
                self.push(words, Vec::new(), Input::Inherited, Vec::new());
            }
        }
    }

    /// The words that end the processes whose numbers these commands write last.
    fn hunt_behind(&self, range: &Range<usize>) -> Option<Vec<Field>> {
        let [.., last] = self.script.commands.get(range.clone())? else { return None };
        let (head, rest) = last.words.split_first()?;
        let (_, ending) = HUNTING.iter().find(|(hunting, _)| *hunting == name(head))?;
        Some([Field::of(*ending)].into_iter().chain(rest.iter().cloned()).collect())
    }

    /// The search, with the words that remove behind it.
    fn add_search(&mut self, search: Vec<Field>, removal: &[Field]) {
        let bare = removal.iter().filter(|field| field.known && field.text != "{}").cloned();
        let mut words = search;
        words.push(Field::of("-exec"));
        words.extend(bare);
        words.extend([Field::of("{}"), Field::of("+")]);
        if self.step(words.len()) {
            self.push(words, Vec::new(), Input::Inherited, Vec::new());
        }
    }

    /// The words of the search whose names these commands write, up to what it would do with them.
    fn search_behind(&self, range: &Range<usize>) -> Option<Vec<Field>> {
        let mut range = range;
        for _ in 0..MOST {
            let [.., last] = self.script.commands.get(range.clone())? else { return None };
            let head = name(last.words.first()?);
            if matches!(head, "find" | "gfind" | "bfs") {
                let prints = |field: &&Field| !matches!(&*field.text, "-print" | "-print0");
                return Some(last.words.iter().filter(prints).cloned().collect());
            }
            if EVERYWHERE.contains(&head) {
                let pattern = last.words.last()?;
                return Some(
                    ["find", "/", "-name"]
                        .map(Field::of)
                        .into_iter()
                        .chain([pattern.clone()])
                        .collect(),
                );
            }
            if !SIFTING.contains(&head) {
                return None;
            }
            let Input::Pipe(before) = &last.input else { return None };
            range = before;
        }
        None
    }
}

/// Whether only the run can tell the word, and it is nothing but what stands in for it.
fn is_whole(field: &Field) -> bool {
    let made = field.text.starts_with("$(") || field.text.starts_with('`');
    !field.known && (made || (field.text.starts_with('$') && !field.text.contains('/')))
}

/// What a program starts with the names that it is given: all behind its own options.
fn fed(fields: &[Field]) -> Option<&[Field]> {
    let starts = |field: &Field| !BEFORE.contains(&name(field)) && !field.text.starts_with('-');
    let mut rest = fields.get(fields.iter().position(starts)?..)?;
    let (head, words) = rest.split_first()?;
    if !FEEDING.contains(&name(head)) {
        return None;
    }
    rest = words;
    while let [option, behind @ ..] = rest
        && option.text.starts_with('-')
    {
        let takes = VALUED.contains(&&*option.text);
        rest = if takes { behind.get(1..)? } else { behind };
    }
    Some(rest)
}

/// Whether the words start a program that takes away what is named behind them.
fn removes(words: &[Field]) -> bool {
    REMOVING.iter().any(|program| starts(words, program))
}

/// Whether the words start this program.
fn starts(words: &[Field], program: &str) -> bool {
    let head = words.iter().find(|field| !BEFORE.contains(&name(field)));
    head.is_some_and(|head| name(head) == program)
}
