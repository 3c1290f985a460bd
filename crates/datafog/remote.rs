//! The policy of a server: asked for, believed, tried, and put in the place of the one before.
//!
//! What is believed is what the key of the settings signed, and nothing older than what is there.
//! What a person wrote into the policy file stays until they say otherwise. The record beside it says
//! which text of the server stands there; the time at which it was written, when the server said so.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use datafog_api::bundle::{Bundle, Signer};
use datafog_api::{Bounds, Endpoint, Fetched};
use datafog_config::{Change, Layout, Remote, read_private, read_small};
use datafog_core::{Digest, Secret};
use datafog_gate::TryText;
use serde::{Deserialize, Serialize};

use crate::scorer::apart;

/// How long a call may be kept waiting.
pub(crate) const AT_ONCE: Duration = Duration::from_millis(300);

/// No bundle is larger, in bytes: a policy of 1 MiB, each byte escaped.
const MOST: usize = 8 << 20;

/// No policy, record or token is larger, in bytes.
const MOST_FILE: u64 = 1 << 20;

/// Where a server hands its policy out.
const ROUTE: &str = "/v1/policy/bundle";

/// Mode of the files.
const MODE: u32 = 0o600;

/// A way to the server's policy.
pub(crate) struct Pulling<'a> {
    pub(crate) layout: &'a Layout,
    pub(crate) remote: &'a Remote,
    /// How long all of it may take.
    pub(crate) patience: Duration,
    /// Whether what a person wrote may be replaced, and a newer text by an older one.
    pub(crate) replace: bool,
}

/// A policy that is to come into force.
pub(crate) struct Pulled {
    bundle: Bundle,
    record: Record,
}

/// Which text of which server stands in the policy file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    schema_version: u32,
    pub(crate) url: String,
    /// Who signed it.
    key: String,
    digest: String,
    /// When it came into force on the server, in microseconds since 1970.
    issued_at: i64,
    tag: Option<String>,
}

impl Record {
    /// What was written down last; `None` when nothing was, or it cannot be read.
    pub(crate) fn of(layout: &Layout) -> Option<Self> {
        serde_json::from_slice(&read_small(&layout.pulled(), MOST_FILE).ok()?).ok()
    }
}

impl Pulling<'_> {
    /// The server's policy, when it is another than the one in the file.
    ///
    /// # Errors
    /// In words, why what is there stays.
    pub(crate) fn asked(&self, trial: TryText<'_>) -> Result<Option<Pulled>, String> {
        let signer: Signer = self.remote.key.parse()?;
        let endpoint = endpoint(&self.remote.url)?;
        let token = self.remote.token_file.as_deref().map(token).transpose()?;
        let there = text_of(&self.layout.policy())?.map(|text| digest(&text));
        let record = Record::of(self.layout).filter(|record| self.is_of(record));
        let known = record.as_ref().filter(|it| there.as_ref() == Some(&it.digest));
        let tag = known.and_then(|record| record.tag.as_deref());
        let bounds = Bounds { patience: self.patience, most: MOST };
        let fetched = apart(|| datafog_api::fetch(&endpoint, (token.as_ref(), tag), bounds))?;
        let Fetched::New(json, tag) = fetched else { return Ok(None) };
        let bundle = Bundle::read(&json, &signer).map_err(|why| why.to_string())?;
        if known.is_some_and(|record| record.digest == bundle.digest()) {
            return Ok(None);
        }
        self.require_place((there.as_deref(), record.as_ref()), &bundle)?;
        trial(bundle.text()).map_err(|error| format!("it cannot be used: {}", error.in_full()))?;
        let record = Record {
            schema_version: 1,
            url: self.remote.url.clone(),
            key: signer.to_string(),
            digest: bundle.digest().to_owned(),
            issued_at: bundle.issued_at(),
            tag,
        };
        Ok(Some(Pulled { bundle, record }))
    }

    /// Whether a record tells of this server and its key.
    fn is_of(&self, record: &Record) -> bool {
        record.url == self.remote.url && record.key == self.remote.key.trim()
    }

    /// Refuses to replace what a person wrote, and what is newer.
    fn require_place(
        &self,
        (there, record): (Option<&str>, Option<&Record>),
        bundle: &Bundle,
    ) -> Result<(), String> {
        if self.replace {
            return Ok(());
        }
        // What stands there without a record was put there by a pull that was cut short.
        let is_own = there.is_none_or(|there| {
            there == bundle.digest() || record.is_some_and(|record| record.digest == there)
        });
        if !is_own {
            let path = self.layout.policy();
            let what = "was not pulled from there: `datafog policy pull --replace` replaces it";
            return Err(format!("`{}` {what} and keeps a copy", path.display()));
        }
        let at = bundle.issued_at();
        if record.is_some_and(|record| at < record.issued_at) {
            return Err(String::from(
                "the server gives a policy older than the one it gave before",
            ));
        }
        Ok(())
    }

    /// Writes down that the server says what it said before.
    pub(crate) fn still_the_same(&self) -> Result<(), String> {
        let touched = File::options()
            .append(true)
            .open(self.layout.pulled())
            .and_then(|file| file.set_modified(SystemTime::now()));
        touched.map_err(|error| format!("`{}`: {error}", self.layout.pulled().display()))
    }
}

impl Pulled {
    /// The files that change: the policy, then what is written down of it.
    ///
    /// # Errors
    /// In words, why one of them cannot be read.
    pub(crate) fn changes(&self, layout: &Layout) -> Result<Vec<Change>, String> {
        let record = serde_json::to_vec(&self.record).map_err(|error| error.to_string())?;
        let text = self.bundle.text().as_bytes().to_vec();
        let files = [(layout.policy(), text), (layout.pulled(), record)];
        let change = |(path, bytes): (PathBuf, Vec<u8>)| {
            Change::to_text(&path, bytes, MODE).map_err(|error| error.to_string()).transpose()
        };
        files.into_iter().filter_map(change).collect()
    }
}

fn endpoint(url: &str) -> Result<Endpoint, String> {
    let url = format!("{}{ROUTE}", url.trim_end_matches('/'));
    Endpoint::parse(&url).map_err(|why| why.to_string())
}

/// The key in a file that its owner alone can read.
pub(crate) fn token(path: &Path) -> Result<Secret<String>, String> {
    let user = nix::unistd::geteuid().as_raw();
    let bytes = read_private(path, MOST_FILE, user).map_err(|error| error.to_string())?;
    let none = |_| format!("`{}` holds no key of a server", path.display());
    let text = String::from_utf8(bytes).map_err(none)?;
    Ok(Secret::new(text.trim().to_owned()))
}

fn text_of(path: &Path) -> Result<Option<Vec<u8>>, String> {
    match read_small(path, MOST_FILE) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("`{}`: {error}", path.display())),
    }
}

fn digest(text: &[u8]) -> String {
    Digest::of(text).to_string()
}
