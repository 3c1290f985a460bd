//! Calls of pip: those to an index, and what files of requirements add to them.
//!
//! A requirement may be a URL, an option in such a file may name an index or a further file (pip,
//! Requirements File Format). Variables in them are left as they stand.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use datafog_core::{Carrier, ContentSource, Deliver, Flow, Invocation, Surroundings};

use crate::profile::Effect;
use crate::read::Call;
use crate::redirect::FILE_LIMIT;
use crate::transport::endpoint::{self, Extra};

/// Most files of requirements that are read.
const FILES: usize = 64;

/// Most URLs of such files that are contacted.
const URLS: usize = 1024;

/// Works out what files of requirements say, then the places contacted.
pub(crate) fn contact(call: &Call<'_>, surroundings: &dyn Surroundings, to: &mut Invocation) {
    let mut read = Requirements::default();
    let named = call.given.iter().filter(|given| {
        let file = matches!(given.spec.name, "--requirement" | "--constraint");
        file && given.spec.effect == Some(Effect::ConfigFile)
    });
    for value in named.filter_map(|given| given.value.as_ref()) {
        read.name(&value.bytes, Path::new(""));
    }
    read.all(surroundings);
    to.contents.append(&mut read.contents);
    let extra = Extra { places: read.urls, instead: false };
    endpoint::contact_with(call, surroundings, to, &extra);
}

#[derive(Debug, Default)]
struct Requirements {
    files: Vec<PathBuf>,
    urls: Vec<Vec<u8>>,
    contents: Vec<ContentSource>,
}

impl Requirements {
    /// A file, as seen from `folder`, or a URL that one is fetched from.
    fn name(&mut self, name: &[u8], folder: &Path) {
        if is_url(name) {
            return self.url(name);
        }
        let path = folder.join(OsStr::from_bytes(name));
        if self.files.contains(&path) {
            return;
        }
        match self.files.len() < FILES {
            true => self.files.push(path),
            false => self.untold("files of requirements name too many others; put them into one"),
        }
    }

    fn url(&mut self, url: &[u8]) {
        match self.urls.len() < URLS {
            true => self.urls.push(url.to_vec()),
            false => self.untold("files of requirements hold too many URLs; install in parts"),
        }
    }

    fn untold(&mut self, why: &str) {
        self.content(Carrier::Untold(why.to_owned()), Flow::Leaves);
    }

    fn content(&mut self, carrier: Carrier, flow: Flow) {
        let (role, deliver) = ("url".to_owned(), Deliver::Path);
        let content = ContentSource { carrier, flow, role, deliver };
        if !self.contents.contains(&content) {
            self.contents.push(content);
        }
    }

    /// Reads the files, and those that they name.
    fn all(&mut self, surroundings: &dyn Surroundings) {
        let mut at = 0_usize;
        while let Some(path) = self.files.get(at).cloned() {
            at = at.saturating_add(1);
            let stream = path.starts_with("/dev") || path.starts_with("/proc");
            let read = || surroundings.read(&surroundings.cwd().join(&path), FILE_LIMIT);
            match if stream { Err(std::io::ErrorKind::Other.into()) } else { read() } {
                Ok(text) => {
                    let folder = path.parent().unwrap_or_else(|| Path::new(""));
                    let before = self.urls.len();
                    self.lines(&text, folder);
                    // Names of packages alone are no content, here as in argv.
                    let leaves = is_url(&text) || self.urls.len() > before;
                    let flow = if leaves { Flow::Leaves } else { Flow::Stays };
                    self.content(Carrier::File(path), flow);
                }
                // pip will say so itself; if the file appears meanwhile, it does not run.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    self.content(Carrier::File(path), Flow::Leaves);
                }
                Err(_) => {
                    self.untold(
                        "a file of requirements cannot be read; make it a small plain file",
                    );
                }
            }
        }
    }

    /// A backslash at its end joins a line with the next.
    fn lines(&mut self, text: &[u8], folder: &Path) {
        let mut line = Vec::new();
        for part in text.split(|byte| *byte == b'\n') {
            let part = part.strip_suffix(b"\r").unwrap_or(part);
            if let Some(part) = part.strip_suffix(b"\\") {
                line.extend_from_slice(part);
                continue;
            }
            line.extend_from_slice(part);
            self.line(&std::mem::take(&mut line), folder);
        }
        self.line(&line, folder);
    }

    /// `requirement`, `name @ URL`, `--option value`, `--option=value`, `-rFILE`; a comment begins
    /// with `#` at the start of a word.
    fn line(&mut self, line: &[u8], folder: &Path) {
        let words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let mut words = words.take_while(|word| !word.starts_with(b"#"));
        while let Some(word) = words.next() {
            let word = word.trim_ascii();
            let long = [b"--requirement".as_slice(), b"--constraint"];
            let short = [b"-r".as_slice(), b"-c"];
            let equals = |name: &&[u8]| word.strip_prefix(*name)?.strip_prefix(b"=");
            let glued = |name: &&[u8]| word.strip_prefix(*name).filter(|rest| !rest.is_empty());
            let attached = long.iter().find_map(equals).or_else(|| short.iter().find_map(glued));
            if long.contains(&word) || short.contains(&word) {
                if let Some(file) = words.next() {
                    self.name(file, folder);
                }
            } else if let Some(file) = attached {
                self.name(file, folder);
            } else if is_url(word) {
                // What stands before it is an option's name, glued or with `=`.
                self.url(address(word));
            }
        }
    }
}

fn is_url(text: &[u8]) -> bool {
    text.windows(3).any(|window| window == b"://")
}

/// The URL in `--option=URL` and `-iURL`.
fn address(word: &[u8]) -> &[u8] {
    match word {
        [b'-', b'-', ..] => {
            let cut = word.iter().position(|byte| *byte == b'=');
            cut.and_then(|cut| word.get(cut.saturating_add(1)..)).unwrap_or(word)
        }
        [b'-', _, rest @ ..] => rest,
        _ => word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_name_urls_and_files() {
        let mut read = Requirements::default();
        let text = b"-i https://a/x # -i https://no/\n--extra-index-url=https://b/\r\n\
            x @ git+https://t@c/d ; os\n-rmore.txt\n--constraint \\\n/c.txt\n-fhttps://e/\nplain==1\n";
        read.lines(text, Path::new("dir"));
        let urls: Vec<_> = read.urls.iter().map(|url| str::from_utf8(url).unwrap()).collect();
        assert_eq!(urls, ["https://a/x", "https://b/", "git+https://t@c/d", "https://e/"]);
        assert_eq!(read.files, [PathBuf::from("dir/more.txt"), PathBuf::from("/c.txt")]);
    }
}
