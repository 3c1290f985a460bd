//! The added lines of a patch, as git's plumbing writes it.
//!
//! The text comes in pieces of any size, and no line is held: within a hunk the first letters of a
//! line say what it is, one for each parent of a commit, and the rest is handed on as it comes. So
//! the content of a file cannot be taken for a part of the form. The form is described in git's
//! `diff-generate-patch` and `git-diff-tree(1)`.

use datafog_core::Channel;

use super::{Gathered, Says, Take};

/// Bytes of a line outside of hunks that are kept: names of files are shorter.
const LONGEST_HEAD: usize = 64 << 10;

/// Digits of a commit that tell it from others to a person.
const SHORT: usize = 10;

/// Finds added lines and hands them on.
pub(super) struct Added<'t> {
    take: Take<'t>,
    /// How many letters stand before a line of the hunk; 0 outside of hunks.
    columns: usize,
    /// The beginning of the line at hand, as far as it is not understood yet.
    head: Vec<u8>,
    rest: Rest,
    commit: String,
    path: String,
    /// Whether the file at hand was told.
    is_told: bool,
    /// A file that git took for binary all the same.
    pub(super) missed: Option<String>,
}

/// What happens with the rest of a line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rest {
    Head,
    Pass,
    Skip,
}

impl<'t> Added<'t> {
    pub(super) const fn new(take: Take<'t>) -> Self {
        Self {
            take,
            columns: 0,
            head: Vec::new(),
            rest: Rest::Head,
            commit: String::new(),
            path: String::new(),
            is_told: false,
            missed: None,
        }
    }

    /// Takes the next piece.
    pub(super) fn push(&mut self, mut piece: &[u8]) {
        while let Some(first) = piece.first() {
            if self.rest == Rest::Head {
                self.letter(*first);
                piece = piece.get(1..).unwrap_or_default();
                continue;
            }
            let end = piece.iter().position(|byte| *byte == b'\n');
            let length = end.map_or(piece.len(), |end| end.saturating_add(1));
            let (line, after) = piece.split_at_checked(length).unwrap_or((piece, &[]));
            if self.rest == Rest::Pass {
                self.added(line);
            }
            if end.is_some() {
                self.rest = Rest::Head;
            }
            piece = after;
        }
    }

    /// One more letter of a line that is not understood yet.
    fn letter(&mut self, letter: u8) {
        if letter == b'\n' {
            let head = core::mem::take(&mut self.head);
            // A line of a hunk that ends before its letters do says nothing.
            if self.columns == 0 || head.first().is_some_and(|first| !b" +-\\".contains(first)) {
                self.line(&head);
            }
            return;
        }
        if self.head.len() < LONGEST_HEAD {
            self.head.push(letter);
        }
        let is_content = self.head.first().is_some_and(|first| b" +-".contains(first));
        if self.columns > 0 && is_content && self.head.len() >= self.columns {
            let adds = self.head.contains(&b'+') && !self.head.contains(&b'-');
            self.rest = if adds { Rest::Pass } else { Rest::Skip };
            self.head.clear();
        }
    }

    fn added(&mut self, line: &[u8]) {
        if !core::mem::replace(&mut self.is_told, true) {
            // As git itself spells the file of a commit, and of the index.
            let name = format!("{}:{}", self.commit, self.path);
            (self.take)(Gathered::Begin(Channel::File(name), Says::Anything));
        }
        (self.take)(Gathered::Bytes(line));
    }

    /// A whole line outside of hunks.
    fn line(&mut self, line: &[u8]) {
        if line.starts_with(b"@@") {
            let signs = line.iter().take_while(|byte| **byte == b'@').count();
            self.columns = signs.saturating_sub(1);
            return;
        }
        self.columns = 0;
        if line.starts_with(b"diff ") {
            self.is_told = false;
            self.path = lossy(line.rsplit(|byte| *byte == b' ').next().unwrap_or_default());
        } else if let Some(path) = line.strip_prefix(b"+++ ") {
            self.path = lossy(path.strip_suffix(b"\t").unwrap_or(path));
        } else if line.starts_with(b"Binary files ") {
            self.missed = Some(self.path.clone());
        } else if matches!(line.len(), 40 | 64) && line.iter().all(u8::is_ascii_hexdigit) {
            self.commit = lossy(line.get(..SHORT).unwrap_or(line));
        }
    }
}

/// A name for people, without git's quotes and prefix.
fn lossy(name: &[u8]) -> String {
    let name = String::from_utf8_lossy(name);
    let name = name.trim_matches('"');
    name.strip_prefix("b/").unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    /// What is told of a patch that comes in pieces of `size` bytes.
    fn told(patch: &str, size: usize) -> String {
        let mut told = String::new();
        let mut take = |piece: Gathered<'_>| match piece {
            Gathered::Begin(channel, _) => told.push_str(&format!("<{channel}>")),
            Gathered::Bytes(bytes) => told.push_str(str::from_utf8(bytes).unwrap()),
        };
        let mut added = Added::new(&mut take);
        patch.as_bytes().chunks(size).for_each(|piece| added.push(piece));
        told
    }

    #[test]
    fn added_lines_are_told_and_nothing_else() {
        let patch = format!(
            "{COMMIT}\ndiff --git a/x y b/x y\nindex 1..2 100644\n--- a/x y\t\n+++ b/x y\t\n\
             @@ -1,2 +1,2 @@ head\n-old\n--- a/no\n+new\n++++ b/odd\n+@@ -1 +1 @@\n+{COMMIT}\n\
             \\ No newline at end of file\n@@ -9 +9 @@\n+last\n\
             diff --git a/z b/z\nnew file mode 100644\n--- /dev/null\n+++ b/z\n@@ -0,0 +1 @@\n+\n"
        );
        let expected = format!(
            "<file:0123456789:x y>new\n+++ b/odd\n@@ -1 +1 @@\n{COMMIT}\nlast\n<file:0123456789:z>\n"
        );
        for size in [1, 2, 3, 7, 10_000] {
            assert_eq!(told(&patch, size), expected, "{size}");
        }
    }

    #[test]
    fn of_a_merge_only_what_no_parent_has_is_told() {
        let patch = "diff --combined x\nindex 1,2..3\n--- a/x\n+++ b/x\n@@@ -1,1 -1,1 +1,3 @@@\n\
                     --gone\n- old\n +theirs\n++both\n+ ours\n";
        assert_eq!(told(patch, 5), "<file::x>theirs\nboth\nours\n");
    }

    #[test]
    fn what_git_calls_binary_is_missed() {
        let mut take = |_: Gathered<'_>| {};
        let mut added = Added::new(&mut take);
        added.push(b"diff --git a/x b/x\nBinary files /dev/null and b/x differ\n");
        assert_eq!(added.missed.as_deref(), Some("x"));
    }
}
