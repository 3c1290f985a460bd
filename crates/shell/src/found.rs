//! A search whose names another program takes away: `find ~/notes -mtime +30 | xargs rm`.
//!
//! Which files that are, only the run can tell. Where they lie, the search says; so the line is also
//! read as if the search itself took them away, `find ~/notes -mtime +30 -exec rm '{}' +`
//! (find(1), xargs(1)).

use crate::script::{Field, Input};
use crate::walk::Walker;

/// Programs that take away what is named to them.
const REMOVING: [&str; 6] = ["rm", "rmdir", "shred", "truncate", "unlink", "wipe"];

/// Programs that make words of the names that they are given, and options of theirs with a value
/// (xargs(1), parallel(1)).
const FEEDING: [&str; 4] = ["gxargs", "parallel", "rush", "xargs"];
const VALUED: [&str; 10] = ["-E", "-I", "-L", "-P", "-S", "-a", "-d", "-j", "-n", "-s"];

/// What may stand in front of a program and changes nothing of what it does to files.
const BEFORE: [&str; 8] = ["command", "doas", "env", "ionice", "nice", "nohup", "sudo", "time"];

/// Programs that hand on some of the lines that they are given, in some order.
const SIFTING: [&str; 12] = [
    "egrep", "fgrep", "grep", "head", "parallel", "shuf", "sort", "tac", "tail", "tr", "uniq",
    "xargs",
];

/// Longest way from the search to the program that removes.
const MOST: usize = 8;

impl Walker {
    /// Adds the search as it would be if it removed by itself, where names of a search come in and the
    /// words start a program that removes.
    pub(crate) fn add_removing_search(&mut self, fields: &[Field], input: &Input) {
        let Some(removal) = fed(fields).filter(|it| removes(it)) else { return };
        let Some(search) = self.search_behind(input) else { return };
        let bare = removal.iter().filter(|field| field.text != "{}").cloned();
        let mut words = search;
        words.push(Field::of("-exec"));
        words.extend(bare);
        words.extend([Field::of("{}"), Field::of("+")]);
        if self.step(words.len()) {
            self.push(words, Vec::new(), Input::Inherited, Vec::new());
        }
    }

    /// The words of the search whose names come in, up to what it would do with them.
    fn search_behind(&self, input: &Input) -> Option<Vec<Field>> {
        let mut input = input;
        for _ in 0..MOST {
            let Input::Pipe(range) = input else { return None };
            let [.., last] = self.script.commands.get(range.clone())? else { return None };
            let head = last.words.first().map(name)?;
            if matches!(head, "find" | "gfind" | "bfs") {
                let prints = |field: &&Field| !matches!(&*field.text, "-print" | "-print0");
                return Some(last.words.iter().filter(prints).cloned().collect());
            }
            if !SIFTING.contains(&head) {
                return None;
            }
            input = &last.input;
        }
        None
    }
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
    let head = words.iter().find(|field| !BEFORE.contains(&name(field)));
    head.is_some_and(|head| REMOVING.contains(&name(head)))
}

/// The name of the program that a word means.
fn name(field: &Field) -> &str {
    field.text.rsplit('/').next().unwrap_or_default()
}
