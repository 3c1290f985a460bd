//! An allowed command cannot be told from one without a shim: same output, same status, same
//! signals, descriptors, terminal and environment, in both modes.
//!
//! A *session* is a few lines for bash in a fresh folder. It runs three times in the very same
//! place: with nothing of ours on PATH, gated by an enforcing installation, and by an observing one.

mod commands;
mod environment;
mod http;
mod process;
mod programs;
mod raw;
mod terminal;
mod vcs;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::support::{Install, SYSTEM_PATH};

/// Commands of everyday work; `commands` tries all that have a profile.
const WRAPPED: &[&str] = &[
    "aws", "cargo", "cat", "cp", "curl", "docker", "env", "git", "head", "kubectl", "mv", "npm",
    "pip", "psql", "rm", "rsync", "scp", "ssh", "wget",
];

/// A fresh place for sessions, with two installations that differ in their mode only.
struct Stage {
    enforced: Install,
    observing: Install,
}

/// What a session left behind: what it wrote, how it ended, and its files with their permissions.
#[derive(Debug, PartialEq, Eq)]
struct Trace {
    output: Output,
    files: BTreeMap<PathBuf, (u32, Vec<u8>)>,
}

impl Stage {
    fn new() -> Self {
        let stage = Self::of(WRAPPED);
        let text = "#!/bin/sh\nfor word; do printf '<%s>' \"$word\"; done; echo\n\
                    echo 'to a person' >&2; cat; exit 3\n";
        for name in ["aws", "cargo", "docker", "kubectl", "npm", "pip", "psql", "scp", "wget"] {
            stage.enforced.program(&format!("fakes/{name}"), text);
        }
        // Runs the remote command here, as a server for one would.
        let ssh = "#!/bin/sh\nwhile test \"$1\" != host.example; do shift; done\nshift\n\
                   exec /bin/sh -c \"$*\"\n";
        stage.enforced.program("fakes/ssh", ssh);
        stage.enforced.program("fakes/rsync", text);
        stage
    }

    /// A place with these commands wrapped and no stand-ins.
    fn of(commands: &[&str]) -> Self {
        Self { enforced: Install::new(commands), observing: Install::observing(commands) }
    }

    /// The folder that sessions run in; made anew for each.
    fn folder(&self) -> PathBuf {
        self.enforced.work().join("session")
    }

    /// PATH behind the shims.
    fn path(&self) -> String {
        format!("{}:{SYSTEM_PATH}", self.enforced.work().join("fakes").display())
    }

    fn run(&self, script: &str, shims: Option<&Path>) -> Trace {
        let folder = self.folder();
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        fs::create_dir(&folder).unwrap();
        let mut path = shims.map_or_else(OsString::new, |shims| {
            let mut path = shims.as_os_str().to_owned();
            path.push(":");
            path
        });
        path.push(self.path());
        let mut start = self.enforced.bash(script).env("PATH", path);
        for (name, value) in [
            ("GIT_AUTHOR_NAME", "Ann"),
            ("GIT_AUTHOR_EMAIL", "ann@example.com"),
            ("GIT_AUTHOR_DATE", "2001-02-03T04:05:06Z"),
            ("GIT_COMMITTER_NAME", "Ann"),
            ("GIT_COMMITTER_EMAIL", "ann@example.com"),
            ("GIT_COMMITTER_DATE", "2001-02-03T04:05:06Z"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
        ] {
            start = start.env(name, value);
        }
        start.0.current_dir(&folder);
        Trace { output: start.run().0, files: files_below(&folder) }
    }

    /// How the session differs with and without a shim, and whether `count` at least of its
    /// commands went through the gate; empty when all is as it should be.
    fn differences(&self, script: &str, count: usize) -> Vec<String> {
        let plain = self.run(script, None);
        let mut told = Vec::new();
        for install in [&self.enforced, &self.observing] {
            let before = install.receipts().len();
            let gated = self.run(script, Some(&install.root().join("shims")));
            if gated != plain {
                told.push(format!("{script}\n--- without\n{plain}\n--- with\n{gated}"));
            }
            let judged = install.receipts().len().checked_sub(before).unwrap();
            if judged < count {
                told.push(format!("{script}: {judged} of {count} commands were judged"));
            }
        }
        told
    }

    /// Asserts that every session is the same with and without a shim.
    #[track_caller]
    fn assert_same<'s>(&self, sessions: impl IntoIterator<Item = (&'s str, usize)>) {
        let sessions = sessions.into_iter();
        let told: Vec<String> =
            sessions.flat_map(|(script, count)| self.differences(script, count)).collect();
        assert!(told.is_empty(), "{}", told.join("\n\n"));
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text =
            |bytes: &[u8]| String::from_utf8_lossy(bytes).chars().take(500).collect::<String>();
        let Output { status, stdout, stderr } = &self.output;
        write!(f, "{status}\n{}{}", text(stdout), text(stderr))?;
        for (path, (mode, bytes)) in &self.files {
            write!(f, "\n{mode:o} {}: {:?}", path.display(), text(bytes))?;
        }
        Ok(())
    }
}

/// Every file below `folder` but what git keeps for itself, which holds times and inode numbers.
fn files_below(folder: &Path) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
    let (mut files, mut waiting) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(path) = waiting.pop() {
        let metadata = path.symlink_metadata().unwrap();
        if path.file_name().is_some_and(|name| name == ".git") || path.join("objects").exists() {
            continue;
        }
        if metadata.is_dir() {
            waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if metadata.is_file() {
            let text = fs::read(&path).unwrap();
            files.insert(path, (metadata.permissions().mode(), text));
        }
    }
    files
}
