//! What git says about changed files: the raw form of `git diff-tree` and `git diff-index`.
//!
//! Read with `-z`, so names come as they are. The form is described in git's
//! `diff-format` documentation: one colon for each parent, modes, object names, a status, names.

use std::collections::VecDeque;

/// A file that a commit or the index brought in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// The commit; `None` for the index.
    pub(crate) commit: Option<String>,
    /// Its name.
    pub(crate) path: String,
    /// What it was before: one object for each parent that had it.
    pub(crate) before: Vec<String>,
    /// What it is now.
    pub(crate) now: String,
}

/// Reads what `git diff-tree --stdin -z --raw` or `git diff-index -z --raw` wrote.
///
/// What is not understood is passed over up to the next entry that is.
pub(crate) fn parse(output: &[u8]) -> Vec<Change> {
    let mut words: VecDeque<&[u8]> = output.split(|byte| *byte == 0).collect();
    let (mut commit, mut changes) = (None, Vec::new());
    while let Some(word) = words.pop_front() {
        // With -z a commit's name ends with a zero byte or a line feed, by the version of git.
        let word = word.trim_ascii();
        let Some(entry) = Entry::parse(word) else {
            if let Some(name) = object(word) {
                commit = Some(name.to_owned());
            }
            continue;
        };
        let first = words.pop_front().unwrap_or_default();
        let path = if entry.two_names { words.pop_front().unwrap_or_default() } else { first };
        if entry.is_content {
            changes.push(Change {
                commit: commit.clone(),
                path: String::from_utf8_lossy(path).into_owned(),
                before: entry.before,
                now: entry.now,
            });
        }
    }
    changes
}

/// The part of an entry before the names.
struct Entry {
    before: Vec<String>,
    now: String,
    /// Whether there is a content now: a file or a link, not a removal, not a submodule.
    is_content: bool,
    /// Whether an old name stands before the new one.
    two_names: bool,
}

impl Entry {
    fn parse(word: &[u8]) -> Option<Self> {
        let parents = word.iter().take_while(|byte| **byte == b':').count();
        let mut fields = str::from_utf8(word.get(parents..)?).ok()?.split(' ');
        let mut take = |count: usize| -> Option<Vec<&str>> {
            let taken: Vec<_> = fields.by_ref().take(count).collect();
            (taken.len() == count && parents > 0).then_some(taken)
        };
        let modes = take(parents.checked_add(1)?)?;
        let objects = take(parents.checked_add(1)?)?;
        let status = *take(1)?.first()?;
        let (now, before) = objects.split_last()?;
        let exists = |name: &&&str| name.bytes().any(|byte| byte != b'0');
        Some(Self {
            before: before.iter().filter(exists).map(|name| (*name).to_owned()).collect(),
            now: object(now.as_bytes())?.to_owned(),
            is_content: modes
                .last()
                .is_some_and(|mode| mode.starts_with("10") || *mode == "120000"),
            two_names: parents == 1 && status.starts_with(['C', 'R']),
        })
    }
}

/// The name of an object: 40 or 64 hex digits.
pub(crate) fn object(word: &[u8]) -> Option<&str> {
    let shaped = matches!(word.len(), 40 | 64) && word.iter().all(u8::is_ascii_hexdigit);
    str::from_utf8(word).ok().filter(|_| shaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
    const ZERO: &str = "0000000000000000000000000000000000000000";

    #[test]
    fn entries_of_all_forms_are_read() {
        let output = [
            format!("{A}\0:000000 100644 {ZERO} {B} A\0new file\0"),
            format!(":100644 100755 {A} {B} R090\0old\0moved\0"),
            format!(":100644 000000 {A} {ZERO} D\0gone\0"),
            format!(":000000 160000 {ZERO} {A} A\0submodule\0"),
            format!("{B}\n\0::100644 100644 100644 {A} {B} {A} MM\0merged\0"),
        ];
        let changes = parse(output.concat().as_bytes());
        let seen: Vec<_> = changes
            .iter()
            .map(|c| (c.path.as_str(), c.commit.as_deref(), c.before.len()))
            .collect();
        assert_eq!(seen, [("new file", Some(A), 0), ("moved", Some(A), 1), ("merged", Some(B), 2)]);
        assert_eq!(changes[1].now, B);
    }

    #[test]
    fn what_is_not_understood_is_passed_over() {
        assert_eq!(parse(b""), []);
        assert_eq!(parse(b":::\0: \0:100644\0x\0"), []);
    }
}
