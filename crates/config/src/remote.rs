//! The `[remote]` table of the settings: the server that hands out this installation's policy, and the
//! one that is asked for people's answers.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::settings::{at_key, authority};

/// Minutes after which a policy is asked for again, unless the settings say otherwise.
const REFRESH_MINUTES: u32 = 60;

/// Hours for which the last policy holds while nobody answers, unless the settings say otherwise.
const KEEP_HOURS: u32 = 7 * 24;

/// The server that hands out the policy.
// No field is skipped when written: the same form is also the compiled one, which has no names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remote {
    /// Its address, without a path: `https://…`, or `http://…` on this machine.
    pub url: String,
    /// The public key that its policies are signed with: `ed25519:` and 32 bytes in base64.
    pub key: String,
    /// A file with a key of the server's, absolute, readable by its owner alone.
    #[serde(default)]
    pub token_file: Option<PathBuf>,
    /// Minutes after which a call asks for the policy anew; 0 for never: `policy pull` does.
    #[serde(default = "refresh_minutes")]
    pub refresh_minutes: u32,
    /// Hours for which the last one holds while the server does not answer. After them the policy
    /// counts as one that cannot be loaded; 0 for without end.
    #[serde(default = "keep_hours")]
    pub keep_hours: u32,
    /// The server that a held command is told to, so that a person may answer there; its answers
    /// count when `key` signed them.
    #[serde(default)]
    pub approval_url: Option<String>,
}

const fn refresh_minutes() -> u32 {
    REFRESH_MINUTES
}

const fn keep_hours() -> u32 {
    KEEP_HOURS
}

impl Remote {
    /// A server with the usual times.
    #[must_use]
    pub const fn new(url: String, key: String, token_file: Option<PathBuf>) -> Self {
        let (refresh_minutes, keep_hours) = (REFRESH_MINUTES, KEEP_HOURS);
        Self { url, key, token_file, refresh_minutes, keep_hours, approval_url: None }
    }

    /// Refuses what nobody may write into settings; whether the address can be asked and the key be
    /// used is found by whoever does. Neither is repeated.
    pub(crate) fn require_plain(&self, text: &str, path: &Path) -> Result<(), Error> {
        let addresses = [("url", Some(&self.url)), ("approval_url", self.approval_url.as_ref())];
        for (name, address) in addresses {
            let wrong = match address.map(|address| authority(address)) {
                Some(None) => "does not begin with `https://` or `http://` and a host",
                Some(Some(authority)) if authority.contains('@') => {
                    "carries a name or a password; an address is no place for one"
                }
                Some(Some(_)) | None => continue,
            };
            return Err(at_key(name, format!("`{name}` {wrong}"), text, path));
        }
        let mistake = if !self.key.starts_with("ed25519:") {
            ("key", "`key` does not begin with `ed25519:`; `datafog policy signer` tells it")
        } else if self.token_file.as_ref().is_some_and(|file| !file.is_absolute()) {
            ("token_file", "`token_file` is not an absolute path")
        } else {
            return Ok(());
        };
        Err(at_key(mistake.0, mistake.1.to_owned(), text, path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Settings;

    fn read(table: &str) -> Result<Settings, Error> {
        Settings::parse(&format!("[remote]\n{table}"), Path::new("config.toml"))
    }

    #[test]
    fn a_server_is_an_address_and_a_key() {
        let settings = read("url = \"https://gate.example.com\"\nkey = \"ed25519:AA\"\n").unwrap();
        let remote = settings.remote.unwrap();
        let usual = Remote::new(remote.url.clone(), remote.key.clone(), None);
        assert_eq!(remote, usual);
        assert_eq!((remote.refresh_minutes, remote.keep_hours), (60, 168));
    }

    #[test]
    fn a_mistake_names_its_line_and_repeats_nothing() {
        for (table, line, said) in [
            ("url = \"gate\"\nkey = \"ed25519:AA\"", 2, "does not begin"),
            ("url = \"https://a:hunter2@gate\"\nkey = \"ed25519:AA\"", 2, "no place"),
            ("url = \"https://gate\"\nkey = \"hunter2\"", 3, "policy signer"),
            (
                "url = \"https://gate\"\nkey = \"ed25519:AA\"\ntoken_file = \"hunter2\"",
                4,
                "absolute",
            ),
            ("url = \"https://gate\"", 1, "key"),
            ("url = \"https://gate\"\nkey = \"ed25519:AA\"\nkeys = 1", 4, "keys"),
            (
                "url = \"https://gate\"\nkey = \"ed25519:AA\"\napproval_url = \"gate\"",
                4,
                "approval_url",
            ),
            (
                "url = \"https://gate\"\nkey = \"ed25519:AA\"\napproval_url = \"http://a:hunter2@b\"",
                4,
                "no place",
            ),
        ] {
            let told = read(table).unwrap_err().to_string();
            assert!(told.contains(&format!("line {line}")) && told.contains(said), "{told}");
            assert!(!told.contains("hunter2"), "{told}");
        }
    }
}
