//! Where a line works: `cd`, `pushd`, `popd`, and what is known of folders.
//!
//! A `cd` may fail, and then the line goes on where it was. That is only out of the question where the
//! folder is there or the line made it, behind `cd x &&`, and where a failure ends the line.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use datafog_core::BELOW;

use crate::limits::{MOST_FOLDERS, MOST_VALUES};
use crate::read::Place;
use crate::script::Field;
use crate::variables::Variable;
use crate::walk::{PLACES, Walker};

/// The folders of a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Folders {
    /// The one that it works in.
    pub(crate) here: Variable,
    /// Those that `popd` goes back to.
    pub(crate) left: Vec<Variable>,
    /// Which of these are there is not known.
    pub(crate) left_unsure: bool,
    /// Where it works if the last command went well, and if it did not, where that is told apart.
    pub(crate) turn: Option<(Variable, Variable)>,
    /// Folders that the line made, and that it took away.
    pub(crate) made: Arc<BTreeMap<PathBuf, bool>>,
    /// The line ends where a command fails.
    pub(crate) ends_on_error: bool,
}

impl Folders {
    /// Either these or the others.
    pub(crate) fn join(&mut self, other: Self) {
        if *self == other {
            return;
        }
        let either = |one: &mut Variable, other| *one = core::mem::take(one).or(other);
        either(&mut self.here, other.here);
        if self.left != other.left {
            let known = core::mem::take(&mut self.left);
            self.left = known.into_iter().chain(other.left).take(MOST_VALUES).collect();
            self.left_unsure = true;
        }
        self.left_unsure |= other.left_unsure;
        self.turn = core::mem::take(&mut self.turn)
            .zip(other.turn)
            .map(|(one, two)| (one.0.or(two.0), one.1.or(two.1)));
        if self.made != other.made {
            let made = Arc::make_mut(&mut self.made);
            made.retain(|path, is_there| !*is_there || other.made.get(path) == Some(&true));
            let gone = other.made.iter().filter(|(_, is_there)| !**is_there);
            made.extend(gone.map(|(path, _)| (path.clone(), false)));
        }
        self.ends_on_error &= other.ends_on_error;
    }
}

/// Steps that it takes to follow a line to another folder.
const FOLLOWING: usize = 280;

/// What is longer is no path (PATH_MAX).
const LONGEST_PATH: usize = 4096;

/// Of how many folders it is remembered that the line made them or took them away.
const MOST_MADE: usize = 128;

/// Where a `cd` leads.
enum Target {
    /// Nowhere: it fails.
    Nowhere,
    /// Only the run can tell.
    Unknown,
    /// There.
    Known(PathBuf),
}

impl Walker {
    /// The folder that the command at hand works in; `None` when only the run can tell.
    pub(crate) fn cwd(&self) -> Option<PathBuf> {
        let here = &self.variables.folders.here;
        here.values.first().filter(|_| here.options() == 1).map(PathBuf::from)
    }

    /// Where the line may work in one of several folders, the command at hand is looked at in each.
    pub(crate) fn work_in_one_folder(&mut self) {
        let here = &self.variables.folders.here;
        let options = here.options();
        if options < 2 {
            return;
        }
        let index = self.pick.checked_rem(options).unwrap_or_default();
        let one = Variable::of(here.values.get(index).cloned());
        self.variables.folders.here = one;
        if self.pick == 0 {
            self.choices.push((String::new(), options));
            self.picks = options;
        }
    }

    /// Many folders are one folder below that in which all of them are.
    pub(crate) fn settle_folders(&mut self) {
        let here = &self.variables.folders.here;
        if here.values.len() <= MOST_FOLDERS {
            return;
        }
        let mut all = here.values.iter().map(Path::new);
        let mut above = all.next().unwrap_or_else(|| Path::new("/"));
        for one in all {
            while let Some(parent) = above.parent().filter(|_| !one.starts_with(above)) {
                above = parent;
            }
        }
        let below = above.parent().map(|_| above.join(BELOW));
        let text = below.and_then(|folder| folder.to_str().map(str::to_owned));
        let open = here.open;
        let settled = Variable::of(text);
        self.variables.folders.here = Variable { open: settled.open || open, ..settled };
    }

    /// `cd`, as POSIX has it: a relative folder is looked for in those of `CDPATH` first.
    pub(crate) fn change_folder(&mut self, arguments: &[Field]) {
        let (target, sure) = self.target_of(arguments);
        self.go(target, sure);
    }

    /// Where the words of a `cd` lead, and whether it is certain that it goes there.
    fn target_of(&mut self, arguments: &[Field]) -> (Target, bool) {
        let is_flag = |field: &&Field| field.text.len() > 1 && field.text.starts_with('-');
        let physical = arguments.iter().any(|field| is_flag(&field) && field.text.contains('P'));
        let mut named = arguments.iter().filter(|field| !is_flag(field));
        let (first, more) = (named.next(), named.next().is_some());
        let text = match first {
            Some(field) if !field.known => return (Target::Unknown, false),
            Some(field) if field.text == "-" => self.variable("OLDPWD"),
            Some(field) => Some(field.text.clone()),
            None => self.variable("HOME"),
        };
        let Some(text) = text else { return (Target::Unknown, false) };
        if text.is_empty() {
            return (Target::Nowhere, false);
        }
        let named = PathBuf::from(text);
        let found = if named.is_absolute() { Some(named) } else { self.found_by_name(&named) };
        let Some(found) = found else { return (Target::Unknown, false) };
        let found = if physical { found } else { without_dots(&found) };
        let sure = !more && self.is_folder(&found);
        (Target::Known(found), sure)
    }

    /// Works there from here on. Where it may not get there, it may go on where it is.
    fn go(&mut self, target: Target, sure: bool) {
        let stayed = self.variables.folders.here.clone();
        let target = match target {
            Target::Known(folder) if folder.as_os_str().len() > LONGEST_PATH => Target::Nowhere,
            Target::Known(_) | Target::Unknown | Target::Nowhere => target,
        };
        let length: usize = stayed.values.iter().map(String::len).sum();
        self.step((length / 16).saturating_add(FOLLOWING));
        let went = match target {
            Target::Nowhere => stayed.clone(),
            Target::Unknown => Variable::of(None),
            Target::Known(folder) => Variable::of(folder.to_str().map(str::to_owned)),
        };
        let mut before = Variable { exported: false, missing: false, ..stayed.clone() };
        let ends = self.variables.folders.ends_on_error && self.tested == 0;
        if sure || ends {
            if !sure {
                self.ends_here();
            }
            self.variables.folders.here = went.clone();
        } else {
            let kept = self.variables.find("OLDPWD", &self.world, self.place);
            before = before.or(kept.unwrap_or_else(Variable::missing));
            self.variables.folders.here = went.clone().or(stayed.clone());
            self.variables.several = true;
        }
        self.variables.set("OLDPWD", before, false);
        self.variables.folders.turn = (!sure).then_some((went, stayed));
    }

    /// `pushd`: what it leads away from, `popd` goes back to.
    pub(crate) fn push_folder(&mut self, arguments: &[Field]) {
        let is_turn = |field: &Field| {
            let digits = field.text.strip_prefix(['+', '-']).unwrap_or_default();
            !digits.is_empty() && digits.chars().all(|one| one.is_ascii_digit())
        };
        let here = self.variables.folders.here.clone();
        match arguments {
            // The two on top change places.
            [] => {
                if let Some(top) = self.variables.folders.left.pop() {
                    self.return_to(top);
                    self.variables.folders.left.push(here);
                }
            }
            [turn, ..] if is_turn(turn) || !turn.known => self.return_to_any(),
            [flag, folder, ..] if flag.text == "-n" => {
                let (target, _) = self.target_of(core::slice::from_ref(folder));
                let folder = match target {
                    Target::Known(folder) => folder.to_str().map(str::to_owned),
                    Target::Nowhere | Target::Unknown => None,
                };
                self.leave(Variable::of(folder));
            }
            _ => {
                let (target, sure) = self.target_of(arguments);
                let had = !self.variables.folders.left.is_empty();
                self.variables.folders.left_unsure |= !sure && had;
                self.go(target, sure);
                self.leave(here);
            }
        }
    }

    fn leave(&mut self, folder: Variable) {
        if self.variables.folders.left.len() < MOST_VALUES {
            self.variables.folders.left.push(folder);
        } else {
            self.variables.folders.left_unsure = true;
        }
    }

    /// `popd`.
    pub(crate) fn pop_folder(&mut self, arguments: &[Field]) {
        if self.variables.folders.left_unsure || !arguments.is_empty() {
            self.return_to_any();
        } else {
            // A shell that goes on from line to line may have left folders before this one.
            let top = self.variables.folders.left.pop();
            self.return_to(top.unwrap_or_else(|| Variable::of(None)));
        }
    }

    fn return_to(&mut self, folder: Variable) {
        let left = core::mem::replace(&mut self.variables.folders.here, folder);
        self.variables.several |= self.variables.folders.here.options() > 1;
        self.variables.set("OLDPWD", left, false);
    }

    /// It may work in any of the folders that it left, or where it is.
    fn return_to_any(&mut self) {
        let here = self.variables.folders.here.clone();
        let all = self.variables.folders.left.iter().cloned().fold(here, Variable::or);
        self.return_to(all);
        self.variables.folders.left_unsure = true;
    }

    /// Where a relative folder is; `None` when only the run can tell.
    fn found_by_name(&mut self, target: &Path) -> Option<PathBuf> {
        let plain = matches!(target.components().next(), Some(Component::Normal(_)));
        let here = plain && self.place == Place::Here;
        if here && (self.variables.holds(PLACES) || self.world.variable(PLACES).is_some()) {
            let places = self.variable(PLACES)?;
            for place in places.split(':').take(MOST_VALUES) {
                let folder = self.cwd()?.join(place).join(target);
                if self.world.is_there(&folder) {
                    return Some(folder);
                }
            }
        }
        Some(self.cwd()?.join(target))
    }

    /// Whether a `cd` there goes well: it is there, or the line made it. Of other machines nobody knows.
    pub(crate) fn is_folder(&self, folder: &Path) -> bool {
        if self.place == Place::Elsewhere || self.cwd().is_some_and(|it| it.starts_with(folder)) {
            return true;
        }
        let began = self.world.cwd.starts_with(folder);
        for above in folder.ancestors().take(MOST_MADE) {
            match self.variables.folders.made.get(above) {
                Some(true) if above == folder => return true,
                Some(false) => return false,
                Some(true) | None => {}
            }
        }
        began || self.is_temporary(folder) || self.world.is_there(&folder.join("."))
    }

    /// Remembers what a command makes of folders: `mkdir`, and what takes them away.
    pub(crate) fn note_folders(&mut self, own: &[Field]) {
        let Some((head, words)) = own.split_first() else { return };
        let makes = match head.text.rsplit('/').next().unwrap_or_default() {
            "mkdir" => true,
            "mv" | "rm" | "rmdir" | "trash" | "unlink" => false,
            _ => return,
        };
        for word in words.iter().filter(|word| !word.text.starts_with('-')) {
            let Some(path) = self.path_of(word).map(|path| without_dots(&path)) else { continue };
            let count = self.variables.folders.made.len();
            if !self.step(count.saturating_add(path.as_os_str().len()).saturating_add(8)) {
                return;
            }
            let made = Arc::make_mut(&mut self.variables.folders.made);
            // Of too many nothing is known.
            if count >= MOST_MADE {
                made.clear();
            }
            if !makes {
                made.retain(|known, _| !known.starts_with(&path));
            }
            if makes {
                // With `-p` those around it, too.
                made.extend(path.ancestors().take(MOST_VALUES).map(|it| (it.to_owned(), true)));
            } else {
                made.insert(path, false);
            }
        }
    }
}

/// A path without `.` and `..`, as a shell follows it that knows how it came where it is.
fn without_dots(path: &Path) -> PathBuf {
    let mut made = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if made.file_name().is_some() => drop(made.pop()),
            Component::Prefix(_)
            | Component::RootDir
            | Component::ParentDir
            | Component::Normal(_) => made.push(part),
        }
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_followed_by_its_name() {
        for (path, plain) in
            [("/a/b/..", "/a"), ("/a/./b/", "/a/b"), ("/..", "/.."), ("/a/../../b", "/../b")]
        {
            assert_eq!(without_dots(Path::new(path)), PathBuf::from(plain), "{path}");
        }
    }
}
