//! Folders of receipts made of arbitrary files.

use std::fs;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;

use datafog_core::{Event, Id, Key, Verdict};

/// Makes the folder `dir` anew with these files, safe to use by their modes.
pub fn fill<'a>(dir: &Path, files: impl IntoIterator<Item = (&'a str, &'a [u8])>) {
    let _missing = fs::remove_dir_all(dir);
    fs::DirBuilder::new().mode(0o700).create(dir).expect("a folder can be made");
    for (name, bytes) in files {
        let path = dir.join(name);
        fs::write(&path, bytes).expect("a file can be written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("it is ours");
    }
}

/// An event like those of the gate; equal numbers give equal events.
#[must_use]
pub fn event(number: u8) -> Event {
    let key = Key::from_bytes(&[7; 32]).expect("32 bytes are a key");
    let id = Id::new(1_790_000_000_000 + u64::from(number), [number; 10]);
    let time = format!("2026-09-21T14:13:{:02}.000001Z", number % 60);
    let digest = key.digest("action", [b"x".as_slice()]);
    Event {
        tool: "vcs".to_owned(),
        command: "git status".to_owned(),
        cwd: "/home/u".to_owned(),
        reason: "no rule matched".to_owned(),
        enforcement: "exec".to_owned(),
        policy_id: "starter".to_owned(),
        policy_version: "1".to_owned(),
        duration_us: 1,
        ..Event::bare(id, time, digest, Verdict::Allow)
    }
}
