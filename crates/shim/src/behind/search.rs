//! What a search (`find`) starts for what it finds, and what it removes by itself.

use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use datafog_core::{BELOW, SOMEWHERE};

use super::{Gathering, MOST, Word, removing, replaced};
use crate::folders::folders;
use crate::profile::Starts;
use crate::read::Given;
use crate::text::Text;
use crate::{carriers, interpret};

impl Gathering<'_, '_> {
    /// The command of `-exec`, which stands from its value on.
    pub(super) fn found(&mut self, given: &Given<'_>) {
        let from = given.place.map_or(usize::MAX, |place| place.argument);
        let ends = |word: &&Word| matches!(word.text.as_bytes(), b";" | b"+");
        let rest = self.words.get(from..).unwrap_or_default();
        let words: Vec<Word> = rest.iter().take_while(|word| !ends(word)).cloned().collect();
        if self.call.profile.name == "fd" {
            return self.found_by_fd(&words, from);
        }
        if self.narrows() {
            let found = carriers::found(self.words, self.surroundings);
            return self.in_each_place(&words, given, &found);
        }
        if removes(&words) && words.iter().any(|word| word.text.as_bytes() == b"{}") {
            // Each file below is found, so no option needs to say that folders go too.
            return self.removal();
        }
        self.on_each_root(&words);
        if in_folders(given) {
            self.in_each_place(&words, given, &[]);
        }
    }

    /// The command on each root by its name, and on what lies below it.
    fn on_each_root(&mut self, words: &[Word]) {
        for root in self.roots() {
            // By itself a dot would mean something else to many programs.
            let text = root.text.to_str().filter(|_| root.known);
            let text = text.map(|text| if text == "." { "./" } else { text });
            let whole = replaced(words, "{}", text);
            let works_there = !folders(&whole, self.surroundings).is_empty();
            self.command(whole);
            if works_there {
                let text = text.map(|text| format!("{}/{BELOW}", text.trim_end_matches('/')));
                self.command(replaced(words, "{}", text.as_deref()));
            }
        }
    }

    /// The command in each folder that it is started in, on files that are not known but for those
    /// that are `found`.
    fn in_each_place(&mut self, words: &[Word], given: &Given<'_>, found: &[PathBuf]) {
        for folder in self.places_of(given) {
            let before = self.starts.len();
            self.command(replaced(words, "{}", None));
            for start in self.starts.iter_mut().skip(before) {
                start.found.extend_from_slice(found);
                start.world.enter(folder.clone());
            }
        }
    }

    /// The same of `fd PATTERN PLACE… -x COMMAND`: without a mark what is found stands at the end.
    fn found_by_fd(&mut self, words: &[Word], from: usize) {
        let stands = |word: &&Text<'_>| word.place.is_some_and(|place| place.argument < from);
        let before: Vec<&Text<'_>> = self.call.words.iter().filter(stands).collect();
        let (pattern, places) = before.split_first().map_or((None, &[][..]), |(a, b)| (Some(a), b));
        let all = pattern.is_none_or(|it| matches!(&*it.bytes, b"" | b"." | b"^" | b".*"));
        let picks = |given: &Given<'_>| PICKING.contains(&given.spec.name);
        let mark = |word: &Word| word.text.as_bytes().contains(&b'{');
        let mut words = words.to_vec();
        if !words.iter().any(mark) {
            words.push(Word::of("{}"));
        }
        if !all || self.call.given.iter().any(picks) {
            return self.command(replaced(&words, "{}", None));
        }
        let named: Vec<Word> = places.iter().map(|place| self.word(place)).collect();
        let places = if named.is_empty() { vec![Word::of("./")] } else { named };
        if removes(&words) {
            return self.push(removing(places));
        }
        for place in places {
            self.command(replaced(&words, "{}", place.text.to_str().filter(|_| place.known)));
        }
    }

    /// The folders in which the command of `-exec` and the like is started.
    fn places_of(&self, given: &Given<'_>) -> Vec<PathBuf> {
        let here = self.surroundings.cwd();
        if !in_folders(given) {
            return vec![here.to_owned()];
        }
        let below = |root: Word| match root.known {
            true => here.join(root.text).join(BELOW),
            false => here.join(SOMEWHERE),
        };
        self.roots().into_iter().map(below).collect()
    }

    /// `-delete`: what is found goes. What tests pick out is not the place itself.
    pub(super) fn removal(&mut self) {
        if !self.narrows() {
            self.push(removing(self.roots()));
        }
    }

    /// Cmdlets are given what they remove: `Get-ChildItem x | Remove-Item`.
    pub(super) fn fed_removal(&mut self) {
        let scope = self.call.scope();
        let removes = scope.operands.iter().any(|spec| spec.starts == Some(Starts::Removal));
        if !removes || !scope.feeds || !self.call.words.is_empty() {
            return;
        }
        let places: Vec<Word> =
            self.input.unwrap_or_default().lines().take(MOST).map(Word::of).collect();
        if !places.is_empty() {
            self.push(removing(places));
        }
    }

    /// The places that are searched.
    fn roots(&self) -> Vec<Word> {
        let signs = |word: &&Text<'_>| !matches!(&*word.bytes, b"(" | b")" | b"!" | b",");
        let words = self.call.words.iter().filter(signs).take(MOST);
        let words = words.filter_map(|word| self.words.get(word.place?.argument).cloned());
        let roots: Vec<Word> = words.collect();
        if roots.is_empty() { vec![Word::of(".")] } else { roots }
    }

    /// Whether tests pick out some of what is found.
    fn narrows(&self) -> bool {
        let all = |given: &Given<'_>| {
            let acts = given.spec.starts.is_some();
            let any =
                given.value.as_ref().is_some_and(|value| matches!(&*value.bytes, b"*" | b"**"));
            acts || any || EVERYTHING.contains(&given.spec.name) || self.is_negated(given)
        };
        !self.call.given.iter().all(all)
    }

    /// Whether a test stands behind `!` or `-not`: it leaves nearly everything in.
    fn is_negated(&self, given: &Given<'_>) -> bool {
        let back = if given.value.is_some() { 2 } else { 1 };
        let before = given.place.and_then(|place| place.argument.checked_sub(back));
        let before = before.and_then(|at| self.words.get(at));
        before.is_some_and(|word| matches!(word.text.as_bytes(), b"!" | b"-not"))
    }
}

/// Whether the command is one that removes.
fn removes(words: &[Word]) -> bool {
    words.first().is_some_and(|head| {
        matches!(&*interpret::program_name(&head.text), "rm" | "unlink" | "shred")
    })
}

/// Whether each file that is found is handled in its own folder.
fn in_folders(given: &Given<'_>) -> bool {
    matches!(given.spec.name, "-execdir" | "-okdir")
}

/// Options of `fd` that leave most of what is there out.
const PICKING: [&str; 7] =
    ["--and", "--changed-before", "--changed-within", "-S", "-e", "-g", "-o"];

/// Options of `find` that leave nothing out, or little.
const EVERYTHING: [&str; 18] = [
    "-H",
    "-L",
    "-P",
    "-d",
    "-daystart",
    "-depth",
    "-follow",
    "-ignore_readdir_race",
    "-ls",
    "-maxdepth",
    "-mindepth",
    "-mount",
    "-noleaf",
    "-not",
    "-print",
    "-print0",
    "-type",
    "-xdev",
];
