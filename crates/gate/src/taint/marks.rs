//! What a session has marked, in one small file that only who has the key can write.
//!
//! ```text
//! <root>/taint/<digest of the session's name>:
//!     keyed digest of that name and the rest (32 bytes)
//!     for each mark: until when, in milliseconds (8 bytes) · what (32) · of what (32) · length (2)
//!                    and words (UTF-8) that say where it comes from
//! ```
//!
//! A mark names a path, a pipe, a text or a clipboard by a keyed digest, never by its name. The file
//! is changed under its own lock. INVARIANT: one that is not as it was written counts as a session
//! that may have done anything ([`Marks::lost`]), and stays so until it is forgotten.

use std::fs;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use datafog_core::{Key, KeyedDigest};

use crate::counter::{lock, own};

/// Most marks of a session.
const MOST: usize = 1024;

/// No file of marks is larger.
const MOST_BYTES: u64 = 1 << 20;

/// Most bytes of the words of a mark.
const MOST_WORDS: usize = 200;

/// A pipe from a pipe from a pipe: no further.
const LONGEST_CHAIN: usize = 16;

/// Something that holds a secret, or what came through a pipe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) until: u64,
    pub(crate) what: KeyedDigest,
    /// The pipe that it was made of; [`Mark::known`] where that is known to hold a secret.
    pub(crate) of: KeyedDigest,
    /// Where it comes from, for a person.
    pub(crate) words: String,
}

impl Mark {
    /// What stands in the place of a pipe where nothing is open any more.
    pub(crate) const fn known() -> KeyedDigest {
        KeyedDigest::from_bytes([0; 32])
    }

    fn is_open(&self) -> bool {
        self.of != Self::known()
    }
}

/// The marks of the sessions that a call belongs to.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    all: Vec<Mark>,
    /// A file was damaged, edited or full: nobody can tell what is marked.
    pub(crate) lost: bool,
}

/// Where the marks of one session are.
#[derive(Debug)]
pub(crate) struct Place {
    path: PathBuf,
    name: KeyedDigest,
}

impl Place {
    pub(crate) fn of(session: &str, folder: &Path, key: &Key) -> Self {
        let name = key.digest("taint-session", [session.as_bytes()]);
        Self { path: folder.join(name.to_string().get(..32).unwrap_or_default()), name }
    }
}

impl Marks {
    /// What was marked and is not forgotten yet. A session without a file has marked nothing.
    pub(crate) fn load(places: &[Place], key: &Key, now: u64) -> Self {
        let mut marks = Self::default();
        for place in places {
            let file = match fs::File::open(&place.path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                opened => opened.and_then(|file| lock(&file).map(|()| file)),
            };
            match file.and_then(|file| read(&file)).map(|bytes| decode(&bytes, place, key)) {
                Ok(Some(found)) => marks.all.extend(found),
                Ok(None) | Err(_) => marks.lost = true,
            }
        }
        marks.all.retain(|mark| mark.until > now);
        let lost = lost(key);
        marks.lost |= marks.all.iter().any(|mark| mark.what == lost);
        marks
    }

    /// Where that comes from which is named so; `None` when it is not marked.
    pub(crate) fn origin(&self, what: KeyedDigest) -> Option<&str> {
        let mut open = vec![(what, 0_usize)];
        while let Some((what, depth)) = open.pop() {
            for mark in self.all.iter().filter(|mark| mark.what == what) {
                if !mark.is_open() {
                    return Some(&mark.words);
                }
                if depth < LONGEST_CHAIN {
                    open.push((mark.of, depth.saturating_add(1)));
                }
            }
        }
        None
    }
}

/// Adds marks to those of a session.
///
/// # Errors
/// When the file cannot be locked in time, read or written.
pub(crate) fn add(place: &Place, key: &Key, new: &[Mark], now: u64) -> io::Result<()> {
    if let Some(folder) = place.path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = own(&place.path)?;
    let bytes = read(&file)?;
    let until = new.iter().map(|mark| mark.until).max().unwrap_or(now);
    let lost = Mark { until, what: lost(key), of: Mark::known(), words: String::new() };
    let mut all = match decode(&bytes, place, key) {
        Some(all) => all,
        None if bytes.is_empty() => Vec::new(),
        None => vec![lost.clone()],
    };
    all.retain(|mark| mark.until > now);
    for mark in new {
        all.retain(|known| known.what != mark.what || known.of != mark.of);
        all.push(mark.clone());
    }
    // What came through a pipe is the first to be forgotten; a secret never is.
    while all.len() > MOST {
        match all.iter().position(Mark::is_open) {
            Some(oldest) => drop(all.remove(oldest)),
            None => {
                all.truncate(MOST.saturating_sub(1));
                all.push(lost.clone());
            }
        }
    }
    let body: Vec<u8> = all.iter().flat_map(encode).collect();
    let bytes = [tag(&body, place, key).as_bytes().as_slice(), &body].concat();
    file.rewind()?;
    file.write_all(&bytes)?;
    file.set_len(bytes.len() as u64)
}

/// Names what nobody can tell any more.
fn lost(key: &Key) -> KeyedDigest {
    key.digest("taint-lost", [b"".as_slice()])
}

fn read(mut file: &fs::File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.take(MOST_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn tag(body: &[u8], place: &Place, key: &Key) -> KeyedDigest {
    key.digest("taint", [place.name.as_bytes().as_slice(), body])
}

fn encode(mark: &Mark) -> Vec<u8> {
    let cut = mark.words.char_indices().map(|(at, _)| at).take_while(|at| *at <= MOST_WORDS).last();
    let short = mark.words.len() <= MOST_WORDS;
    let words = if short { &*mark.words } else { mark.words.get(..cut.unwrap_or(0)).unwrap_or("") };
    let length = u16::try_from(words.len()).unwrap_or(0);
    [
        mark.until.to_le_bytes().as_slice(),
        mark.what.as_bytes(),
        mark.of.as_bytes(),
        &length.to_le_bytes(),
        words.as_bytes(),
    ]
    .concat()
}

fn decode(bytes: &[u8], place: &Place, key: &Key) -> Option<Vec<Mark>> {
    let (said, mut body) = bytes.split_first_chunk::<32>()?;
    if tag(body, place, key).as_bytes() != said {
        return None;
    }
    let mut all = Vec::new();
    while !body.is_empty() {
        let (until, rest) = body.split_first_chunk()?;
        let (what, rest) = rest.split_first_chunk()?;
        let (of, rest) = rest.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (words, rest) = rest.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
        all.push(Mark {
            until: u64::from_le_bytes(*until),
            what: KeyedDigest::from_bytes(*what),
            of: KeyedDigest::from_bytes(*of),
            words: str::from_utf8(words).ok()?.to_owned(),
        });
        body = rest;
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        Key::new(&[7; 32])
    }

    fn named(text: &str) -> KeyedDigest {
        key().digest("t", [text.as_bytes()])
    }

    fn mark(what: &str, of: KeyedDigest) -> Mark {
        Mark { until: 100, what: named(what), of, words: format!("from {what}") }
    }

    #[test]
    fn marks_are_kept_until_they_are_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let place = [Place::of("s", folder.path(), &key())];
        assert!(!Marks::load(&place, &key(), 0).lost, "nothing is there yet");
        add(&place[0], &key(), &[mark("a", Mark::known()), mark("b", named("a"))], 0).unwrap();
        add(&place[0], &key(), &[mark("c", named("b")), mark("d", named("x"))], 0).unwrap();
        let marks = Marks::load(&place, &key(), 50);
        assert_eq!(marks.origin(named("c")), Some("from a"), "through two pipes");
        assert_eq!(marks.origin(named("d")), None);
        assert_eq!(Marks::load(&place, &key(), 100).origin(named("a")), None);
        let other = [Place::of("t", folder.path(), &key())];
        assert_eq!(Marks::load(&other, &key(), 50).origin(named("a")), None);
    }

    #[test]
    fn what_was_edited_is_lost_and_stays_so() {
        let folder = tempfile::tempdir().unwrap();
        let place = [Place::of("s", folder.path(), &key())];
        add(&place[0], &key(), &[mark("a", Mark::known())], 0).unwrap();
        let whole = fs::read(&place[0].path).unwrap();
        for at in [0, 33, whole.len() - 1] {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            fs::write(&place[0].path, &bytes).unwrap();
            assert!(Marks::load(&place, &key(), 50).lost, "{at}");
        }
        fs::write(&place[0].path, &whole[..40]).unwrap();
        assert!(Marks::load(&place, &key(), 50).lost);
        add(&place[0], &key(), &[mark("b", Mark::known())], 0).unwrap();
        let marks = Marks::load(&place, &key(), 50);
        assert!(marks.lost && marks.origin(named("b")).is_some());
        // That of another session is not this one's.
        let other = Place::of("t", folder.path(), &key());
        fs::copy(&place[0].path, &other.path).unwrap();
        assert!(Marks::load(&[other], &key(), 50).lost);
    }

    #[test]
    fn pipes_are_forgotten_first_and_secrets_never_silently() {
        let folder = tempfile::tempdir().unwrap();
        let place = [Place::of("s", folder.path(), &key())];
        add(&place[0], &key(), &[mark("secret", Mark::known())], 0).unwrap();
        let pipes: Vec<_> = (0..2 * MOST).map(|at| mark(&format!("p{at}"), named("q"))).collect();
        add(&place[0], &key(), &pipes, 0).unwrap();
        let marks = Marks::load(&place, &key(), 50);
        assert!(!marks.lost && marks.origin(named("secret")).is_some());
        let many: Vec<_> = (0..=MOST).map(|at| mark(&format!("s{at}"), Mark::known())).collect();
        add(&place[0], &key(), &many, 0).unwrap();
        assert!(Marks::load(&place, &key(), 50).lost);
    }
}
