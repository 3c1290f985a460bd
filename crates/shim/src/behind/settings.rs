//! What git and ssh start because of their settings, wherever they stand: in `-c` and `-o`, in
//! `git config`, in variables, in an address that names a program.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use datafog_core::Surroundings;

use super::{Gathering, MOST, What, Word};
use crate::carriers::fits;
use crate::profile::{GIT_RUNNING, SSH_RUNNING};
use crate::read::Call;
use crate::text::Text;

/// An address that is a command (git-remote-ext(1)).
const EXT: &[u8] = b"ext::";

/// Variables that hold settings (git(1)): pairs that are counted, and what `-c` becomes for children.
const SETTING: [&str; 2] = ["GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS"];

impl Gathering<'_, '_> {
    /// What settings and addresses of a call of git start.
    pub(super) fn git(&mut self) {
        if self.call.profile.name != "git" {
            return;
        }
        self.configured();
        self.in_variables();
        self.addresses();
    }

    /// `name=value`, as `-c` of git takes it; `-o` of ssh also with a blank (ssh_config(5)).
    pub(super) fn setting(&mut self, text: &Text<'_>) {
        let known = text.place.is_some_and(|place| self.known(place.argument));
        let is_git = self.call.profile.name == "git";
        let ends = |byte: &u8| *byte == b'=' || (!is_git && byte.is_ascii_whitespace());
        let Some(at) = text.bytes.iter().position(ends) else { return };
        let (name, value) = text.bytes.split_at_checked(at).unwrap_or_default();
        let value = value.get(1..).unwrap_or_default();
        if is_git {
            return self.set(name, value, known);
        }
        let bare = |text: &[u8]| String::from_utf8_lossy(text).trim().trim_matches('"').to_owned();
        let name = bare(name).to_lowercase();
        let value = value.trim_ascii_start();
        let value = bare(value.strip_prefix(b"=").unwrap_or(value));
        if SSH_RUNNING.contains(&&*name) && !value.eq_ignore_ascii_case("none") {
            self.push(What::Line(Word { text: value.into(), known }, Vec::new()));
        }
    }

    /// One setting.
    fn set(&mut self, name: &[u8], value: &[u8], known: bool) {
        let name = String::from_utf8_lossy(name).to_lowercase();
        let line = match value.strip_prefix(b"!") {
            Some(line) => line,
            None if GIT_RUNNING.iter().any(|pattern| fits(pattern, &name, false)) => value,
            None => return,
        };
        // What is switched on or off is no command.
        if !line.is_empty() && !matches!(line, b"true" | b"false") {
            let text = OsStr::from_bytes(line).to_owned();
            self.push(What::Line(Word { text, known }, Vec::new()));
        }
    }

    /// `git config name value`: a later call runs it.
    fn configured(&mut self) {
        let call = self.call;
        if call.subcommand.first().is_none_or(|first| first != "config") {
            return;
        }
        let [name, value, ..] = call.words.as_slice() else { return };
        let known = value.place.is_some_and(|place| self.known(place.argument));
        self.set(&name.bytes, &value.bytes, known);
    }

    /// `GIT_CONFIG_COUNT` and the pairs that it counts; what `-c` becomes for git's own children.
    fn in_variables(&mut self) {
        let surroundings = self.surroundings;
        let variable = |name: &str| surroundings.variable(name).map(OsStr::as_bytes);
        if let Some(count) = variable("GIT_CONFIG_COUNT") {
            let count = str::from_utf8(count).ok().and_then(|count| count.trim().parse().ok());
            for at in 0..count.unwrap_or(MOST).min(MOST) {
                let name = variable(&format!("GIT_CONFIG_KEY_{at}"));
                let value = variable(&format!("GIT_CONFIG_VALUE_{at}"));
                if let Some((name, value)) = name.zip(value) {
                    self.set(name, value, !value.starts_with(b"$("));
                }
            }
        }
        if let Some(all) = variable("GIT_CONFIG_PARAMETERS") {
            for (name, value) in pairs(&String::from_utf8_lossy(all)) {
                self.set(name.as_bytes(), value.as_bytes(), true);
            }
        }
    }

    /// `ext::command words`, in which `% ` is a blank within a word.
    fn addresses(&mut self) {
        let call = self.call;
        let values = call.given.iter().filter_map(|given| given.value.as_ref());
        for text in call.words.iter().chain(values) {
            let Some(command) = text.bytes.strip_prefix(EXT) else { continue };
            let words = ext_words(&String::from_utf8_lossy(command));
            if !words.is_empty() {
                self.push(What::Command(words.into_iter().map(Word::of).collect()));
            }
        }
    }
}

/// Whether a call of git may start something that stands in no option or operand made for it: in a
/// setting that it writes or that variables hold, or in an address.
pub(crate) fn git_may_start(call: &Call<'_>, surroundings: &dyn Surroundings) -> bool {
    let values = call.given.iter().filter_map(|given| given.value.as_ref());
    call.subcommand.first().is_some_and(|first| first == "config")
        || call.words.iter().chain(values).any(|text| text.bytes.starts_with(EXT))
        || SETTING.iter().any(|name| surroundings.variable(name).is_some())
}

/// The words of an address that is a command.
fn ext_words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut letters) = (Vec::new(), String::new(), text.chars());
    while let Some(letter) = letters.next() {
        match letter {
            ' ' => words.push(core::mem::take(&mut word)),
            '%' => match letters.next() {
                Some(other @ (' ' | '%')) => word.push(other),
                // The name of the service, and the like.
                Some(_) => word.push_str("git-upload-pack"),
                None => {}
            },
            other => word.push(other),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

/// `'name'='value' 'name=value' …`.
fn pairs(text: &str) -> Vec<(String, String)> {
    let (mut all, mut quoted, mut word) = (Vec::new(), false, String::new());
    for letter in text.chars().chain([' ']) {
        match letter {
            '\'' => quoted = !quoted,
            ' ' if !quoted => {
                let pair = word.split_once('=').map(|(name, value)| (name.into(), value.into()));
                all.extend(pair);
                word.clear();
            }
            other => word.push(other),
        }
    }
    all.truncate(MOST);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_parameters_are_taken_apart() {
        assert_eq!(ext_words("sh -c a% b"), ["sh", "-c", "a b"]);
        assert_eq!(ext_words("ssh host %S x%%"), ["ssh", "host", "git-upload-pack", "x%"]);
        assert_eq!(
            pairs("'a.b'='c d' 'e=f'"),
            [("a.b", "c d"), ("e", "f")].map(|(a, b)| (a.into(), b.into()))
        );
        assert!(pairs("").is_empty() && pairs("'").is_empty() && ext_words("%").is_empty());
    }
}
