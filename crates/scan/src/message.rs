//! What people wrote about changes: the messages of commits and of annotated tags.
//!
//! Notes need nothing of their own: git keeps them as files of commits that every history holds.

use std::collections::BTreeSet;
use std::io::Read;

use datafog_core::KeyedDigest;

use crate::change::object;
use crate::error::Error;
use crate::found::Found;
use crate::git::{Git, Objects};
use crate::options::Options;
use crate::report::Report;
use crate::text::Text;

/// What the messages of commits are called where a file's path stands.
const COMMIT: &str = "message of the commit";

/// The most bytes of a commit or tag that are read.
const MOST: u64 = 16 << 20;

impl Git {
    /// Looks at the messages of `commits`, one name a line, and of all annotated tags when `tags` says
    /// so. A value is told once, where it first stands.
    ///
    /// # Errors
    /// When git cannot be started or breaks off.
    pub(crate) fn messages(
        &self,
        commits: &[u8],
        tags: bool,
        options: &Options<'_>,
        report: &mut Report,
    ) -> Result<(), Error> {
        let mut reader = Reader { objects: self.objects()?, options, told: BTreeSet::new() };
        for commit in commits.split(|byte| *byte == b'\n').filter_map(object) {
            reader.look(commit, COMMIT, |_| Some(commit.to_owned()), report);
        }
        for (tag, name) in if tags { self.tags()? } else { Vec::new() } {
            reader.look(&name, &format!("message of tag {tag}"), tagged, report);
        }
        Ok(())
    }

    /// Names of annotated tags, and of their objects.
    fn tags(&self) -> Result<Vec<(String, String)>, Error> {
        let format = "--format=%(objecttype) %(objectname) %(refname:strip=2)";
        let output = self.output("about its tags", ["for-each-ref", format, "refs/tags"])?;
        let lines = output.split(|byte| *byte == b'\n');
        Ok(lines
            .filter_map(|line| {
                let line = String::from_utf8_lossy(line);
                let (name, tag) = line.strip_prefix("tag ")?.split_once(' ')?;
                Some((tag.to_owned(), object(name.as_bytes())?.to_owned()))
            })
            .collect())
    }
}

/// Reads one object after the other.
struct Reader<'o> {
    objects: Objects,
    options: &'o Options<'o>,
    told: BTreeSet<(String, KeyedDigest)>,
}

impl Reader<'_> {
    /// Looks at the message of an object, whose head tells `commit` to which one it belongs.
    fn look(
        &mut self,
        name: &str,
        path: &str,
        commit: impl Fn(&[u8]) -> Option<String>,
        report: &mut Report,
    ) {
        let mut bytes = Vec::new();
        let read = |content: &mut dyn Read| content.take(MOST).read_to_end(&mut bytes);
        if let Err(error) = self.objects.with(name, read).and_then(|read| read) {
            return report.note(path, error);
        }
        let (head, message) = parts(&bytes);
        // It is no file, and counts as none.
        let mut seen = Report::default();
        Text::whole(self.options, path, message, &mut seen);
        seen.files = 0;
        seen.findings.retain(|found| {
            let value = (found.detector.to_string(), found.fingerprint);
            !is_signed(message, found) && self.told.insert(value)
        });
        let commit = commit(head);
        seen.findings.iter_mut().for_each(|found| found.commit.clone_from(&commit));
        report.merge(seen);
    }
}

/// The lines that git wrote before a message, and the message, behind the first blank line.
fn parts(bytes: &[u8]) -> (&[u8], &[u8]) {
    let blank = bytes.windows(2).position(|pair| pair == b"\n\n");
    blank.and_then(|at| bytes.split_at_checked(at.saturating_add(2))).unwrap_or((bytes, b""))
}

/// The object that a tag stands for.
fn tagged(head: &[u8]) -> Option<String> {
    let line = head.split(|byte| *byte == b'\n').next()?;
    object(line.strip_prefix(b"object ")?).map(str::to_owned)
}

/// Whether a finding is the address of somebody who signed: `Co-authored-by: Jane Roe <…>`. Every commit
/// names its author in the same way, which is no finding either.
fn is_signed(message: &[u8], found: &Found) -> bool {
    let head = message.get(..found.start).unwrap_or_default();
    let line = head.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    let word = line.iter().take_while(|byte| byte.is_ascii_alphabetic() || **byte == b'-').count();
    found.entity == "pii.email"
        && word > 0
        && line.get(word..).is_some_and(|rest| rest.starts_with(b": "))
        && line.ends_with(b"<")
        && message.get(found.end) == Some(&b'>')
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafog_core::Key;

    #[test]
    fn a_message_stands_behind_the_first_blank_line() {
        let tag = b"object aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\ntype commit\n\none\n\ntwo\n";
        let (head, message) = parts(tag);
        assert_eq!(message, b"one\n\ntwo\n");
        assert_eq!(tagged(head).unwrap(), "a".repeat(40));
        assert_eq!(parts(b"tree x\n"), (&b"tree x\n"[..], &b""[..]));
        assert_eq!(tagged(b"tree x\n"), None);
    }

    #[test]
    fn who_signs_is_no_finding_and_who_is_written_about_is() {
        let key = Key::new(&[7; 32]);
        let message = b"ask jane@acme.io\n\nSigned-off-by: Jane <jane@acme.io>\nSee: jo@acme.io\n";
        let mut report = Report::default();
        Text::whole(&Options::new(&key), COMMIT, message, &mut report);
        let signed: Vec<_> =
            report.findings.iter().map(|found| is_signed(message, found)).collect();
        assert_eq!(signed, [false, true, false]);
    }
}
