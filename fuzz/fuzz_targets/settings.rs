//! Settings files.
//!
//! Asserts: nothing panics; a refusal names a line of the file; what is read and written reads back;
//! an edit keeps the file readable and changes nothing but what it names.

#![no_main]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use datafog_config::{Error, Hook, Settings, SettingsFile};
use datafog_core::Mode;
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = str::from_utf8(data) else { return };
    match Settings::parse(text, Path::new("config.toml")) {
        Err(Error::Settings { line, message, .. }) => {
            assert!((1..=text.split('\n').count()).contains(&line), "line {line}");
            assert!(!message.is_empty());
        }
        Err(other) => panic!("not a refusal of the text: {other}"),
        Ok(settings) => {
            let again = Settings::parse(&settings.to_toml(), Path::new("config.toml"));
            assert_eq!(again.expect("our own text"), settings);
            assert_edits(text, &settings);
        }
    }
});

fn assert_edits(text: &str, before: &Settings) {
    fs::write(path(), text).expect("a file can be written");
    let mut file = SettingsFile::read(path()).expect("it was read as settings");
    let mut expected = before.clone();
    file.set_mode(Mode::Observe);
    expected.mode = Mode::Observe;
    let hook = Hook { target: Some("/usr/bin/git".into()), mode: Some(Mode::Enforced) };
    file.set_hook("git", &hook).expect("a path in ASCII");
    expected.hooks.insert("git".to_owned(), hook);
    assert_eq!(file.settings().expect("still readable"), expected);
    file.remove_hook("git");
    expected.hooks.remove("git");
    assert_eq!(file.settings().expect("still readable"), expected);
    let _change = file.change().expect("the file is there");
}

fn path() -> &'static Path {
    static PLACE: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let make = || {
        let dir = tempfile::tempdir().expect("a folder can be made");
        let path = dir.path().join("config.toml");
        (dir, path)
    };
    &PLACE.get_or_init(make).1
}
