//! Files that a copy leaves out: `rsync --exclude`, `aws s3 sync --exclude`.
//!
//! Of a folder that is copied those files count that the filters leave over (rsync(1), "FILTER
//! RULES"; "Use of Exclude and Include Filters" of `aws s3`). A filter that is not understood leaves
//! all of the folder as content, which is more.

use std::path::{Path, PathBuf};

use datafog_core::{Carrier, ContentSource, Flow, Invocation, Surroundings};

use crate::carriers::fits;
use crate::profile::Effect;
use crate::read::Call;

/// Most files of a folder that are looked at one by one.
const MOST_FILES: usize = 20_000;

/// Folders within folders that are followed: links may lead in circles.
const DEEPEST: usize = 40;

/// How filters are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// A pattern of names; the first one that fits decides, and what is below a folder that is left
    /// out is left out.
    Rsync,
    /// A pattern of the whole path, in which `*` is anything; the last one that fits decides.
    S3,
}

/// Puts the files that are copied in the place of the folder that holds them.
pub(crate) fn settle(
    manner: Manner,
    call: &Call<'_>,
    surroundings: &dyn Surroundings,
    to: &mut Invocation,
) {
    let Some(filters) = filters(manner, call).filter(|filters| !filters.is_empty()) else { return };
    exchange(to, |content, folder| {
        let sift = Sift { manner, filters: &filters, folder, surroundings };
        if content.flow == Flow::Leaves { sift.files() } else { None }
    });
}

/// Puts other files in the place of each file that is content of the role `file`, where there are any
/// to tell.
pub(crate) fn exchange(
    to: &mut Invocation,
    files_for: impl Fn(&ContentSource, &Path) -> Option<Vec<PathBuf>>,
) {
    let mut contents = Vec::with_capacity(to.contents.len());
    for content in core::mem::take(&mut to.contents) {
        let files = match &content.carrier {
            Carrier::File(path) if content.role == "file" => files_for(&content, path),
            Carrier::Argument(_)
            | Carrier::File(_)
            | Carrier::Inline(_)
            | Carrier::Stdin
            | Carrier::Untold(_) => None,
        };
        match files {
            Some(files) => contents.extend(
                files
                    .into_iter()
                    .map(|path| ContentSource { carrier: Carrier::File(path), ..content.clone() }),
            ),
            None => contents.push(content),
        }
    }
    to.contents = contents;
}

/// A pattern, and whether what it fits is left out.
type Filter = (String, bool);

/// The filters in order; `None` where one is not understood.
fn filters(manner: Manner, call: &Call<'_>) -> Option<Vec<Filter>> {
    let mut all = Vec::new();
    for given in &call.given {
        let leaves_out = match given.spec.effect {
            Some(Effect::LeavesOut) => true,
            Some(Effect::TakesIn) => false,
            Some(Effect::Sifts | Effect::FileList) => return None,
            _ => continue,
        };
        let value = given.value.as_ref().filter(|_| !given.negated && !given.expanded)?;
        let pattern = str::from_utf8(&value.bytes).ok()?;
        let odd = ["[", "\\", "\n"];
        let folders = manner == Manner::Rsync && pattern.contains("**");
        if pattern.is_empty() || folders || odd.iter().any(|one| pattern.contains(one)) {
            return None;
        }
        // A rule in place of a pattern: `- x`, `!`.
        if manner == Manner::Rsync && (pattern.starts_with(['+', '-', '!'])) {
            return None;
        }
        all.push((pattern.to_owned(), leaves_out));
    }
    Some(all)
}

struct Sift<'a> {
    manner: Manner,
    filters: &'a [Filter],
    folder: &'a Path,
    surroundings: &'a dyn Surroundings,
}

impl Sift<'_> {
    /// The files that are copied; `None` for what is no folder, or too large to look at.
    fn files(&self) -> Option<Vec<PathBuf>> {
        let place = self.surroundings.cwd().join(self.folder);
        self.surroundings.names(&place).ok()?;
        // Without a slash at its end the folder itself is copied, and its name counts.
        let whole = self.folder.as_os_str().as_encoded_bytes().ends_with(b"/");
        let own = self.manner == Manner::Rsync && !whole;
        let own = if own { self.folder.file_name()?.to_str()? } else { "" };
        if self.is_left_out(own, true) {
            return Some(Vec::new());
        }
        let (mut found, mut open) = (Vec::new(), vec![String::new()]);
        while let Some(below) = open.pop() {
            if found.len().saturating_add(open.len()) > MOST_FILES {
                return None;
            }
            for name in self.surroundings.names(&place.join(&below)).ok()? {
                let name = name.to_str()?;
                let path =
                    if below.is_empty() { name.to_owned() } else { format!("{below}/{name}") };
                let is_folder = self.surroundings.names(&place.join(&path)).is_ok();
                let told = if own.is_empty() { path.clone() } else { format!("{own}/{path}") };
                let left_out = self.is_left_out(&told, is_folder);
                match is_folder {
                    // A later filter may take something in it back.
                    true if left_out && self.manner == Manner::Rsync => {}
                    true if path.matches('/').count() >= DEEPEST => return None,
                    true => open.push(path),
                    false if left_out => {}
                    false => found.push(place.join(&path)),
                }
            }
        }
        found.sort_unstable();
        Some(found)
    }

    fn is_left_out(&self, path: &str, is_folder: bool) -> bool {
        let mut fitting = self.filters.iter().filter(|(pattern, _)| match self.manner {
            Manner::Rsync => names(pattern, path, is_folder),
            Manner::S3 => fits(pattern, path, false),
        });
        let deciding = match self.manner {
            Manner::Rsync => fitting.next(),
            Manner::S3 => fitting.next_back(),
        };
        !path.is_empty() && deciding.is_some_and(|(_, leaves_out)| *leaves_out)
    }
}

/// Whether a pattern of rsync's names a path: from its beginning with a slash in front, else its end.
fn names(pattern: &str, path: &str, is_folder: bool) -> bool {
    let (bare, folders) = pattern.strip_suffix('/').map_or((pattern, false), |it| (it, true));
    if folders && !is_folder {
        return false;
    }
    let (bare, anchored) = bare.strip_prefix('/').map_or((bare, false), |it| (it, true));
    let parts: Vec<&str> = bare.split('/').collect();
    let path: Vec<&str> = path.split('/').collect();
    let Some(from) = path.len().checked_sub(parts.len()).filter(|from| !anchored || *from == 0)
    else {
        return false;
    };
    path.iter().skip(from).zip(&parts).all(|(name, part)| fits(part, name, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_rsync_name_what_they_end_in() {
        for (pattern, path, is_folder, fits) in [
            (".env", "a/.env", false, true),
            (".env", "a/.env.example", false, false),
            ("*.env", "a/b.env", false, true),
            ("node_modules/", "a/node_modules", true, true),
            ("node_modules/", "a/node_modules", false, false),
            ("/a/.env", "a/.env", false, true),
            ("/.env", "a/.env", false, false),
            ("b/*.txt", "a/b/c.txt", false, true),
            ("b/*.txt", "a/b/c/d.txt", false, false),
            ("a/b/c", "b/c", false, false),
        ] {
            assert_eq!(names(pattern, path, is_folder), fits, "{pattern} {path}");
        }
    }
}
