//! What `git cat-file --batch` writes: a line, an object, a line feed, and so on.
//!
//! A commit or a tag is told in two contents, who made it and everything else of it: its message,
//! and headers that somebody may have thought of. Any other object is told as it is. The form is
//! described in `git-cat-file(1)`, "Batch output".

use datafog_core::Channel;

use super::{Gathered, Says, Take};

/// Most bytes of a commit or a tag: far more than anybody writes.
const LONGEST: usize = 16 << 20;

/// Most bytes of the line before an object.
const LONGEST_LINE: usize = 4096;

/// Reads such a stream and hands it on.
pub(super) struct Objects<'t> {
    take: Take<'t>,
    line: Vec<u8>,
    /// Bytes that are left of the object at hand.
    left: u64,
    /// The object at hand, when it is one that is taken apart.
    whole: Option<Vec<u8>>,
    name: String,
    /// Whether something was not as it should be.
    pub(super) is_odd: bool,
}

impl<'t> Objects<'t> {
    pub(super) fn new(take: Take<'t>) -> Self {
        let (line, name) = (Vec::new(), String::new());
        Self { take, line, left: 0, whole: None, name, is_odd: false }
    }

    /// Takes the next piece; says whether more is wanted.
    pub(super) fn push(&mut self, mut piece: &[u8]) -> bool {
        while let Some(first) = piece.first().filter(|_| !self.is_odd) {
            if self.left == 0 {
                self.letter(*first);
                piece = piece.get(1..).unwrap_or_default();
                continue;
            }
            let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(piece.len());
            let (bytes, after) = piece.split_at_checked(most).unwrap_or((piece, &[]));
            match &mut self.whole {
                Some(whole) => whole.extend_from_slice(bytes),
                None => (self.take)(Gathered::Bytes(bytes)),
            }
            self.left = self.left.saturating_sub(most as u64);
            if self.left == 0 {
                self.end();
            }
            piece = after;
        }
        !self.is_odd
    }

    /// One more letter of the line before an object; an empty line ends the object before.
    fn letter(&mut self, letter: u8) {
        if letter != b'\n' {
            self.line.push(letter);
            self.is_odd |= self.line.len() > LONGEST_LINE;
            return;
        }
        let line = core::mem::take(&mut self.line);
        if line.is_empty() {
            return;
        }
        let line = String::from_utf8_lossy(&line).into_owned();
        let mut words = line.split(' ');
        let (name, kind, size) = (words.next(), words.next(), words.next());
        let size = size.and_then(|size| size.parse::<u64>().ok());
        let (Some(name), Some(kind), Some(size)) = (name, kind, size) else {
            self.is_odd = true;
            return;
        };
        self.name = name.chars().take(10).collect();
        self.left = size;
        let apart = matches!(kind, "commit" | "tag");
        self.is_odd |= apart && size > LONGEST as u64;
        self.whole = apart.then(Vec::new);
        if !apart {
            let channel = Channel::File(self.name.clone());
            (self.take)(Gathered::Begin(channel, Says::Anything));
        }
    }

    /// The object at hand is whole.
    fn end(&mut self) {
        let Some(whole) = self.whole.take() else { return };
        let (mut author, mut rest) = (Vec::new(), Vec::new());
        let mut in_headers = true;
        for line in whole.split_inclusive(|byte| *byte == b'\n') {
            in_headers &= line != b"\n";
            let makers: [&[u8]; 3] = [b"author ", b"committer ", b"tagger "];
            let fixed: [&[u8]; 4] = [b"tree ", b"parent ", b"object ", b"type "];
            if in_headers && makers.iter().any(|head| line.starts_with(head)) {
                author.extend_from_slice(line);
            } else if !in_headers || !fixed.iter().any(|head| line.starts_with(head)) {
                rest.extend_from_slice(line);
            }
        }
        for (text, says) in [(author, Says::Author), (rest, Says::Anything)] {
            let channel = Channel::Field(format!("commit:{}", self.name));
            (self.take)(Gathered::Begin(channel, says));
            (self.take)(Gathered::Bytes(&text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(stream: &str, size: usize) -> (String, bool) {
        let mut told = String::new();
        let mut take = |piece: Gathered<'_>| match piece {
            Gathered::Begin(channel, says) => told.push_str(&format!("<{channel} {says:?}>")),
            Gathered::Bytes(bytes) => told.push_str(str::from_utf8(bytes).unwrap()),
        };
        let mut objects = Objects::new(&mut take);
        let good = stream.as_bytes().chunks(size).all(|piece| objects.push(piece));
        (told, good)
    }

    #[test]
    fn commits_are_taken_apart_and_others_are_not() {
        let commit = "tree 1\nparent 2\nauthor A <a@b> 1 +0\ncommitter B\nx-odd y\n\nfirst\n\n\
                      author is a word\n";
        let length = commit.len();
        let stream = format!("abc commit {length}\n{commit}\ndef blob 3\na\nb\n");
        for size in [1, 5, 1000] {
            let expected = "<field:commit:abc Author>author A <a@b> 1 +0\ncommitter B\n\
                            <field:commit:abc Anything>x-odd y\n\nfirst\n\nauthor is a word\n\
                            <file:def Anything>a\nb";
            assert_eq!(told(&stream, size), (expected.to_owned(), true), "{size}");
        }
    }

    #[test]
    fn what_is_missing_or_odd_is_told_so() {
        assert!(!told("abc missing\n", 3).1);
        assert!(!told("abc commit 99999999999\n", 3).1);
        assert!(told("", 1).1);
    }
}
