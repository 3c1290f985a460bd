//! A file that names the values which are known, so that only new ones are reported.
//!
//! Values are named by digests that are salted with 32 bytes of the file itself: a baseline that is
//! checked in holds on every machine. Who has the file can try out guesses against it, so what
//! could be guessed, a card number or a short password, is not hidden by it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

use datafog_core::{Digest, Key, KeyedDigest, Named};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::found::Found;
use crate::report::Report;

/// Version of the file.
const VERSION: u32 = 1;

/// Known values.
#[derive(Debug)]
pub struct Baseline {
    salt: Digest,
    key: Key,
    known: BTreeSet<KeyedDigest>,
}

/// The file as it is written: one entry a value and path, in order, so that changes read well.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema_version: u32,
    salt: Digest,
    findings: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    path: String,
    detector: String,
    fingerprint: KeyedDigest,
}

impl Baseline {
    /// A baseline in which nothing is known yet; its salt is drawn from `key`.
    #[must_use]
    pub fn empty(key: &Key) -> Self {
        Self::salted(
            Digest::from_bytes(*key.digest("baseline salt", []).as_bytes()),
            BTreeSet::new(),
        )
    }

    fn salted(salt: Digest, known: BTreeSet<KeyedDigest>) -> Self {
        Self { key: Key::new(salt.as_bytes()), salt, known }
    }

    /// Reads a file; `None` when there is none.
    ///
    /// # Errors
    /// When it cannot be read, or is not what [`Baseline::write`] writes.
    pub fn read(path: &Path) -> Result<Option<Self>, Error> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => {
                return Err(Error::Baseline { verb: "read", path: path.to_owned(), source });
            }
        };
        let form = |why: String| Error::BaselineForm { path: path.to_owned(), why };
        let mut json = serde_json::Deserializer::from_str(&text);
        let file = File::deserialize(Named(&mut json)).and_then(|file| json.end().map(|()| file));
        let file = file.map_err(|error| form(error.to_string()))?;
        if file.schema_version != VERSION {
            return Err(form(format!("its version is {}, not {VERSION}", file.schema_version)));
        }
        let known = file.findings.into_iter().map(|entry| entry.fingerprint).collect();
        Ok(Some(Self::salted(file.salt, known)))
    }

    /// The same baseline with nothing known: to be written anew, with the salt it has.
    #[must_use]
    pub fn forgotten(self) -> Self {
        Self { known: BTreeSet::new(), ..self }
    }

    /// Writes the findings of `report`, and nothing else, to `path`. They must have been looked for
    /// with this baseline in the options.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, report: &Report, path: &Path) -> Result<(), Error> {
        let mut entries = BTreeMap::new();
        for found in &report.findings {
            if let Some(fingerprint) = found.known_as {
                let detector = found.detector.clone().into_owned();
                entries.insert((found.path.clone(), detector, fingerprint), ());
            }
        }
        let entry = |(path, detector, fingerprint)| Entry { path, detector, fingerprint };
        let findings = entries.into_keys().map(entry).collect();
        let file = File { schema_version: VERSION, salt: self.salt, findings };
        let written = serde_json::to_string_pretty(&file).map_err(io::Error::from);
        let written = written.and_then(|text| fs::write(path, text + "\n"));
        written.map_err(|source| Error::Baseline { verb: "write", path: path.to_owned(), source })
    }

    /// What the baseline calls a value.
    pub(crate) fn name(&self, detector: &str, value: &[u8]) -> KeyedDigest {
        self.key.digest("baseline", [detector.as_bytes(), value])
    }

    pub(crate) fn knows(&self, found: &Found) -> bool {
        found.known_as.is_some_and(|name| self.known.contains(&name))
    }
}
